// Package programs holds whole Go programs as text, each with what `go run` makes it print. They are run as cells by the
// tests of package session.
package programs
