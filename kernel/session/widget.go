package session

import (
	"context"
	"errors"
	"fmt"
	"html"
	"maps"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gonverge/kernel/api/widget"
	"gonverge/kernel/display"
	"gonverge/kernel/run"
)

// Widgets speak the protocol of ipywidgets, version 2.1 of its messages (jupyter-widgets/schema/messages.md): each model
// is a comm of target jupyter.widget whose state is sent when it changes, on either side; a view of a model is displayed
// by its id.

// Comms is what a session needs of a front end to have widgets; package server has it.
type Comms interface {
	// Register makes a target known that the front end can open comms to.
	Register(target string, open func(id string, data map[string]any, buffers [][]byte) (func(context.Context, map[string]any, [][]byte, Sink), error))
	// Open opens a comm to a target of the front end and returns its id. receive gets its messages, one at a time.
	Open(target string, data, metadata map[string]any, buffers [][]byte, receive func(context.Context, map[string]any, [][]byte, Sink), closed func()) string
	Send(id string, data, metadata map[string]any, buffers [][]byte) error
	Close(id string, data map[string]any)
	// Asked tells whether a front end has asked for a target: it has a use for its comms.
	Asked(target string) bool
}

const (
	widgetTarget  = "jupyter.widget"
	controlTarget = "jupyter.widget.control"
	viewMIME      = "application/vnd.jupyter.widget-view+json"
)

var widgetMetadata = map[string]any{"version": "2.1.0"}

// widgets are those of a session.
type widgets struct {
	mu     sync.Mutex
	comms  Comms                     // nil without a front end
	states map[string]map[string]any // model id -> its state
	groups [][]string                // model ids of each Interact or Show, oldest first
	count  int                       // Interacts, for their ids
}

// mostGroups is how many calls of Show and Interact stay alive: a cell that is run again leaves its widgets behind.
const mostGroups = 100

// UseComms gives the session the comms of its front ends.
func (s *Session) UseComms(c Comms) {
	w := &s.widgets
	w.mu.Lock()
	w.comms, w.states = c, map[string]map[string]any{}
	w.mu.Unlock()
	c.Register(controlTarget, func(id string, _ map[string]any, _ [][]byte) (func(context.Context, map[string]any, [][]byte, Sink), error) {
		return func(_ context.Context, data map[string]any, _ [][]byte, _ Sink) {
			if data["method"] != "request_states" {
				return
			}
			_ = c.Send(id, map[string]any{"method": "update_states", "states": w.all(), "buffer_paths": []any{}}, widgetMetadata, nil) // it may be closed by now
		}, nil
	})
}

// all is the state of all models as a front end that was reloaded wants it.
func (w *widgets) all() map[string]any {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := map[string]any{}
	for id, state := range w.states {
		out[id] = map[string]any{"model_name": state["_model_name"], "model_module": state["_model_module"], "model_module_version": state["_model_module_version"], "state": maps.Clone(state)}
	}
	return out
}

// forget drops the comms.
func (w *widgets) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.comms = nil
}

// live returns the comms when a front end can show widgets, or nil.
func (w *widgets) live() Comms {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.comms == nil || !w.comms.Asked(widgetTarget) && !w.comms.Asked(controlTarget) {
		return nil
	}
	return w.comms
}

// open opens a model and returns its id.
func (w *widgets) open(c Comms, name, module string, view bool, state map[string]any, receive func(context.Context, map[string]any, [][]byte, Sink)) string {
	full := map[string]any{"_model_module": "@jupyter-widgets/" + module, "_model_name": name + "Model", "_view_module": "@jupyter-widgets/" + module, "_view_count": nil,
		"_model_module_version": "*", "_view_module_version": "*", "_view_name": nil} // any version: which one the front end has is not known
	if view {
		full["_view_name"] = name + "View"
	}
	maps.Copy(full, state)
	var id string // guarded by w.mu: the front end may answer before Open returns
	self := func() string {
		w.mu.Lock()
		defer w.mu.Unlock()
		return id
	}
	opened := c.Open(widgetTarget, map[string]any{"state": full, "buffer_paths": []any{}}, widgetMetadata, nil, func(ctx context.Context, data map[string]any, buffers [][]byte, sink Sink) {
		switch data["method"] {
		case "request_state":
			w.mu.Lock()
			now := maps.Clone(w.states[id])
			w.mu.Unlock()
			_ = c.Send(self(), map[string]any{"method": "update", "state": now, "buffer_paths": []any{}}, widgetMetadata, nil) // it may be closed by now
		case "update", "backbone":
			if receive != nil {
				receive(ctx, data, buffers, sink)
			}
		}
	}, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.states, id)
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	id = opened
	w.states[id] = full
	return id
}

