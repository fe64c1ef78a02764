package run

import (
	"context"
	"encoding"
	"errors"
	"flag"
	"fmt"
	"go/types"
	"io"
	"log"
	"maps"
	"math"
	"os"
	"reflect"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/traefik/yaegi/interp"
	"github.com/traefik/yaegi/stdlib"
)

// Options say what a machine is made of.
type Options struct {
	// Symbols maps "import/path/name" to the symbols of compiled packages; what yaegi has of the standard library is
	// added where they lack it.
	Symbols map[string]map[string]reflect.Value
	// Compiled are functions that lowered code reaches under the package name CompiledName.
	Compiled map[string]reflect.Value
	// RuntimeName and CompiledName are the names of the two packages in lowered code; ContextName that of the variable
	// that holds the context of the running cell.
	RuntimeName, CompiledName, ContextName string
	// Hidden says what of a type of cells an encoder, given by its import path, would see wrongly, or "".
	Hidden func(t types.Type, encoder string) string
	// Output takes what cells write to "stdout" and "stderr", batched and in order.
	Output func(stream, text string)
	// Tagged is called in place of Output where it is not nil: with the tag (see SetTag) of the run whose goroutine wrote
	// the text, or nil where nobody knows whose it is.
	Tagged func(tag any, stream, text string)
	// Input reads a line for code that reads os.Stdin; nil is the end of the file at once.
	Input func() (string, error)
	// Process makes os.Stdout and os.Stderr of the process those of the cells, for compiled code that writes to them, until
	// Close. At most one machine at a time should have it.
	Process bool
	// GoroutinePanic is told of panics on goroutines that cells started.
	GoroutinePanic func(startedAt int, p *Panic)
	// Asleep is told once in a Run when its body and all goroutines of cells have waited a while for each other: where the
	// body waits, and for what ("to send to a channel"). Compiled code might still wake one.
	Asleep func(pos int, what string)
	// StackLimit and MemoryLimit, in bytes, stop a cell; 0 means 256 MiB and three quarters of the machine's memory.
	StackLimit, MemoryLimit uint64
}

// Machine is an interpreter with its surroundings. It runs one piece of code at a time.
type Machine struct {
	o       Options
	in      *interp.Interpreter
	symbols map[string]map[string]reflect.Value
	out     *output
	stdin   io.Reader
	logger  *log.Logger // of package log in cells
	types   atomic.Pointer[[]types.Type]
	epoch   *uint64      // the interpreter's run number: see stop.go
	live    atomic.Int64 // goroutines that cells started
	cur     atomic.Pointer[activity]
	owners  sync.Map // address of a label -> *activity: see owner.go
	waits   waits
	window  atomic.Pointer[window]
	left    *activity        // a stopped Run whose compiled calls had not returned
	context *context.Context // the variable of lowered code
	call    func()           // what Call runs
	tag     any              // of the next Run

	mu      sync.Mutex
	marks   map[int]*int
	methods map[methodKey]func(x, a any) any
	formats map[int]func(x any, f fmt.State, verb rune)
	traces  map[uint64][]int // goroutine -> numbers of the functions that a panic has left, innermost first
	panics  map[uint64]*panicking

	variables   int                       // global ones of lowered code: see prepare.go
	reflections map[string][]*sessionType // by name: see reflecttype.go
	unique      sync.Map                  // of package unique
}

type methodKey struct {
	id   int
	name string
}

// Panic is a panic that nothing recovered, or an error that stopped a checked call.
type Panic struct {
	Value  any
	Text   string // as Go prints it
	Pos    int    // where, as marked; 0 unknown
	Error  bool   // a checked call stopped the code; Value is its error
	Exit   bool   // os.Exit or log.Fatal
	Over   bool   // a limit: nothing recovers from it
	Frames []Frame
}

// Frame is an interpreted function that a panic left.
type Frame struct {
	Function int // number of its mark
	Pos      int // what the mark said
}

// Outcome is what Run gives.
type Outcome struct {
	Values   []any
	Panic    *Panic
	Cause    error // why the code was stopped, or nil
	Detached bool  // compiled code is still running
	Stopped  int64 // goroutines of cells that ended with the code
	Internal error // the interpreter rejected the code
}

