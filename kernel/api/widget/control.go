package widget

import (
	"errors"
	"fmt"
	"html"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// IntSlider is a slider over whole numbers from Min to Max.
type IntSlider struct {
	Label    string
	Min, Max int
	Step     int // 0 is 1
	Value    int // at the start; what is outside is moved inside
}

// FloatSlider is a slider over numbers from Min to Max.
type FloatSlider struct {
	Label    string
	Min, Max float64
	Step     float64 // 0 is a hundredth of the range
	Value    float64 // at the start; what is outside is moved inside
}

// Dropdown is a choice of one of several texts.
type Dropdown struct {
	Label   string
	Options []string
	Value   string // at the start; what is no option is the first
}

// FloatProgress is a bar from Min to Max; Max 0 with Min 0 is 1.
type FloatProgress struct {
	Label    string
	Min, Max float64
	Value    float64
}

// Model is what a front end needs to know of a control: package session uses it.
type Model struct {
	Name  string         // of the class, such as "IntSlider"
	State map[string]any // as ipywidgets calls it
	Value any            // int, float64 or string
}

// ModelOf returns the model of a control, checked.
func ModelOf(control any) (Model, error) {
	switch c := control.(type) {
	case IntSlider:
		if c.Max < c.Min {
			return Model{}, fmt.Errorf("widget: slider %q: Max %d is below Min %d", c.Label, c.Max, c.Min)
		}
		v := min(max(c.Value, c.Min), c.Max)
		return Model{"IntSlider", map[string]any{"description": c.Label, "min": c.Min, "max": c.Max, "step": max(1, c.Step), "value": v, "continuous_update": true, "readout": true, "orientation": "horizontal"}, v}, nil
	case FloatSlider:
		if !(c.Max >= c.Min) {
			return Model{}, fmt.Errorf("widget: slider %q: Max %g is below Min %g", c.Label, c.Max, c.Min)
		}
		if c.Step <= 0 {
			c.Step = (c.Max - c.Min) / 100
		}
		v := min(max(c.Value, c.Min), c.Max)
		return Model{"FloatSlider", map[string]any{"description": c.Label, "min": c.Min, "max": c.Max, "step": c.Step, "value": v, "continuous_update": true, "readout": true, "readout_format": ".3g", "orientation": "horizontal"}, v}, nil
	case Dropdown:
		if len(c.Options) == 0 {
			return Model{}, fmt.Errorf("widget: dropdown %q has no options", c.Label)
		}
		i := max(0, slices.Index(c.Options, c.Value))
		return Model{"Dropdown", map[string]any{"description": c.Label, "_options_labels": slices.Clone(c.Options), "index": i}, c.Options[i]}, nil
	case FloatProgress:
		if c.Min == 0 && c.Max == 0 {
			c.Max = 1
		}
		if !(c.Max > c.Min) {
			return Model{}, fmt.Errorf("widget: bar %q: Max %g is not above Min %g", c.Label, c.Max, c.Min)
		}
		return Model{"FloatProgress", map[string]any{"description": c.Label, "min": c.Min, "max": c.Max, "value": c.Value, "bar_style": "", "orientation": "horizontal"}, c.Value}, nil
	}
	return Model{}, fmt.Errorf("widget: %T is no control; have IntSlider, FloatSlider, Dropdown, FloatProgress", control)
}

// String returns label and value, and where it lies.
func (m Model) String() string {
	label, _ := m.State["description"].(string)
	text := strings.TrimSpace(fmt.Sprintf("%s %v", label, m.Value))
	if options, ok := m.State["_options_labels"].([]string); ok {
		return text + " (of " + strings.Join(options, ", ") + ")"
	}
	return fmt.Sprintf("%s (%v to %v)", text, m.State["min"], m.State["max"])
}

// HTML returns a control that cannot be moved.
func (m Model) HTML() string {
	label, _ := m.State["description"].(string)
	shown := ""
	switch m.Name {
	case "Dropdown":
		shown = `<select disabled><option>` + html.EscapeString(fmt.Sprint(m.Value)) + `</option></select>`
	case "FloatProgress":
		low, _ := m.State["min"].(float64)
		high, _ := m.State["max"].(float64)
		v, _ := m.Value.(float64)
		shown = fmt.Sprintf(`<progress value="%g" max="%g"></progress>`, v-low, high-low)
	default:
		shown = fmt.Sprintf(`<input type="range" disabled min="%v" max="%v" step="%v" value="%v"> %v`, m.State["min"], m.State["max"], m.State["step"], m.Value, m.Value)
	}
	return `<div><label>` + html.EscapeString(label) + ` ` + shown + `</label></div>`
}

func bundle(control any) map[string]any {
	m, err := ModelOf(control)
	if err != nil {
		return map[string]any{"text/plain": err.Error()}
	}
	return map[string]any{"text/plain": m.String(), "text/html": m.HTML()}
}

// MIMEBundle shows the control as a picture of itself; Show and Interact make it move.
func (c IntSlider) MIMEBundle() map[string]any { return bundle(c) }

// MIMEBundle shows the control as a picture of itself; Show and Interact make it move.
func (c FloatSlider) MIMEBundle() map[string]any { return bundle(c) }

// MIMEBundle shows the control as a picture of itself; Show and Interact make it choose.
func (c Dropdown) MIMEBundle() map[string]any { return bundle(c) }

// MIMEBundle shows the bar as it is; Show makes it move.
func (c FloatProgress) MIMEBundle() map[string]any { return bundle(c) }

// Handle is a control that is shown. Its methods are safe for concurrent use.
type Handle struct {
	mu    sync.Mutex
	model Model
	send  func(Model)
}

// NewHandle returns the handle of a control; send shows its new state, and may be nil. Cells use Show.
func NewHandle(m Model, send func(Model)) *Handle { return &Handle{model: m, send: send} }

// Model returns the state of the control.
func (h *Handle) Model() Model {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.model
}

// Value returns what the control says: an int, a float64 or a string.
func (h *Handle) Value() any { return h.Model().Value }

// Int returns the value as a whole number; 0 for a text.
func (h *Handle) Int() int { return int(h.Float()) }

// Float returns the value as a number; 0 for a text.
func (h *Handle) Float() float64 {
	switch v := h.Value().(type) {
	case int:
		return float64(v)
	case float64:
		return v
	}
	return 0
}

// Text returns the value as a text.
func (h *Handle) Text() string {
	switch v := h.Value().(type) {
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	default:
		return fmt.Sprint(v)
	}
}

// Set moves the control. A value that it cannot have is an error.
func (h *Handle) Set(value any) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.model.set(value); err != nil {
		return err
	}
	if h.send != nil {
		h.send(h.model)
	}
	return nil
}

