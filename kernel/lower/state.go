package lower

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"strconv"
	"strings"

	"gonverge/kernel/check"
)

// sep is the letter that marks lowered names.
const sep = check.Mark

// Names under which lowered code reaches package run and the compiled instances of generic functions.
const (
	Runtime  = "kern" + sep
	Compiled = "fast" + sep
)

// State is what lowering remembers from cell to cell. Changes are undone by Rollback until Commit.
type State struct {
	program  *check.Program
	symbols  map[string]map[string]reflect.Value
	types    []types.Type      // by the number that boxes carry
	typeIDs  map[string]int    // lowered type -> number
	named    map[string]string // lowered names of named types by key
	made     map[string]string // instances, wrappers and helpers by key
	alias    map[string]string // import path -> package name in lowered code
	packages int               // names that have been given
	versions map[string]int
	shims    map[string]map[string]types.Object
	open     []*openFunc
	generic  map[string]*check.Generic // the newest declaration of each generic function, by slot
	copies   map[any][]instance        // of generic functions, by slot, and of generic types, by object
	marks    []Function
	temps    int

	recursion bool // some cell has declared recursive types: see recursive.go

	undo []func()
}

// Function is a function of lowered code that leaves position marks.
type Function struct {
	Name string    // as a user reads it: "f", "T.Method", "func literal", "cell"
	Pos  token.Pos // of its declaration
}

// Code is one cell for the interpreter.
type Code struct {
	Imports, Decls, Main, Body string                                     // Main declares the function that Body calls
	Types                      string                                     // declarations before all others, where some refer to themselves
	Cycles                     []Cycle                                    // the types of Types
	Named                      func(*types.Named) (string, *types.Struct) // the name of a type in lowered code, or "", and the struct that it is there
	Results                    []types.Type                               // static types of the values that Body hands over, in order
	Exports                    map[string]map[string]reflect.Value
	FirstType                  int      // numbers of types from here on are new
	Spent                      []string // names that no code will use that is lowered after this one
}

// Cycle is a type declared beside structs that refer to themselves.
type Cycle struct {
	Name   string
	Struct *types.Struct // what it is in lowered code, nil where it is no struct
}

// String is the whole code.
func (c *Code) String() string { return c.Imports + c.Types + c.Decls + c.Main + c.Body }

// NewState returns the state of a new session. symbols are what the interpreter has.
func NewState(p *check.Program, symbols map[string]map[string]reflect.Value) *State {
	return &State{program: p, symbols: symbols, typeIDs: map[string]int{}, named: map[string]string{}, made: map[string]string{},
		alias: map[string]string{}, versions: map[string]int{}, shims: map[string]map[string]types.Object{},
		generic: map[string]*check.Generic{}, copies: map[any][]instance{}}
}

// Type returns the type that boxes call by number.
func (s *State) Type(id int) types.Type { return s.types[id] }

// Types counts the numbered types.
func (s *State) Types() int { return len(s.types) }

// Function describes the function that leaves marks under a number.
func (s *State) Function(id int) Function {
	if id < 0 || id >= len(s.marks) {
		return Function{}
	}
	return s.marks[id]
}

// Commit keeps the changes of the last Lower.
func (s *State) Commit() { s.undo = nil }

// Rollback undoes the changes of the last Lower.
func (s *State) Rollback() {
	for i := len(s.undo) - 1; i >= 0; i-- {
		s.undo[i]()
	}
	s.undo = nil
}

// set enters a key in one of the state's maps, to be undone by Rollback.
func (s *State) set(m map[string]string, key, value string) {
	old, had := m[key]
	m[key] = value
	s.undo = append(s.undo, func() {
		if had {
			m[key] = old
		} else {
			delete(m, key)
		}
	})
}

// newest is the name of the latest version of a late-bound function or method.
func (s *State) newest(slot string) string {
	return version(slot, s.versions[slot])
}

