package main

import (
	"encoding/json"
	"strings"
	"testing"

	"gonverge/kernel/wire"
)

// A slider over real sockets, from the first question of a front end that has ipywidgets to the redrawn picture.
func TestInteractOverSockets(t *testing.T) {
	f := startKernel(t)
	f.send(f.Shell, "comm_info_request", wire.CommInfoRequest{Target: "jupyter.widget"})
	f.next(f.Shell)
	id := f.send(f.Shell, "execute_request", wire.ExecuteRequest{Code: "widget.Interact(func(n int) any { return n * n }, widget.IntSlider{Label: \"n\", Max: 31, Value: 3})"})
	slider, view, result := "", "", ""
	f.each(id, func(msgType string, content map[string]any) {
		data, _ := content["data"].(map[string]any)
		state, _ := data["state"].(map[string]any)
		switch {
		case msgType == "comm_open" && state["_model_name"] == "IntSliderModel":
			slider = content["comm_id"].(string)
		case msgType == "display_data" && data["application/vnd.jupyter.widget-view+json"] != nil:
			view, _ = data["text/plain"].(string)
		case msgType == "display_data":
			transient, _ := content["transient"].(map[string]any)
			result = data["text/plain"].(string) + " " + transient["display_id"].(string)
		}
	})
	f.next(f.Shell)
	if slider == "" || view != "n 3 (0 to 31)" || result != "9 interact-1" {
		t.Fatalf("slider %q, view %q, result %q", slider, view, result)
	}
	id = f.send(f.Shell, "comm_msg", wire.Comm{CommID: slider, Data: map[string]any{"method": "update", "state": map[string]any{"value": 7}, "buffer_paths": []any{}}})
	got := ""
	f.each(id, func(msgType string, content map[string]any) {
		if msgType == "update_display_data" {
			text, _ := json.Marshal(content)
			got = string(text)
		}
	})
	if !strings.Contains(got, `"text/plain":"49"`) || !strings.Contains(got, `"display_id":"interact-1"`) {
		t.Errorf("moved: %s", got)
	}
}

// each calls do for every iopub message of a request until idle.
func (f *frontEnd) each(id string, do func(msgType string, content map[string]any)) {
	f.t.Helper()
	for {
		m := f.next(f.IOPub)
		if m.Parent.MsgID != id {
			continue
		}
		var content map[string]any
		if err := m.Unmarshal(&content); err != nil {
			f.t.Fatal(err)
		}
		if content["execution_state"] == "idle" {
			return
		}
		do(m.Header.MsgType, content)
	}
}