// update changes the state of a model; send tells the front end.
func (w *widgets) update(c Comms, id string, change map[string]any, send bool) {
	w.mu.Lock()
	if state := w.states[id]; state != nil {
		state = maps.Clone(state)
		maps.Copy(state, change)
		w.states[id] = state
	}
	w.mu.Unlock()
	if send {
		_ = c.Send(id, map[string]any{"method": "update", "state": change, "buffer_paths": []any{}}, widgetMetadata, nil) // it may be closed by now
	}
}

// group remembers models that belong together, and closes the oldest when there are too many.
func (w *widgets) group(c Comms, ids []string) {
	w.mu.Lock()
	w.groups = append(w.groups, ids)
	var old []string
	if len(w.groups) > mostGroups {
		old = w.groups[0]
		w.groups = append(w.groups[:0:0], w.groups[1:]...)
	}
	for _, id := range old {
		delete(w.states, id)
	}
	w.mu.Unlock()
	for _, id := range old {
		c.Close(id, nil)
	}
}

// changes are the parts of a model's state that change with its value.
func changes(m widget.Model) map[string]any {
	if m.Name == "Dropdown" {
		return map[string]any{"index": m.State["index"]}
	}
	return map[string]any{"value": m.State["value"]}
}

// control opens the models of a control and returns its handle; moved is called when the user changed its value.
func (s *Session) control(c Comms, m widget.Model, moved func(context.Context, Sink)) (h *widget.Handle, ids []string) {
	w := &s.widgets
	layout := w.open(c, "Layout", "base", false, map[string]any{"_view_name": "LayoutView"}, nil)
	style := map[string]string{"IntSlider": "SliderStyle", "FloatSlider": "SliderStyle", "Dropdown": "DescriptionStyle", "FloatProgress": "ProgressStyle"}[m.Name]
	look := w.open(c, style, "controls", false, map[string]any{"_view_module": "@jupyter-widgets/base", "_view_name": "StyleView", "description_width": ""}, nil)
	state := maps.Clone(m.State)
	state["layout"], state["style"] = "IPY_MODEL_"+layout, "IPY_MODEL_"+look
	var id atomic.Value // string: the front end may answer before it is known
	id.Store("")
	self := func() string { return id.Load().(string) }
	var mu sync.Mutex
	var last time.Time
	var late *time.Timer
	h = widget.NewHandle(m, func(now widget.Model) { // at most ten times a second
		mu.Lock()
		defer mu.Unlock()
		if late != nil {
			return // the timer sends what is then
		}
		if wait := 100*time.Millisecond - time.Since(last); wait > 0 {
			late = time.AfterFunc(wait, func() {
				mu.Lock()
				late, last = nil, time.Now()
				mu.Unlock()
				w.update(c, self(), changes(h.Model()), true)
			})
			return
		}
		last = time.Now()
		w.update(c, self(), changes(now), true)
	})
	model := w.open(c, m.Name, "controls", true, state, func(ctx context.Context, data map[string]any, _ [][]byte, sink Sink) {
		state, _ := data["state"].(map[string]any)
		if h.Receive(state) {
			w.update(c, self(), changes(h.Model()), false)
			if moved != nil {
				moved(ctx, sink)
			}
		}
	})
	id.Store(model)
	return h, []string{model, look, layout}
}

// view is what shows a model, with the text of a front end that cannot.
func view(id, text, page string) display.Bundle {
	return display.Bundle{Data: map[string]any{viewMIME: map[string]any{"version_major": 2, "version_minor": 0, "model_id": id}, "text/plain": text, "text/html": page}}
}

// put shows a bundle in the outputs of the running cell.
func (s *Session) put(b display.Bundle, id string, update bool) error {
	return s.toSink(func(sink Sink) { sink.Display(b, id, update) })
}

// showControl is widget.Show.
func (s *Session) showControl(control any) (*widget.Handle, error) {
	m, err := widget.ModelOf(control)
	if err != nil {
		return nil, err
	}
	c := s.widgets.live()
	if c == nil { // a picture of the control that follows its value
		s.widgets.mu.Lock()
		s.widgets.count++
		id := "widget-" + strconv.Itoa(s.widgets.count)
		s.widgets.mu.Unlock()
		static := func(m widget.Model) display.Bundle {
			return display.Bundle{Data: map[string]any{"text/plain": m.String(), "text/html": m.HTML()}}
		}
		h := widget.NewHandle(m, func(now widget.Model) { _ = s.put(static(now), id, true) }) // a picture is no reason to fail
		return h, s.put(static(m), id, false)
	}
	h, ids := s.control(c, m, nil)
	s.widgets.group(c, ids)
	return h, s.put(view(ids[0], m.String(), m.HTML()), "", false)
}