// Errors that stop code.
var (
	ErrStack  = errors.New("the stack grew beyond its limit (endless recursion?)")
	ErrMemory = errors.New("the memory in use grew beyond its limit")
)

// prepare sets what the process has once: its logger (see logger.go), and that stacks may grow as far as the guard needs.
var prepare = sync.OnceFunc(func() {
	log.SetOutput(processLog{})
	if math.MaxInt > maxStack {
		debug.SetMaxStack(maxStack)
	}
})

// New starts a machine.
func New(o Options) (*Machine, error) {
	prepare()
	if o.StackLimit == 0 {
		o.StackLimit = 256 << 20
	}
	if o.MemoryLimit == 0 {
		o.MemoryLimit = machineMemory() / 4 * 3
	}
	if o.Output == nil {
		o.Output = func(string, string) {}
	}
	if o.Tagged == nil {
		o.Tagged = func(_ any, stream, text string) { o.Output(stream, text) }
	}
	m := &Machine{o: o, marks: map[int]*int{}, methods: map[methodKey]func(x, a any) any{}, formats: map[int]func(any, fmt.State, rune){}, traces: map[uint64][]int{}, panics: map[uint64]*panicking{}}
	m.types.Store(&[]types.Type{})
	var err error
	if m.out, err = newOutput(o.Tagged, m.Tag); err != nil {
		return nil, err
	}
	if o.Process {
		m.out.takeOver()
	}
	m.logger = log.New(m.out.writer("stderr"), "", log.LstdFlags)
	if o.Process {
		m.logger = log.Default()
	}
	m.stdin = &lineReader{read: o.Input}
	m.in = interp.New(interp.Options{Stdin: m.stdin, Stdout: m.out.writer("stdout"), Stderr: traceWriter{m}})
	m.watchMake()
	if m.epoch, err = epochOf(m.in); err != nil {
		return nil, err
	}
	m.symbols = m.tables()
	if err := m.in.Use(m.symbols); err != nil {
		return nil, err
	}
	// After the tables: the interpreter has replacements of its own for these.
	exits := interp.Exports{"os/os": {"Exit": reflect.ValueOf(func(code int) { m.end(fmt.Sprintf("os.Exit(%d)", code)) }),
		"FindProcess": reflect.ValueOf(os.FindProcess),
		// The environment of the process, which child processes get: the interpreter's own would be another one, and empty.
		"Getenv": reflect.ValueOf(os.Getenv), "Setenv": reflect.ValueOf(os.Setenv), "Unsetenv": reflect.ValueOf(os.Unsetenv), "LookupEnv": reflect.ValueOf(os.LookupEnv),
		"Environ": reflect.ValueOf(os.Environ), "Clearenv": reflect.ValueOf(os.Clearenv), "ExpandEnv": reflect.ValueOf(os.ExpandEnv)},
		"log/log": m.logging(m.logger)}
	if err := m.in.Use(exits); err != nil {
		return nil, err
	}
	kern, fast := "gonverge/kern", "gonverge/fast"
	err = m.in.Use(interp.Exports{kern + "/kern": m.runtime(), fast + "/fast": o.Compiled})
	if err != nil {
		return nil, err
	}
	err = m.Eval(fmt.Sprintf("import %s %q\nimport %s %q\nimport ctxpkg %q\nvar %s ctxpkg.Context", o.RuntimeName, kern, o.CompiledName, fast, "context", o.ContextName))
	if err == nil {
		err = m.evaluate(o.RuntimeName+".SetContext(&"+o.ContextName+")", true)
	}
	return m, err
}

