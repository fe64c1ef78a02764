package session

import (
	"context"
	"reflect"

	"gonverge/kernel/display"
)

// Options says what a session is made of. The zero value gives a session with the standard library only.
type Options struct {
	// Tables are the compiled packages that cells can use beside yaegi's own tables of the standard library.
	Tables Tables
	// Context derives the predeclared ctx of a cell: it may add a progress reporter that calls show for every event.
	// nil leaves the context as it is.
	Context func(ctx context.Context, show func(display.Bar)) context.Context
	// Bar is shown the bars that cells start, beside the outputs of their cell: a terminal draws them. It may be nil.
	Bar func(display.Bar)
	// Process makes what compiled code writes to os.Stdout and os.Stderr output of the cells, until Close; at most one
	// session of a process at a time should have it.
	Process bool
	// Dir is the working directory that messages name; "" is that of the process.
	Dir string
	// MemoryLimit stops a cell when the heap grows above it, in bytes; 0 is three quarters of the machine's memory.
	MemoryLimit uint64
	// StackLimit stops a cell when stacks grow by more, in bytes; 0 is 256 MiB.
	StackLimit uint64
}

// Tables hold the compiled packages of a session: reflection for running, export data for checking.
type Tables struct {
	// Symbols maps "import/path/name" to the symbols of a package, as `yaegi extract` writes them.
	Symbols map[string]map[string]reflect.Value
	// ExportData is the blob of export data: see package check for its format.
	ExportData []byte
	// Preload lists the import paths that every cell can use by name without an import.
	Preload []string
	// Docs maps "import/path.Name" and "import/path.Type.Method" to documentation; it may be nil.
	Docs map[string]string
}

// Sink is where the outputs of a cell go: while it runs, and after it has ended those of the goroutines that it started.
// Its methods are called from several goroutines, one at a time and in order. It is comparable, such as a pointer.
type Sink interface {
	// Stream carries text written to "stdout" or "stderr", in batches of about 50 ms.
	Stream(name, text string)
	// Display shows a bundle; id names it when it can be updated, and update replaces the one of that id.
	Display(b display.Bundle, id string, update bool)
	// Clear removes the outputs of the cell; wait keeps them until the next one comes.
	Clear(wait bool)
	// Input asks the user for a line.
	Input(prompt string, password bool) (string, error)
}

// RunOptions are the circumstances of one cell.
type RunOptions struct {
	Silent       bool   // do not count the cell and show no values
	StoreHistory bool   // count the cell
	Label        string // what errors call the cell; "" is In[n]
}

// Reply is the outcome of one cell.
type Reply struct {
	Count  int              // the number of the cell
	Values []display.Bundle // the values of its last expression, in order; empty when there is none
	Err    *Error           // why it stopped, or nil
	Page   *display.Bundle  // documentation to show beside the notebook, or nil
	Next   string           // what is to stand in the place of the cell, "" where nothing is
}

// Error is why a cell was rejected or stopped.
type Error struct {
	Name      string   // "compile error", "panic", "error", "interrupted", "exit"
	Message   string   // one line or more, without position
	Traceback []string // lines ready to print: position, source line with caret, hint, interpreted frames
	Cell      int      // where: number of the cell, line and column from 1; 0 where unknown
	Line      int
	Column    int
}

// Error gives name and message.
func (e *Error) Error() string { return e.Name + ": " + e.Message }

// Completion is a list of completions and the part of the source that they replace.
type Completion struct {
	Start, End int // byte offsets in the source
	Items      []CompletionItem
}

// CompletionItem is one completion.
type CompletionItem struct {
	Text string // what replaces the source from Start to End
	Kind string // "var", "func", "type", "const", "package", "field", "method", "keyword"
	Type string // its type or signature, "" where there is none
}
