package session_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"gonverge/kernel/session"
)

type commReceiver = func(context.Context, map[string]any, [][]byte, session.Sink)

// frontEnd plays the comms of a front end.
type frontEnd struct {
	asked     bool
	models    map[string]map[string]any // states by id
	order     []string
	receivers map[string]commReceiver
	targets   map[string]func(string, map[string]any, [][]byte) (commReceiver, error)
	sent      []string
}

func (f *frontEnd) Register(target string, open func(string, map[string]any, [][]byte) (commReceiver, error)) {
	f.targets[target] = open
}
func (f *frontEnd) Open(target string, data, metadata map[string]any, _ [][]byte, receive commReceiver, _ func()) string {
	id := fmt.Sprint("m", len(f.order)+1)
	f.models[id], f.receivers[id], f.order = data["state"].(map[string]any), receive, append(f.order, id)
	if target != "jupyter.widget" || metadata["version"] != "2.1.0" {
		panic(fmt.Sprint(target, metadata))
	}
	return id
}
func (f *frontEnd) Send(id string, data, _ map[string]any, _ [][]byte) error {
	text, err := json.Marshal(data)
	f.sent = append(f.sent, id+" "+string(text))
	return err
}
func (f *frontEnd) Close(id string, _ map[string]any) { delete(f.models, id) }
func (f *frontEnd) Asked(target string) bool          { return f.asked && target == "jupyter.widget" }

// named returns the id of the last model of a name.
func (f *frontEnd) named(name string) string {
	for _, id := range slices.Backward(f.order) {
		if f.models[id]["_model_name"] == name+"Model" {
			return id
		}
	}
	return "none"
}

// move is what a front end sends when the user moves a control.
func (f *frontEnd) move(g *gallery, id string, state map[string]any) string {
	g.events = nil
	f.receivers[id](context.Background(), map[string]any{"method": "update", "state": state, "buffer_paths": []any{}}, nil, g)
	return strings.Join(g.events, "\n")
}

func withFrontEnd(t *testing.T, asked bool) (*session.Session, *frontEnd) {
	s := newSession(t)
	f := &frontEnd{asked: asked, models: map[string]map[string]any{}, receivers: map[string]commReceiver{}, targets: map[string]func(string, map[string]any, [][]byte) (commReceiver, error){}}
	s.UseComms(f)
	return s, f
}

const square = "widget.Interact(func(n int) any { return n * n }, widget.IntSlider{Label: \"n\", Max: 31, Value: 3})"