// version is the name of a version of a late-bound function; the first has that of its slot.
func version(slot string, k int) string {
	if k < 2 {
		return slot
	}
	return slot + sep + "v" + strconv.Itoa(k)
}

// refusal is thrown when something cannot be lowered; Lower turns it into a diagnostic.
type refusal struct {
	pos token.Pos
	msg string
}

// lowerer collects the pieces of one cell.
type lowerer struct {
	*State
	unit       *check.Unit
	imports    strings.Builder
	typeText   strings.Builder
	cycles     []Cycle         // all types that the cell declares
	cyclic     bool            // some of them refer to themselves
	decls      strings.Builder // wrappers and helpers
	vars       strings.Builder
	init       strings.Builder
	funcs      strings.Builder
	queue      []func() // work that may need types which are being written
	exports    map[string]map[string]reflect.Value
	spell      bool // types are written for a key
	recursives map[*types.Named]bool
	counters   map[types.Object]bool // loop variables that are never negative
	each       func(f func())        // runs one piece of work; the test over the standard library goes on after refusals
	spent      []string              // see Code
	at         token.Pos             // of the statement being lowered: for refusals that know no better
}

func (l *lowerer) refuse(p token.Pos, format string, args ...any) {
	if !p.IsValid() {
		p = l.at
	}
	panic(refusal{p, fmt.Sprintf(format, args...)})
}

// Lower writes a checked cell. After an error the state is as before.
func (s *State) Lower(u *check.Unit) (code *Code, err error) { return s.lower(u, nil) }

func (s *State) lower(u *check.Unit, each func(f func())) (code *Code, err error) {
	s.undo = nil
	l := &lowerer{State: s, unit: u, each: each, exports: map[string]map[string]reflect.Value{}}
	defer func() {
		if r := recover(); r != nil {
			f, ok := r.(refusal)
			if !ok {
				f = refusal{l.at, fmt.Sprintf("internal: this cannot be lowered: %v", r)}
			}
			s.Rollback()
			code, err = nil, s.program.Diagnostic(u, f.pos, f.msg)
		}
	}()
	first := len(s.types)
	s.undo = append(s.undo, func() { // numbers of types must not be given twice
		for k, id := range s.typeIDs {
			if id >= first {
				delete(s.typeIDs, k)
			}
		}
		s.types = s.types[:first]
	})
	code = &Code{FirstType: first, Exports: l.exports}
	s.noteRecursive(u.Info)
	l.functions()
	for _, v := range u.NewVars {
		l.do(func() { fmt.Fprintf(&l.vars, "var %s %s\n", s.program.Slots[v], l.typ(v.Type())) })
	}
	head, body := l.body(code)
	l.drain()
	l.openFuncs()
	l.drain()
	code.Imports = l.imports.String()
	if code.Decls = l.vars.String() + l.decls.String() + l.funcs.String(); l.cyclic {
		code.Types, code.Cycles, code.Named = l.typeText.String(), l.cycles, l.structName
	} else {
		code.Decls = l.typeText.String() + code.Decls
	}
	code.Spent = l.spent
	body = head + l.init.String() + body
	if strings.TrimSpace(body) != "" {
		// A declared function, not a literal: a literal would copy the root frame, which grows with every cell.
		name := sep + "body" + strconv.Itoa(u.Number)
		code.Main = "func " + name + "() {\n" + body + "}\n"
		code.Body = Runtime + ".Exec(" + name + ")"
	}
	return code, nil
}

// drain does the queued work, which may queue more.
func (l *lowerer) drain() {
	for len(l.queue) > 0 {
		q := l.queue
		l.queue = nil
		for _, f := range q {
			l.do(f)
		}
	}
}

// do runs one piece of work.
func (l *lowerer) do(f func()) {
	if l.each != nil {
		l.each(f)
	} else {
		f()
	}
}

