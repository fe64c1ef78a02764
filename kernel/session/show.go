package session

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"sync/atomic"

	api "gonverge/kernel/api/display"
	"gonverge/kernel/display"
	"gonverge/kernel/run"
)

// displayPath is the import path of the package by which cells show things.
const displayPath = "gonverge/kernel/api/display"

// errNoFrontEnd is what a cell gets that shows or asks where nobody looks.
var errNoFrontEnd = errors.New("display: no cell is running")

// bind returns the symbols with functions of this session in place of those that only a session can do.
func (s *Session) bind(symbols map[string]map[string]reflect.Value) map[string]map[string]reflect.Value {
	symbols = maps.Clone(symbols)
	replace := func(path, name string, functions map[string]any) {
		table := maps.Clone(symbols[path+"/"+name])
		if table == nil {
			return
		}
		for name, f := range functions {
			if have, ok := table[name]; !ok || have.Type() != reflect.TypeOf(f) {
				panic(fmt.Sprintf("session: %s.%s is not a %T", path, name, f)) // the tables are not those of this source
			}
			table[name] = reflect.ValueOf(f)
		}
		symbols[path+"/"+name] = table
	}
	replace(displayPath, "display", map[string]any{
		"Display": s.Display, "DisplayID": s.displayID, "Update": s.update, "Clear": s.clear, "Progress": s.progress,
		"Auto":     func(v any) api.Data { return s.data("", v) },
		"Any":      s.data,
		"Input":    func(prompt string) (string, error) { return s.ask(prompt, false) },
		"Password": func(prompt string) (string, error) { return s.ask(prompt, true) },
	})
	replace("gonverge/kernel/api/widget", "widget", map[string]any{"Show": s.showControl, "Interact": s.interact})
	return symbols
}

// Display shows values in the outputs of the running cell, or of the last one.
func (s *Session) Display(values ...any) error {
	for _, v := range values {
		if err := s.show(v, "", false); err != nil {
			return err
		}
	}
	return nil
}

func (s *Session) displayID(id string, v any) error {
	if id == "" {
		return errors.New("display: an id must not be empty")
	}
	return s.show(v, id, false)
}

func (s *Session) update(id string, v any) error {
	if id == "" {
		return errors.New("display: an id must not be empty")
	}
	return s.show(v, id, true)
}

// show shows a value. replace puts it in the place of the one with its id, where the front end has one.
func (s *Session) show(v any, id string, replace bool) error {
	b := s.bundle(v, nil)
	if id == "" {
		id = b.ID
	}
	return s.toSink(func(sink Sink) {
		at := place{sink, id}
		sink.Display(b, id, replace && (s.bars[at] || s.named[id]))
		if id != "" {
			s.bars[at] = true
			if !replace {
				s.named[id] = true
			}
		}
	})
}

// toSink hands the sink of the cell that asks to f, after what that cell has written so far.
func (s *Session) toSink(f func(Sink)) error {
	tag := s.machine.Tag()
	s.machine.Flush()
	s.sinkMu.Lock()
	defer s.sinkMu.Unlock()
	sink := s.sinkOf(tag)
	if sink == nil {
		return errNoFrontEnd
	}
	s.mixed = s.mixed || sink == s.sink
	f(sink)
	return nil
}

// data is what display.Any makes of a value; one of a session type says itself how it shows.
func (s *Session) data(mimeType string, v any) api.Data {
	if _, boxed := run.Inner(v).(run.Boxed); !boxed {
		return api.Any(mimeType, v)
	}
	b := s.bundle(v, nil)
	d := api.Data{Data: b.Data, Metadata: b.Metadata}
	if b.ID != "" {
		d.Transient = api.MIMEMap{"display_id": b.ID}
	}
	return d
}

func (s *Session) clear(wait bool) error {
	return s.toSink(func(sink Sink) {
		sink.Clear(wait)
		of := func(at place, _ bool) bool { return at.sink == sink }
		maps.DeleteFunc(s.bars, of)
		maps.DeleteFunc(s.shown, of)
	})
}

// ask asks the user for a line.
func (s *Session) ask(prompt string, password bool) (string, error) {
	tag := s.machine.Tag()
	s.machine.Flush()
	s.sinkMu.Lock()
	sink := s.sinkOf(tag)
	s.sinkMu.Unlock()
	if sink == nil {
		return "", errNoInput
	}
	return sink.Input(prompt, password)
}

// cellBars numbers the bars of cells. They count down from the top, those of the library up from 1; it is package state
// because one process may have several sessions with one terminal.
var cellBars atomic.Uint64

// progress starts a bar of a cell.
func (s *Session) progress(label string, total int) *api.Bar {
	id := -cellBars.Add(1)
	tag := s.machine.Tag()
	s.sinkMu.Lock()
	sink := s.sinkOf(tag)
	s.sinkMu.Unlock()
	return api.NewBar(label, total, func(st api.State) {
		b := display.Bar{ID: id, Label: st.Label, Done: st.Done, Total: st.Total, Note: st.Note, Finished: st.Finished}
		s.bar(sink, b)
		if s.o.Bar != nil {
			s.o.Bar(b)
		}
	})
}
