// Package lower writes a checked cell as the part of Go that the interpreter runs correctly.
//
//	state := lower.NewState(program, symbols)
//	code, err := state.Lower(unit) // err is a cell.Diagnostics: what cannot be had is refused, never run wrongly
//	code.Imports, code.Decls, code.Main, code.Body // evaluated in this order
//	state.Commit()                 // or Rollback, when the evaluation of Decls failed
//
// What the lowered code looks like:
//
//   - Every global has a lowered name of its own (check.Program.Slots) and every local a fresh one, so that scoping faults
//     of the interpreter cannot bite. All lowered names carry the letter check.Mark.
//   - Functions are declared, in versions: an old version hands over to the newest one through the two variables of its
//     slot. Calls stay direct. Methods are such functions too.
//   - The interpreter sees no type parameter: each instance is the cloned declaration, checked again with its arguments.
//   - Constants are written from their values. No constant arithmetic reaches the interpreter.
//   - Interfaces that cells declare are interface{}, and a session value in one is a box with the number of its type, which
//     the interpreter would forget; method calls pick by that number, and compiled interfaces get a wrapper (interface.go).
//   - A type that refers to itself and is no struct is a struct of one field; values are folded into it and unfolded where
//     they are used as what they are (recursive.go).
//   - A function literal is made inside a frame of its own (see literal.go), and `go` and `defer` get their callee and
//     arguments by value (go.go, defer.go): the interpreter's frames would share them.
//   - Statements that can panic set the position mark of their function (mark.go).
//   - Values lie in memory as those of compiled Go do, so conversions of package unsafe copy a word (unsafe.go). What package
//     json would see wrongly goes to package run with its true type (encode.go).
//
// There is a file for each construct. Package run provides what lowered code calls at run time, under the name Runtime.
package lower
