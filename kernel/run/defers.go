package run

// Defers is the stack of deferred calls of one activation of an interpreted function.
type Defers struct {
	m         *Machine
	calls     []deferred
	panicking bool
	value     any
}

type deferred struct {
	call    func()
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
		d.run()
		if d.panicking {
			panic(d.value)
		}
	}()
	body(d)
	returned = true
}

// Call defers a call of a function or method.
func (d *Defers) Call(f func()) { d.calls = append(d.calls, deferred{call: f}) }

// Literal defers a function literal; recover in it asks d.
func (d *Defers) Literal(f func(*Defers)) { d.calls = append(d.calls, deferred{literal: f}) }

// Recover is recover in a deferred literal.
func (d *Defers) Recover() any {
	if !d.panicking {
		return nil
	}
	v := d.value
	if _, ok := v.(exit); ok {
		return nil // nothing stops an exit
	}
	if c, ok := v.(checkedError); ok {
		v = c.err
	}
	d.panicking, d.value = false, nil
	d.m.dropTrace()
	return panicValue(v)
}

func (d *Defers) run() {
	for len(d.calls) > 0 {
		c := d.calls[len(d.calls)-1]
		d.calls = d.calls[:len(d.calls)-1]
		d.one(c)
	}
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
	if d.panicking {
		// The function may call recover: it finds this stack by its goroutine.
		g := goroutine()
		d.m.mu.Lock()
		outer := d.m.panics[g]
		d.m.panics[g] = d
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

// recover is recover in a function that was deferred by its name.
func (m *Machine) recover() any {
	m.mu.Lock()
	d := m.panics[goroutine()]
	m.mu.Unlock()
	if d == nil {
		return nil
	}
	return d.Recover()
}
