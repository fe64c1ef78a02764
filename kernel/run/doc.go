// Package run evaluates lowered code with the interpreter, an unpatched yaegi, and keeps the session alive whatever the
// code does: panics on any goroutine, os.Exit, runaway recursion and allocation, endless loops.
//
//	m, err := run.New(run.Options{Symbols: symbols, Output: func(stream, text string) { fmt.Print(text) }})
//	err = m.Eval("func f() int { return 42 }") // declarations
//	out := m.Run(ctx, "kernǃ.Exec(body)", nil) // statements; out.Values, out.Panic, out.Cause
//	m.Close()
//
// It provides the functions that lowered code calls (kern.go), among them the stack of deferred calls (defers.go), go
// statements (goroutine.go), channel operations and selections (wait.go), and boxes: session values in empty interfaces, which print with the type and field names of
// the cell (box.go, print.go).
//
// It knows neither cells nor how code was lowered, and no front end: positions are numbers that it hands back.
package run