// tables joins the symbols of the options with those of the standard library, some of them replaced.
func (m *Machine) tables() interp.Exports {
	tables := interp.Exports{}
	maps.Copy(tables, stdlib.Symbols)
	for k, v := range m.o.Symbols {
		if k != "." {
			tables[k] = v
		}
	}
	replace := func(path string, with map[string]reflect.Value) {
		table := maps.Clone(tables[path])
		maps.Copy(table, with)
		tables[path] = table
	}
	replace("os/os", map[string]reflect.Value{"Stdout": reflect.ValueOf(&m.out.stdout).Elem(), "Stderr": reflect.ValueOf(&m.out.stderr).Elem()})
	replace("log/log", m.logging(m.logger))
	replace("flag/flag", map[string]reflect.Value{"TextVar": reflect.ValueOf(func(p encoding.TextUnmarshaler, name string, value encoding.TextMarshaler, usage string) {
		m.textVar(flag.CommandLine, p, name, value, usage)
	})})
	replace("fmt/fmt", m.outOfBoxes())
	m.watchAllocators(replace)
	if tables["syscall/syscall"] != nil {
		replace("syscall/syscall", map[string]reflect.Value{"Exit": reflect.ValueOf(func(code int) { m.end(fmt.Sprintf("syscall.Exit(%d)", code)) })})
	}
	replace("reflect/reflect", m.reflection(tables["reflect/reflect"]))
	inTime, inContext := m.later()
	inTime["Sleep"] = reflect.ValueOf(m.sleep)
	replace("time/time", inTime)
	replace("context/context", inContext)
	return tables
}

// MemoryLimit is how many bytes the heap may have.
func (m *Machine) MemoryLimit() uint64 { return m.o.MemoryLimit }

// Symbols returns the symbols of all compiled packages. The map must not be changed.
func (m *Machine) Symbols() map[string]map[string]reflect.Value { return m.symbols }

// Describe gives boxes with numbers from first on their types.
func (m *Machine) Describe(first int, ts []types.Type) {
	old := *m.types.Load()
	all := append(old[:first:first], ts...)
	m.types.Store(&all)
}

// Use adds symbols.
func (m *Machine) Use(symbols map[string]map[string]reflect.Value) error { return m.in.Use(symbols) }

// Eval evaluates declarations.
func (m *Machine) Eval(src string) (err error) {
	if strings.TrimSpace(src) == "" {
		return nil
	}
	m.out.named(src, m.o.RuntimeName)
	base := m.in.FileSet().Base()
	err = m.evaluate(src, false)
	sparse(m.in.FileSet(), base, false)
	if p, ok := err.(interp.Panic); ok {
		err = fmt.Errorf("%v", p.Value)
	}
	return err
}

// activity is one Run, with the goroutines that it starts.
type activity struct {
	ctx                 context.Context
	cancel              context.CancelCauseFunc
	exited              atomic.Pointer[Panic] // os.Exit on a goroutine
	ending              atomic.Pointer[Panic] // os.Exit anywhere
	done                chan *Panic
	evaluated           chan struct{}                  // closed when the interpreter has returned; nil where it was not called
	stopped             chan struct{}                  // closed when the interpreter has stopped
	live                atomic.Int64                   // goroutines
	body                atomic.Pointer[unsafe.Pointer] // labels of its body and of the goroutines that it starts, nil when its Run is over
	started             atomic.Pointer[unsafe.Pointer]
	bodyKey, startedKey uintptr // their addresses
	waits               atomic.Pointer[waiting]
	tag                 any // what its output carries
	mu                  sync.Mutex
	values              []any
	late                bool          // runs deferred calls of a stopped one
	long                bool          // inside a statement that calls compiled code with the context
	left                chan struct{} // closed by Leave
}

// longGrace is how long compiled code with the context may take to return after a cancel.
const longGrace = 5 * time.Second

// stopGrace is how long interpreted code may take.
const stopGrace = 300 * time.Millisecond

