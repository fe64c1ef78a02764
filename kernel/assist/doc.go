// Package assist answers a front end while a cell is being typed: what can stand at the cursor, and what the thing at the
// cursor is. It asks package check, so it knows the variables of the session, the packages and the types of expressions.
//
//	list := assist.Complete(program, "math.Sq", 7)
//	list.Items // Sqrt, func(x float64) float64; Sqrt2, ...
//	text, ok := assist.Inspect(program, "math.Sqrt(2)", 6, docs)
//
// Offsets are in bytes. It changes nothing and runs nothing.
package assist