func TestInteractRunsTheFunctionAgain(t *testing.T) {
	s, f := withFrontEnd(t, true)
	g := &gallery{}
	want := "display  [application/vnd.jupyter.widget-view+json text/html text/plain] n 3 (0 to 31)\ndisplay interact-1 [text/plain] 9"
	if got := shown(t, s, g, square); got != want {
		t.Fatalf("got\n%s\nwant\n%s", got, want)
	}
	slider, box := f.named("IntSlider"), f.named("VBox")
	view := g.bundles[0].Data["application/vnd.jupyter.widget-view+json"].(map[string]any)
	if view["model_id"] != box || fmt.Sprint(f.models[box]["children"]) != "[IPY_MODEL_"+slider+"]" {
		t.Errorf("view %v of %v", view, f.models[box])
	}
	for _, key := range []string{"layout", "style"} {
		id, _ := strings.CutPrefix(f.models[slider][key].(string), "IPY_MODEL_")
		if f.models[id] == nil {
			t.Errorf("%s of the slider is no model: %v", key, f.models[slider])
		}
	}
	if got := f.move(g, slider, map[string]any{"value": 5.0}); got != "update interact-1 [text/plain] 25" {
		t.Errorf("moved: %s", got)
	}
	if got := f.move(g, slider, map[string]any{"value": 5.0}); got != "" {
		t.Errorf("not moved: %s", got)
	}
	if got := f.move(g, slider, map[string]any{"value": 1e9}); got != "update interact-1 [text/plain] 961" {
		t.Errorf("beyond the end: %s", got)
	}
	f.receivers[slider](context.Background(), map[string]any{"method": "request_state"}, nil, g)
	if got := f.sent[len(f.sent)-1]; !strings.HasPrefix(got, slider+` {"buffer_paths":[],"method":"update","state":{`) || !strings.Contains(got, `"value":31`) {
		t.Errorf("state: %s", got)
	}
	receive, err := f.targets["jupyter.widget.control"]("c", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	receive(context.Background(), map[string]any{"method": "request_states"}, nil, g)
	if got := f.sent[len(f.sent)-1]; !strings.HasPrefix(got, `c {"buffer_paths":[],"method":"update_states"`) || !strings.Contains(got, `"model_name":"IntSliderModel"`) {
		t.Errorf("states: %s", got)
	}
}

func TestInteractAfterAnInterrupt(t *testing.T) {
	s, f := withFrontEnd(t, true)
	g := &gallery{}
	shown(t, s, g, "factor := 2\nfunc scaled(n int) any { return n * factor }\nwidget.Interact(scaled, widget.IntSlider{Max: 9})")
	first := f.named("IntSlider")
	shown(t, s, g, square)
	second := f.named("IntSlider")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if r := s.Run(ctx, "for {}", session.RunOptions{}, g); r.Err == nil {
		t.Fatal("not interrupted")
	}
	ctx, cancel = context.WithCancel(context.Background())
	g2 := &gallery{}
	go func() {
		for !strings.Contains(strings.Join(g2.snapshot(), ""), "go") {
		}
		cancel()
	}()
	if r := s.Run(ctx, "Display(\"go\"); for {}", session.RunOptions{}, g2); r.Err == nil {
		t.Fatal("not interrupted")
	}
	shown(t, s, g, "factor = 3")
	if got := f.move(g, first, map[string]any{"value": 4.0}); got != "update interact-1 [text/plain] 12" {
		t.Errorf("a function: %s", got)
	}
	if got := f.move(g, second, map[string]any{"value": 4.0}); got != "update interact-2 [text/plain] 16" {
		t.Errorf("a literal: %s", got)
	}
}

func TestInteractWithAllControls(t *testing.T) {
	s, f := withFrontEnd(t, true)
	g := &gallery{}
	got := shown(t, s, g, `type H struct{ s string }
func (h H) HTML() string { return "<b>" + h.s + "</b>" }
widget.Interact(func(n int, x float64, how string) (any, error) {
	fmt.Println("called")
	if how == "bad" { return nil, errors.New("no way") }
	if how == "panics" { panic("no") }
	return H{fmt.Sprint(n, " ", x, " ", how)}, nil
}, widget.IntSlider{Max: 9}, widget.FloatSlider{Label: "x", Min: -1, Max: 1}, widget.Dropdown{Options: []string{"good", "bad", "panics"}})`)
	if want := "interact-1 [text/html text/plain] H{s:0 0 good}"; !strings.HasSuffix(got, want) || !strings.Contains(got, "called") {
		t.Errorf("got %s", got)
	}
	if got := f.move(g, f.named("FloatSlider"), map[string]any{"value": 0.5}); got != "stdout \"called\\n\"\nupdate interact-1 [text/html text/plain] H{s:0 0.5 good}" {
		t.Errorf("float: %s", got)
	}
	if got := f.move(g, f.named("Dropdown"), map[string]any{"index": 1.0}); !strings.HasSuffix(got, "update interact-1 [text/html text/plain] no way") {
		t.Errorf("error: %s", got)
	}
	if got := f.move(g, f.named("Dropdown"), map[string]any{"index": 2.0}); !strings.HasSuffix(got, "update interact-1 [text/html text/plain] panic: no") {
		t.Errorf("panic: %s", got)
	}
	if got := f.move(g, f.named("Dropdown"), map[string]any{"index": 7.0}); got != "" {
		t.Errorf("no option: %s", got)
	}
	if got := f.move(g, f.named("Dropdown"), map[string]any{"index": 0.0}); !strings.HasSuffix(got, "H{s:0 0.5 good}") {
		t.Errorf("good again: %s", got)
	}
}

func TestWidgetsWithoutAManagerAreStatic(t *testing.T) {
	s, f := withFrontEnd(t, false)
	g := &gallery{}
	if got, want := shown(t, s, g, square), "display  [text/html text/plain] n 3 (0 to 31)\ndisplay interact-1 [text/plain] 9"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	got := shown(t, s, g, "bar := widget.Show(widget.FloatProgress{Label: \"p\", Max: 2})\nbar.Set(1.0)\nbar.Float()")
	if want := "display widget-2 [text/html text/plain] p 0 (0 to 2)\nupdate widget-2 [text/html text/plain] p 1 (0 to 2)\nresult [text/plain] 1"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if len(f.order) > 0 {
		t.Errorf("comms were opened: %v", f.order)
	}
}

func TestShownControls(t *testing.T) {
	s, f := withFrontEnd(t, true)
	g := &gallery{}
	shown(t, s, g, "level := widget.Show(widget.FloatSlider{Label: \"level\", Max: 1, Value: 0.5})\nbar := widget.Show(widget.FloatProgress{Max: 4})")
	f.move(g, f.named("FloatSlider"), map[string]any{"value": 0.25})
	if got := shown(t, s, g, "bar.Set(2)\nlevel.Float(), level.Text(), bar.Value(), bar.Int()"); got != "result [text/plain] 0.25\nresult [text/plain] 0.25\nresult [text/plain] 2\nresult [text/plain] 2" {
		t.Errorf("values: %s", got)
	}
	if got := strings.Join(f.sent, "\n"); got != f.named("FloatProgress")+` {"buffer_paths":[],"method":"update","state":{"value":2}}` {
		t.Errorf("sent %s", got)
	}
}

func TestWrongWidgets(t *testing.T) {
	s, _ := withFrontEnd(t, true)
	for cell, want := range map[string]string{
		"widget.Interact(3)": "widget: Interact wants a function, not int",
		"widget.Interact(func() any { return 1 }, widget.IntSlider{})":                    "widget: the function has 0 parameters for 1 controls",
		"widget.Interact(func(s string) any { return 1 }, widget.IntSlider{Max: 1})":      "widget: parameter 1 of the function is string, but a IntSlider gives int",
		"widget.Interact(func(n int) any { return 1 }, widget.IntSlider{Min: 2, Max: 1})": "widget: slider \"\": Max 1 is below Min 2",
		"widget.Show(widget.Dropdown{Label: \"d\"})":                                      "widget: dropdown \"d\" has no options",
		"widget.Show(3)": "widget: int is no control; have IntSlider, FloatSlider, Dropdown, FloatProgress",
		"h := widget.Show(widget.IntSlider{Max: 3})\nh.Set(\"x\")":                         "widget: a slider wants a number, not string",
		"d := widget.Show(widget.Dropdown{Options: []string{\"a\", \"b\"}})\nd.Set(\"c\")": "widget: c is no option; have a, b",
	} {
		r := s.Run(context.Background(), cell, session.RunOptions{}, &gallery{})
		if r.Err == nil || r.Err.Message != want {
			t.Errorf("%s\ngot  %v\nwant %s", cell, r.Err, want)
		}
	}
}

func TestOldWidgetsAreClosed(t *testing.T) {
	s, f := withFrontEnd(t, true)
	for range 120 {
		shown(t, s, &gallery{}, "widget.Show(widget.IntSlider{Max: 3})")
	}
	if n := len(slices.Collect(maps.Keys(f.models))); n != 300 { // each is a control, its layout and its style
		t.Errorf("%d models are open", n)
	}
}

func (g *gallery) snapshot() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.events)
}