// Receive takes what the front end says of the control: state as ipywidgets sends it. It reports whether the value changed.
func (h *Handle) Receive(state map[string]any) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	was := h.model.Value
	if i, ok := state["index"].(float64); ok && h.model.Name == "Dropdown" {
		options, _ := h.model.State["_options_labels"].([]string)
		if i >= 0 && int(i) < len(options) {
			_ = h.model.set(options[int(i)]) // it is an option
		}
	}
	if v, ok := state["value"].(float64); ok && h.model.Name != "Dropdown" {
		_ = h.model.set(v) // a value that the control cannot have changes nothing
	}
	return h.model.Value != was
}

// set changes the value in a copy of the state.
func (m *Model) set(value any) error {
	state := map[string]any{}
	for k, v := range m.State {
		state[k] = v
	}
	switch m.Name {
	case "Dropdown":
		text, ok := value.(string)
		options, _ := state["_options_labels"].([]string)
		i := slices.Index(options, text)
		if !ok || i < 0 {
			return fmt.Errorf("widget: %v is no option; have %s", value, strings.Join(options, ", "))
		}
		state["index"], m.Value = i, text
	case "IntSlider":
		var n int
		switch v := value.(type) {
		case int:
			n = v
		case float64:
			n = int(v)
		default:
			return fmt.Errorf("widget: a slider wants a number, not %T", value)
		}
		n = min(max(n, state["min"].(int)), state["max"].(int))
		state["value"], m.Value = n, n
	default:
		var f float64
		switch v := value.(type) {
		case int:
			f = float64(v)
		case float64:
			f = v
		default:
			return fmt.Errorf("widget: a %s wants a number, not %T", m.Name, value)
		}
		f = min(max(f, state["min"].(float64)), state["max"].(float64))
		if f != f {
			return errors.New("widget: not a number")
		}
		state["value"], m.Value = f, f
	}
	m.State = state
	return nil
}

var errNoSession = errors.New("widget: not in a cell")

// Show shows a control below the cell and returns a handle on it.
func Show(control any) (*Handle, error) { return nil, errNoSession }

// Interact shows the controls and below them what f returns for their values, and calls f again whenever the user moves
// one. f takes one argument for each control, an int for an IntSlider, a float64 for a FloatSlider, a string for a
// Dropdown, and returns what is to be shown; a last result that is an error is shown instead where it is not nil. What f
// prints appears there, too.
func Interact(f any, controls ...any) error { return errNoSession }
