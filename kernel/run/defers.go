package run

import (
	"runtime"
	"strings"
)

// Defers is the stack of deferred calls of one activation of an interpreted function.
type Defers struct {
	m         *Machine
	calls     []deferred
	panicking bool
	value     any
}

type deferred struct {
	call    func()
	named   bool
	name    string // with named: that of the function, "*" and the method's for one of an interface, "" for a function value
	literal func(*Defers)
}

// frame runs a body with a stack of deferred calls, as Go does: calls run last first, whether the body returns, panics or
// calls Goexit; a panic in one of them replaces the one before and the others still run; recover ends it.
func (m *Machine) frame(body func(*Defers)) {
	d := &Defers{m: m}
	returned := false
	defer func() {
		if !returned {
			if r := recover(); r != nil {
				d.panicking, d.value = true, r
			}
		}
		if w := m.window.Load(); w != nil && w.keeps(d) {
			return // the body was stopped; interpreted code cannot run now
		}
		d.run()
		if d.panicking {
			panic(d.value)
		}
	}()
	body(d)
	returned = true
}

// Call defers a call of a compiled function or method.
func (d *Defers) Call(f func()) { d.calls = append(d.calls, deferred{call: f}) }

// Named defers a call of a function of the session, which may call recover; a function value has no name.
func (d *Defers) Named(name string, f func()) {
	d.calls = append(d.calls, deferred{call: f, named: true, name: name})
}

// Literal defers a function literal; recover in it asks d.
func (d *Defers) Literal(f func(*Defers)) { d.calls = append(d.calls, deferred{literal: f}) }

// Recover is recover in a deferred literal.
func (d *Defers) Recover() any {
	if !d.panicking {
		return nil
	}
	v := d.value
	switch v.(type) {
	case exit, overLimit: // nothing stops these
		return nil
	}
	if c, ok := v.(checkedError); ok {
		v = c.err
	}
	d.panicking, d.value = false, nil
	d.m.dropTrace()
	return d.m.panicValue(v)
}

func (d *Defers) run() {
	exits := true
	defer func() {
		if exits { // one called Goexit, which is the end of a panic, and the others run
			d.panicking, d.value = false, nil
			d.run()
		}
	}()
	for len(d.calls) > 0 {
		c := d.calls[len(d.calls)-1]
		d.calls = d.calls[:len(d.calls)-1]
		d.one(c)
	}
	exits = false
}

func (d *Defers) one(c deferred) {
	defer func() {
		if r := recover(); r != nil {
			d.panicking, d.value = true, r
		}
	}()
	if c.literal != nil {
		c.literal(d)
		return
	}
	if d.panicking && c.named {
		// The function may call recover: it finds this stack by its goroutine and its name, when it begins.
		g := goroutine()
		d.m.mu.Lock()
		outer := d.m.panics[g]
		d.m.panics[g] = &panicking{d, c.name}
		d.m.mu.Unlock()
		defer func() {
			d.m.mu.Lock()
			if outer != nil {
				d.m.panics[g] = outer
			} else {
				delete(d.m.panics, g)
			}
			d.m.mu.Unlock()
		}()
	}
	c.call()
}

// panicking is a stack of deferred calls that calls a function because of a panic.
type panicking struct {
	d    *Defers
	name string
}

// entered is called at the start of every function that calls recover: when the function was called by a panic, it gets
// the stack that called it. Functions that it calls in turn get nothing.
func (m *Machine) entered(name string) *Defers {
	m.mu.Lock()
	none := len(m.panics) == 0
	m.mu.Unlock()
	if none {
		return nil
	}
	g := goroutine()
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.panics[g]
	if p == nil || !p.calls(name) {
		return nil
	}
	delete(m.panics, g)
	return p.d
}

// calls tells whether the function of that name, which has just begun, is the one that was deferred. A function has a
// name, a method of an interface has that of the method; the value of a function or literal is known by nothing but that
// the deferred call leads straight to it.
func (p *panicking) calls(name string) bool {
	switch {
	case p.name == "":
		return p.straight(name)
	case strings.HasPrefix(p.name, "*"):
		return strings.HasSuffix(name, p.name[1:])
	}
	return p.name == name
}

// straight counts the interpreted functions between the deferred call and the one that asks: the deferred call itself and
// the function; for a method, what holds its receiver, too.
func (p *panicking) straight(name string) bool {
	var pcs [256]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	depth := 0
	for {
		f, more := frames.Next()
		switch {
		case strings.HasSuffix(f.Function, "interp.runCfg"):
			depth++
		case strings.HasSuffix(f.Function, ".(*Defers).one"):
			limit := 2
			if strings.Count(name, nameMark) > 1 {
				limit = 4 // a method value, perhaps of an interface
			}
			return depth <= limit
		}
		if !more {
			return false
		}
	}
}

// nameMark is what lowered names have inside; those of methods twice.
const nameMark = "ǃ"

// recoverOf is recover in a function that got d when it began.
func recoverOf(d *Defers) any {
	if d == nil {
		return nil
	}
	return d.Recover()
}
