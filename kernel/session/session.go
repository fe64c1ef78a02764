package session

import (
	"context"
	"errors"
	"fmt"
	"go/types"
	"math"
	"slices"
	"sync"

	"gonverge/kernel/cell"
	"gonverge/kernel/check"
	"gonverge/kernel/display"
	"gonverge/kernel/lower"
	"gonverge/kernel/run"
)

// contextName is the lowered name of the predeclared ctx.
const contextName = "ctx" + check.Mark

// Session keeps the state of one notebook.
type Session struct {
	o       Options
	running sync.Mutex // one cell at a time

	mu      sync.Mutex // guards what follows: completion looks at it while a cell runs
	files   *cell.Files
	program *check.Program
	state   *lower.State
	parsed  int // cells parsed: names their files
	count   int // cells counted
	closed  bool
	sources []source // of cells that ran well, for %save
	widgets widgets
	woken   bool   // cells have named compiled code that may wake what waits
	before  string // the working directory before the last %cd; used by the running cell only

	machine *run.Machine

	sinkMu sync.Mutex // one call of the sink at a time
	sink   Sink
	bars   map[place]bool  // what the sinks of this cell and earlier ones have
	named  map[string]bool // those that cells gave by DisplayID, of all cells
	full   []fullBar       // bars whose work is done
	shown  map[place]bool  // bars that the sink of this cell shows
	mixed  bool            // the sink of this cell has had anything else
	label  string
}

// New starts a session.
func New(o Options) (*Session, error) {
	s := &Session{o: o, bars: map[place]bool{}, named: map[string]bool{}, shown: map[place]bool{}}
	if err := s.start(); err != nil {
		return nil, err
	}
	return s, nil
}

// start makes the parts of an empty session.
func (s *Session) start() error {
	files := cell.NewFiles()
	program, err := check.New(files, s.o.Tables.ExportData, s.o.Tables.Preload)
	if err != nil {
		return fmt.Errorf("session: %w", err)
	}
	if program.Importer.Has("context") {
		if err := program.Predeclare("ctx", "context", "Context", contextName); err != nil {
			return fmt.Errorf("session: %w", err)
		}
	}
	if program.Importer.Has(displayPath) {
		if err := program.PredeclareFunc(displayPath, "Display"); err != nil {
			return fmt.Errorf("session: %w", err)
		}
	}
	machine, err := run.New(run.Options{Symbols: s.bind(s.o.Tables.Symbols), Compiled: lower.CompiledInstances(), Hidden: lower.Hidden, RuntimeName: lower.Runtime, CompiledName: lower.Compiled,
		ContextName: contextName, Tagged: s.written, Input: s.input, GoroutinePanic: s.goroutinePanic, Process: s.o.Process, Asleep: s.asleep, StackLimit: s.o.StackLimit, MemoryLimit: s.o.MemoryLimit})
	if err != nil {
		return fmt.Errorf("session: %w", err)
	}
	program.Memory = int64(min(machine.MemoryLimit(), math.MaxInt64))
	s.mu.Lock()
	s.files, s.program, s.machine = files, program, machine
	s.state = lower.NewState(program, machine.Symbols())
	s.parsed = 0
	s.mu.Unlock()
	return nil
}

// Run compiles and runs one cell. It waits for a cell that is still running. ctx cancels the cell: interpreted code stops
// within 50 ms; a call that got the cell's ctx may first return what it has, which is assigned. A panic of the kernel's own
// code becomes an error of the cell.
func (s *Session) Run(ctx context.Context, source string, o RunOptions, sink Sink) (reply Reply) {
	s.running.Lock()
	defer s.running.Unlock()
	s.mu.Lock()
	if o.StoreHistory && !o.Silent {
		s.count++
	}
	reply.Count = s.count
	if o.Label == "" {
		o.Label = fmt.Sprintf("In[%d]", max(1, s.count))
	}
	closed := s.closed
	s.mu.Unlock()
	if closed {
		reply.Err = &Error{Name: "error", Message: "the session is closed"}
		return reply
	}
	s.sinkMu.Lock()
	s.sink, s.label = sink, o.Label
	s.machine.SetTag(sink)
	s.forgetShown()
	s.full, s.mixed = nil, false
	clear(s.shown)
	s.sinkMu.Unlock()
	defer func() {
		s.machine.Flush()
		s.hideBars()
		if r := recover(); r != nil {
			reply.Err = &Error{Name: "internal error", Message: fmt.Sprint(r)}
		}
		if reply.Err != nil && len(reply.Err.Traceback) == 0 {
			reply.Err.Traceback = []string{reply.Err.Error()}
		}
	}()
	if name, rest, ok := cell.Command(source); ok {
		s.command(&invocation{ctx: ctx, name: name, cell: source, source: source, rest: rest, o: o, reply: &reply})
	} else {
		reply.Values, reply.Err = s.run(ctx, source, o)
	}
	if reply.Err == nil && o.StoreHistory {
		s.remember(reply.Count, source)
	}
	for _, v := range reply.Values {
		if v.ID != "" { // a later cell may update the result
			s.sinkMu.Lock()
			s.named[v.ID] = true
			s.sinkMu.Unlock()
		}
	}
	return reply
}

