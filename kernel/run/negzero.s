// Functions without a body, see negzero.go, want this file.
