package run

import (
	"reflect"
	"runtime"
	"sync"
	"time"
)

// Waiting. Lowered code waits in these functions, which end when its cell is stopped. The interpreter has channel
// operations of its own; but its select shares one list of cases between all goroutines that run the statement, so that
// one receives from another's channel and sends another's value, and what waits for a channel after an interrupt would
// still take a value that is meant for others.

// recv receives from a channel. The value is nil when the interpreter has stopped.
func (m *Machine) recv(c any, pos int) (any, bool) {
	ch := reflect.ValueOf(c)
	v, ok := ch.TryRecv()
	if !v.IsValid() {
		if _, v, ok = m.choose([]reflect.SelectCase{{Dir: reflect.SelectRecv, Chan: ch}}, pos, "to receive from a channel"); !v.IsValid() {
			return nil, false
		}
	}
	return v.Interface(), ok
}

// recvOne is recv for one result.
func (m *Machine) recvOne(c any, pos int) any {
	v, _ := m.recv(c, pos)
	return v
}

// send sends to a channel.
func (m *Machine) send(c, x any, pos int) {
	ch := reflect.ValueOf(c)
	v := element(ch, x)
	if !ch.TrySend(v) {
		m.choose([]reflect.SelectCase{{Dir: reflect.SelectSend, Chan: ch, Send: v}}, pos, "to send to a channel")
	}
}

// element is a value of the element type of a channel.
func element(ch reflect.Value, x any) reflect.Value {
	t := ch.Type().Elem()
	v := reflect.ValueOf(x)
	switch {
	case !v.IsValid():
		return reflect.Zero(t)
	case !v.Type().AssignableTo(t):
		return v.Convert(t)
	}
	return v
}

// selection is the select statement: its cases are channels, and for a send the channel, true and the value. It returns the
// number of the case, -1 for the default or when the interpreter has stopped, and what was received.
func (m *Machine) selection(pos int, byDefault bool, cases ...any) (int, any, bool) {
	list := make([]reflect.SelectCase, 0, len(cases)+1)
	for i := 0; i < len(cases); i += 3 {
		ch := reflect.ValueOf(cases[i])
		c := reflect.SelectCase{Dir: reflect.SelectRecv, Chan: ch}
		if cases[i+1] == true {
			c.Dir, c.Send = reflect.SelectSend, element(ch, cases[i+2])
		}
		list = append(list, c)
	}
	if len(list) > 0 {
		if i, v, ok := reflect.Select(append(list, reflect.SelectCase{Dir: reflect.SelectDefault})); i < len(list) {
			return i, inside(v), ok
		}
	}
	if byDefault {
		return -1, nil, false
	}
	i, v, ok := m.choose(list, pos, "in a select")
	if i == len(list) {
		return -1, nil, false
	}
	return i, inside(v), ok
}

func inside(v reflect.Value) any {
	if !v.IsValid() {
		return nil
	}
	return v.Interface()
}

// choose waits for one of the cases or for the end of the cell, which is the case after the last.
func (m *Machine) choose(cases []reflect.SelectCase, pos int, what string) (int, reflect.Value, bool) {
	halt, awake := m.wait(pos, what)
	defer awake()
	cases = append(cases, reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(halt)})
	i, v, ok := reflect.Select(cases)
	if i == len(cases)-1 {
		return i, reflect.Value{}, false
	}
	return i, v, ok
}

// sleep is time.Sleep that ends when the interpreter is stopped.
func (m *Machine) sleep(d time.Duration) {
	halt, awake := m.wait(0, "")
	defer awake()
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-halt:
	}
}

// waitGroupWait is (*sync.WaitGroup).Wait that ends when the interpreter is stopped.
func (m *Machine) waitGroupWait(wg *sync.WaitGroup, pos int) {
	halt, awake := m.wait(pos, "for a WaitGroup")
	defer awake()
	done := make(chan struct{})
	go func() {
		wg.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-halt:
	}
}

// mutexLock is (*sync.Mutex).Lock that ends when the interpreter is stopped.
func (m *Machine) mutexLock(mu *sync.Mutex, pos int) { m.lock(mu.TryLock, pos) }

// rwLock is (*sync.RWMutex).Lock that ends when the interpreter is stopped.
func (m *Machine) rwLock(mu *sync.RWMutex, pos int) { m.lock(mu.TryLock, pos) }

// rwRLock is (*sync.RWMutex).RLock that ends when the interpreter is stopped.
func (m *Machine) rwRLock(mu *sync.RWMutex, pos int) { m.lock(mu.TryRLock, pos) }

func (m *Machine) lock(try func() bool, pos int) {
	pause := time.Microsecond
	var halt <-chan struct{}
	for i := 0; !try(); i++ {
		if i < 20 {
			runtime.Gosched()
			continue
		}
		if i == 20 {
			var awake func()
			halt, awake = m.wait(pos, "for a lock")
			defer awake()
		}
		select {
		case <-halt:
			return
		case <-time.After(pause):
		}
		pause = min(2*pause, 200*time.Microsecond)
	}
}