// run takes a cell all its way.
func (s *Session) run(ctx context.Context, source string, o RunOptions) ([]display.Bundle, *Error) {
	if err := ctx.Err(); err != nil {
		return nil, s.stopped(run.Outcome{Cause: context.Cause(ctx)})
	}
	code, fail := s.compile(source, o.Label)
	if fail != nil {
		return nil, fail
	}
	if code.Body == "" {
		return nil, nil
	}
	out := s.machine.Run(ctx, code.Body, s.derive)
	switch {
	case out.Internal != nil:
		return nil, internal(out.Internal, code)
	case out.Cause != nil:
		return nil, s.stopped(out)
	case out.Panic != nil:
		return nil, s.panicked(out.Panic)
	}
	return s.results(ctx, out.Values, code.Results)
}

// results turns the values of a last expression into what is shown of them. The methods by which they show themselves are
// code like that of cells, so they run as it does and can be interrupted.
func (s *Session) results(ctx context.Context, values []any, static []types.Type) ([]display.Bundle, *Error) {
	if !slices.ContainsFunc(values, hasMethods) {
		return s.bundles(values, static), nil
	}
	shown := make(chan []display.Bundle, 1)
	out := s.machine.Call(ctx, func() { shown <- s.bundles(values, static) }, s.derive)
	switch {
	case out.Cause != nil:
		return nil, s.stopped(out)
	case out.Panic != nil:
		return nil, s.panicked(out.Panic)
	case out.Internal != nil:
		return nil, &Error{Name: "internal error", Message: out.Internal.Error()}
	}
	return <-shown, nil
}

// hasMethods tells whether a value, or one inside it, might show itself by a method.
func hasMethods(v any) bool {
	switch v.(type) {
	case nil, bool, string, int, float64, []int, []float64, []string:
		return false
	}
	return true
}

// compile parses, checks and lowers a cell, and evaluates its declarations. When it fails, the session is as before.
func (s *Session) compile(source, label string) (*lower.Code, *Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.parsed++
	c, err := s.files.Parse(s.parsed, label, source)
	if err != nil {
		return nil, s.rejected(err)
	}
	unit, err := s.program.Check(c)
	if err != nil {
		return nil, s.rejected(err)
	}
	s.woken = s.woken || mayWake(unit.Info)
	code, err := s.state.Lower(unit)
	if err != nil {
		unit.Rollback()
		return nil, s.rejected(err)
	}
	if err := s.load(code); err != nil {
		s.state.Rollback()
		unit.Rollback()
		return nil, internal(err, code)
	}
	s.state.Commit()
	unit.Commit()
	s.machine.Forget(code.Spent)
	return code, nil
}

// load evaluates all of the code but its body.
func (s *Session) load(code *lower.Code) error {
	if len(code.Exports) > 0 {
		if err := s.machine.Use(code.Exports); err != nil {
			return err
		}
	}
	var ts []types.Type
	for id := code.FirstType; id < s.state.Types(); id++ {
		ts = append(ts, s.state.Type(id))
	}
	s.machine.Describe(code.FirstType, ts)
	if err := s.machine.Eval(code.Imports); err != nil {
		return err
	}
	if err := s.machine.Eval(code.Types); err != nil {
		return err
	}
	var cycles []run.Cycle
	for _, c := range code.Cycles {
		cycles = append(cycles, run.Cycle(c))
	}
	if err := s.machine.Tie(cycles, code.Named); err != nil {
		return err
	}
	// What is declared together is kept together: apart, the cell's function can be let go while its variables live.
	if err := s.machine.Eval(code.Decls); err != nil {
		return err
	}
	return s.machine.Eval(code.Main)
}

