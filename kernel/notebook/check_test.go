package notebook

import (
	"strings"
	"testing"

	"gonverge/kernel/display"
)

func TestCheckFindsWhatIsWrong(t *testing.T) {
	bundle := func(text string, png []byte) *Output {
		data := map[string]any{"text/plain": text}
		if png != nil {
			data["image/png"] = png
		}
		return &Output{Type: "execute_result", Bundle: display.Bundle{Data: data}}
	}
	good := bundle("figure: a 2x2 [0.0, 1.0]", []byte("png"))
	for _, c := range []struct {
		name string
		cell *Cell
		want string // "" for nothing
	}{
		{"a good cell", &Cell{Count: 1, Outputs: []*Output{bundle("mean 0.5", nil)}}, ""},
		{"words that contain it", &Cell{Count: 1, Outputs: []*Output{bundle("Information, NaNo, inf", nil)}}, ""},
		{"an error", &Cell{Count: 1, Outputs: []*Output{{Type: "error", ErrorName: "panic", ErrorValue: "boom"}}}, "error: panic: boom"},
		{"did not run", &Cell{}, "did not run"},
		{"no picture", &Cell{Count: 1, Outputs: []*Output{bundle("figure: b", nil)}}, "without a picture"},
		{"a gap in a curve", &Cell{Count: 1, Outputs: []*Output{bundle(`figure: "b" 3 points (1 not finite)`, []byte("png"))}}, "no numbers"},
		{"a NaN", &Cell{Count: 1, Outputs: []*Output{bundle("conv1  NaN", nil)}}, "shows NaN"},
		{"a printed infinity", &Cell{Count: 1, Outputs: []*Output{{Type: "stream", Name: "stdout", Text: "loss: +Inf\n"}}}, "prints +Inf"},
	} {
		c.cell.Type, c.cell.Source = "code", "x"
		nb := &Notebook{Cells: []*Cell{{Type: "markdown", Source: "text"}, c.cell, {Type: "code", Source: "y", Count: 2, Outputs: []*Output{good}}}}
		got := strings.Join(Check(nb), "; ")
		if c.want == "" && got != "" || !strings.Contains(got, c.want) || c.want != "" && !strings.HasPrefix(got, "cell 2: ") {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
	if got := Check(&Notebook{}); len(got) != 1 || !strings.Contains(got[0], "no picture") {
		t.Errorf("an empty notebook: %q", got)
	}
}