// Run evaluates a call of Exec under a context. derive makes the context that cells see, and may be nil.
func (m *Machine) Run(ctx context.Context, body string, derive func(context.Context) context.Context) Outcome {
	cell, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	unhook := context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })
	defer unhook()
	seen := cell
	if derive != nil {
		seen = derive(cell)
	}
	a := &activity{ctx: cell, cancel: cancel, done: make(chan *Panic, 1), stopped: make(chan struct{}), tag: m.tag}
	m.markActivity(a)
	defer a.forgetLabels()
	m.awaitLeft(ctx)
	*m.context = seen
	m.cur.Store(a)
	defer m.cur.Store(nil)
	guard := m.guard(a, cancel)
	defer guard()

	halting, halt := context.WithCancel(context.Background())
	defer halt()
	unwatch := context.AfterFunc(cell, func() {
		a.mu.Lock()
		long, left := a.long, a.left
		a.mu.Unlock()
		if long {
			select {
			case <-left:
			case <-time.After(longGrace):
			}
		}
		halt()
	})
	defer unwatch()
	base := m.in.FileSet().Base()
	evaluated := make(chan error, 1)
	a.evaluated = make(chan struct{})
	go func() {
		err := m.evaluate(body, true)
		close(a.evaluated)
		evaluated <- err
	}()
	var err error
	select {
	case <-halting.Done():
		out := Outcome{Cause: context.Cause(cell)}
		out.Stopped, out.Detached = m.stop(a)
		m.out.flush()
		if out.Panic = a.exited.Load(); out.Panic != nil {
			out.Cause = nil
		}
		return out
	case err = <-evaluated:
	}
	m.out.flush()
	trim(m.in, body)
	sparse(m.in.FileSet(), base, true)
	out := Outcome{Values: a.values}
	select {
	case out.Panic = <-a.done:
	default:
		if p, ok := err.(interp.Panic); ok {
			out.Panic = m.panicOf(p.Value)
		} else if err != nil {
			out.Internal = err
		}
	}
	return out
}

// evaluate runs code; a panic in the interpreter itself comes back as an error.
func (m *Machine) evaluate(src string, body bool) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = interp.Panic{Value: r}
		}
	}()
	p, err := m.compile(src, body)
	if err != nil || p == nil {
		return err
	}
	m.prepare(p)
	_, err = m.in.Execute(p)
	return err
}

// Flush hands over what cells have written so far.
func (m *Machine) Flush() { m.out.flush() }

// Call runs compiled code that calls functions of cells, as Run runs a cell: it can be cancelled, and a panic is caught.
func (m *Machine) Call(ctx context.Context, f func(), derive func(context.Context) context.Context) Outcome {
	m.call = f
	// A declared function, not a literal: a literal would copy the frame of the global variables.
	name := m.o.RuntimeName + "call"
	if err := m.Eval("func " + name + "() { " + m.o.RuntimeName + ".Call() }"); err != nil {
		return Outcome{Internal: err}
	}
	return m.Run(ctx, m.o.RuntimeName+".Exec("+name+")", derive)
}

// Global returns a global variable of lowered code. It must not be called while code runs.
func (m *Machine) Global(name string) (reflect.Value, bool) {
	if m.live.Load() > 0 { // a goroutine may be writing it
		return reflect.Value{}, false
	}
	v, ok := m.in.Globals()[name]
	for ok && v.Kind() == reflect.Interface && !v.IsNil() {
		v = v.Elem()
	}
	return unfold(v), ok && v.IsValid()
}

// Write adds to what cells write to "stdout" or "stderr".
func (m *Machine) Write(stream string, p []byte) { m.out.add(nil, stream, p) }

// SetTag sets what the output of the next Run carries, also that of goroutines which outlive it. A tag is comparable.
func (m *Machine) SetTag(tag any) { m.tag = tag }

// Tag is that of the run to which the calling goroutine belongs; nil is the one that is running.
func (m *Machine) Tag() any {
	if a := m.owner(); a != nil && a != m.cur.Load() {
		return a.tag
	}
	return nil
}

// Close ends the machine.
func (m *Machine) Close() { m.out.close() }

// lineReader asks for a line when it is read.
type lineReader struct {
	read func() (string, error)
	rest []byte
}

func (l *lineReader) Read(p []byte) (int, error) {
	if len(l.rest) == 0 {
		if l.read == nil {
			return 0, io.EOF
		}
		line, err := l.read()
		if err != nil {
			return 0, err
		}
		l.rest = []byte(line + "\n")
	}
	n := copy(p, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}