// body lowers the statements of the cell and its last expression. The head must be the first of the function's text.
func (l *lowerer) body(code *Code) (head, text string) {
	u := l.unit
	if len(u.Body.List) == 0 {
		return "", ""
	}
	e := &emitter{lowerer: l, info: u.Info, cell: true}
	e.fn = &function{sig: types.NewSignatureType(nil, nil, nil, nil, nil, false), name: "cell", pos: u.Body.List[0].Pos(), body: u.Body}
	list := u.Body.List
	if u.Last != nil {
		list = list[:len(list)-1]
	}
	defer l.unfold(u.Info, u.Body)()
	var b strings.Builder
	framed := hasDefer(u.Body)
	if framed {
		e.fn.frame = e.temp()
	}
	e.block(&b, list)
	if u.Last != nil {
		e.value(&b, code)
	}
	text = b.String()
	if framed {
		text = e.framed(text)
	}
	return e.open(), text
}

// functions lowers the functions and methods of the cell.
func (l *lowerer) functions() {
	s, u := l.State, l.unit
	// New versions are named first, so that every use in this cell already means them.
	slots := make([]string, len(u.Funcs))
	for i, f := range u.Funcs {
		switch {
		case f.Decl.Type.TypeParams != nil || f.Receiver != "" && u.Types[f.Receiver].Spec.TypeParams != nil:
			l.again(f)
			continue
		case f.Receiver == "":
			slots[i] = s.program.Slots[f.Object]
		default:
			slots[i] = l.namedType(u.Types[f.Receiver].Object.Type().(*types.Named)) + sep + f.Decl.Name.Name
		}
		l.nextVersion(slots[i])
	}
	seen := map[string]bool{}
	for i, f := range u.Funcs {
		if td := u.Types[f.Receiver]; td != nil && td.Spec.TypeParams == nil && !seen[f.Receiver] && len(u.Added()) > 0 {
			seen[f.Receiver] = true
			l.kernelMethods(td.Object.Type().(*types.Named))
		}
		if slots[i] == "" {
			continue
		}
		l.at = f.Decl.Pos()
		name, _, _ := strings.Cut(f.Decl.Name.Name, sep)
		if f.Receiver != "" {
			name = f.Receiver + "." + name
		}
		e := &emitter{lowerer: l, info: u.Info, slot: slots[i]}
		sig := u.Info.Defs[f.AsFunc.Name].(*types.Func).Signature()
		l.do(func() { l.define(e, slots[i], name, f.Decl.Body, f.Decl.Pos(), sig) })
	}
}

// nextVersion begins a version of a late-bound function.
func (l *lowerer) nextVersion(slot string) {
	s := l.State
	old := s.versions[slot]
	s.versions[slot] = old + 1
	s.undo = append(s.undo, func() { s.versions[slot] = old })
	if old > 1 {
		l.spent = append(l.spent, version(slot, old)) // the first stays: values of the function are it
	}
}

// define writes the newest version of a late-bound function. Older versions hand over to it through the two variables of
// the slot, so that functions compiled earlier, and values of functions, get the new body.
func (l *lowerer) define(e *emitter, slot, userName string, body *ast.BlockStmt, pos token.Pos, sig *types.Signature) {
	k := l.versions[slot]
	name := l.newest(slot)
	defer l.unfold(e.info, body)()
	head, code := e.function(sig, body, userName, pos)
	args := strings.Join(e.params, ", ")
	if sig.Variadic() {
		args += "..."
	}
	call := slot + sep + "r(" + args + ")"
	if sig.Results().Len() > 0 {
		call = "return " + call
	} else {
		call += "; return"
	}
	if k == 1 {
		fmt.Fprintf(&l.vars, "var %s%sn = 1\nvar %s%sr func%s\n", slot, sep, slot, sep, l.signature(sig, nil, nil))
	} else {
		fmt.Fprintf(&l.init, "%s%sr, %s%sn = %s, %d\n", slot, sep, slot, sep, name, k)
	}
	fmt.Fprintf(&l.funcs, "func %s%s {%sif %s%sn > %d { %s }\n%s}\n", name, head, e.fn.directive(), slot, sep, k, call, code)
}