// interact is widget.Interact.
func (s *Session) interact(f any, controls ...any) error {
	call, err := callable(f, controls)
	if err != nil {
		return err
	}
	var models []widget.Model
	for _, control := range controls {
		m, err := widget.ModelOf(control)
		if err != nil {
			return err
		}
		models = append(models, m)
	}
	w := &s.widgets
	w.mu.Lock()
	w.count++
	id := "interact-" + strconv.Itoa(w.count)
	w.mu.Unlock()
	handles := make([]*widget.Handle, len(models))
	results := func() []any {
		var in []any
		for _, h := range handles {
			in = append(in, h.Value())
		}
		return call(in)
	}
	c := w.live()
	if c == nil {
		var texts, pages []string
		for i, m := range models {
			handles[i] = widget.NewHandle(m, nil)
			texts, pages = append(texts, m.String()), append(pages, m.HTML())
		}
		if len(models) > 0 {
			if err := s.put(display.Bundle{Data: map[string]any{"text/plain": strings.Join(texts, "\n"), "text/html": strings.Join(pages, "")}}, "", false); err != nil {
				return err
			}
		}
		return s.put(s.drawing(results()), id, false)
	}
	moved := func(ctx context.Context, sink Sink) { s.redraw(ctx, sink, id, results) }
	var ids, children []string
	for i, m := range models {
		h, opened := s.control(c, m, moved)
		handles[i], ids = h, append(ids, opened...)
		children = append(children, "IPY_MODEL_"+opened[0])
	}
	layout := w.open(c, "Layout", "base", false, map[string]any{"_view_name": "LayoutView"}, nil)
	box := w.open(c, "VBox", "controls", true, map[string]any{"children": children, "box_style": "", "layout": "IPY_MODEL_" + layout}, nil)
	w.group(c, append(ids, box, layout))
	var texts, pages []string
	for _, m := range models {
		texts, pages = append(texts, m.String()), append(pages, m.HTML())
	}
	if err := s.put(view(box, strings.Join(texts, "\n"), strings.Join(pages, "")), "", false); err != nil {
		return err
	}
	return s.put(s.drawing(results()), id, false)
}

// callable checks a function against its controls and returns how to call it.
func callable(f any, controls []any) (func([]any) []any, error) {
	v := reflect.ValueOf(run.Unbox(f))
	if v.Kind() != reflect.Func || v.IsNil() {
		return nil, fmt.Errorf("widget: Interact wants a function, not %T", run.Unbox(f))
	}
	t := v.Type()
	if t.NumIn() != len(controls) || t.IsVariadic() {
		return nil, fmt.Errorf("widget: the function has %d parameters for %d controls", t.NumIn(), len(controls))
	}
	for i, control := range controls {
		m, err := widget.ModelOf(control)
		if err != nil {
			return nil, err
		}
		if !reflect.TypeOf(m.Value).ConvertibleTo(t.In(i)) || t.In(i).Kind() != reflect.TypeOf(m.Value).Kind() {
			return nil, fmt.Errorf("widget: parameter %d of the function is %v, but a %s gives %T", i+1, t.In(i), m.Name, m.Value)
		}
	}
	return func(values []any) []any {
		in := make([]reflect.Value, len(values))
		for i, x := range values {
			in[i] = reflect.ValueOf(x).Convert(t.In(i))
		}
		var out []any
		for _, r := range v.Call(in) {
			out = append(out, r.Interface())
		}
		return out
	}, nil
}

// drawing is what the results of a function show: the last one alone when it is an error, nothing for no results.
func (s *Session) drawing(results []any) display.Bundle {
	if n := len(results); n > 0 {
		if err, ok := results[n-1].(error); ok && err != nil {
			return display.Bundle{Data: map[string]any{"text/plain": err.Error(), "text/html": `<pre style="color:#b00">` + html.EscapeString(err.Error()) + `</pre>`}}
		}
		if n > 1 && results[n-1] == nil {
			results = results[:n-1]
		}
	}
	b, ok := display.Merge(s.shownValues(results))
	if !ok {
		return display.Text("")
	}
	return b
}

func (s *Session) shownValues(values []any) (out []display.Bundle) {
	for _, v := range values {
		out = append(out, s.bundle(v, nil))
	}
	return out
}

// redraw calls the function of an Interact between two cells and shows its results in their place.
func (s *Session) redraw(ctx context.Context, sink Sink, id string, results func() []any) {
	s.running.Lock()
	defer s.running.Unlock()
	s.sinkMu.Lock()
	s.sink, s.label = sink, "Interact"
	s.machine.SetTag(sink)
	s.forgetShown()
	s.sinkMu.Unlock()
	var b display.Bundle
	out := s.machine.Call(ctx, func() { b = s.drawing(results()) }, s.derive)
	s.machine.Flush()
	var fail *Error
	switch {
	case out.Internal != nil:
		fail = &Error{Name: "internal error", Message: out.Internal.Error()}
	case errors.Is(out.Cause, context.Canceled):
		return // interrupted: the picture before stays
	case out.Cause != nil:
		fail = s.stopped(out)
	case out.Panic != nil:
		fail = s.panicked(out.Panic)
	}
	if fail != nil {
		b = s.drawing([]any{fail})
	}
	sink.Display(b, id, true)
}