// derive makes the context that a cell sees. Its bars are the cell's, also after it has ended.
func (s *Session) derive(ctx context.Context) context.Context {
	if s.o.Context == nil {
		return ctx
	}
	s.sinkMu.Lock()
	sink := s.sink
	s.sinkMu.Unlock()
	return s.o.Context(ctx, func(b display.Bar) { s.bar(sink, b) })
}

// Close ends the session. It does not wait for a cell that is running.
func (s *Session) Close() {
	s.widgets.forget()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.closed = true
		s.machine.Close()
	}
}

// errNoInput is what a reader of input gets where nobody can be asked.
var errNoInput = errors.New("session: nobody can be asked for input")

// written hands text to the sink of the cell that wrote it.
func (s *Session) written(tag any, name, text string) {
	s.sinkMu.Lock()
	defer s.sinkMu.Unlock()
	if sink := s.sinkOf(tag); sink != nil {
		s.mixed = s.mixed || sink == s.sink
		sink.Stream(name, text)
	}
}

// sinkOf is the sink that a tag of the machine is, or that of the running cell, or of the last one. s.sinkMu is held.
func (s *Session) sinkOf(tag any) Sink {
	if sink, ok := tag.(Sink); ok {
		return sink
	}
	return s.sink
}

// stream hands text to the sink of the running cell, or of the last one.
func (s *Session) stream(name, text string) {
	s.sinkMu.Lock()
	defer s.sinkMu.Unlock()
	if s.sink != nil {
		s.mixed = true
		s.sink.Stream(name, text)
	}
}

// input asks the front end for a line.
func (s *Session) input() (string, error) {
	s.machine.Flush()
	s.sinkMu.Lock()
	sink := s.sink
	s.sinkMu.Unlock()
	if sink == nil {
		return "", errNoInput
	}
	return sink.Input("", false)
}

// bar shows a progress bar, or the next state of one.
func (s *Session) bar(sink Sink, b display.Bar) {
	s.machine.Flush()
	s.sinkMu.Lock()
	defer s.sinkMu.Unlock()
	if sink == nil {
		return
	}
	at := place{sink, b.DisplayID()}
	sink.Display(b.Bundle(), at.id, s.bars[at])
	s.bars[at] = true
	if sink == s.sink {
		s.shown[at] = true
	}
	if b.Done >= b.Total && (b.Finished || b.Total > 0) {
		if i := slices.IndexFunc(s.full, func(f fullBar) bool { return f.at == at }); i >= 0 {
			s.full = slices.Delete(s.full, i, i+1) // it was full before it was finished
		}
		s.full = append(s.full, fullBar{at, b})
	}
}

// hideBars sees to the bars of work that was done, at the end of the cell: they say nothing any more. Where they are all
// that the cell has shown they go; an output among others cannot, so there a line says what was done. A bar that was cut
// short stays and shows where.
func (s *Session) hideBars() {
	s.sinkMu.Lock()
	defer s.sinkMu.Unlock()
	gone := !s.mixed && len(s.shown) > 0
	for _, f := range s.full {
		if f.at.sink == s.sink {
			delete(s.shown, f.at)
		}
	}
	if gone = gone && len(s.shown) == 0; gone {
		s.sink.Clear(false)
	}
	for _, f := range s.full {
		switch {
		case gone && f.at.sink == s.sink:
			delete(s.bars, f.at)
		case s.bars[f.at]: // not cleared since
			f.at.sink.Display(f.bar.Summary(), f.at.id, true)
		}
	}
	s.full = nil
}

// fullBar is a bar whose work is done, and where it stands.
type fullBar struct {
	at  place
	bar display.Bar
}

// place is where something is shown under an id.
type place struct {
	sink Sink
	id   string
}

// mostShown is how many of them are remembered from one cell to the next.
const mostShown = 1000

// forgetShown forgets what earlier cells have shown, but for what their goroutines may still update. s.sinkMu is held.
func (s *Session) forgetShown() {
	if len(s.bars) > mostShown {
		clear(s.bars)
	}
}
