package figure_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"gonverge/lib/figure"
)

func ExampleTable() {
	t := figure.NewTable("layer", "paper", "here")
	t.Row("conv1", 0.70299, 0.5791).Row("fc6", math.NaN(), 0.609)
	fmt.Println(t)
	// Output:
	// layer  paper   here
	// conv1  0.703  0.579
	// fc6        –  0.609
}

func TestTableEscapesHTMLAndAlignsNumbers(t *testing.T) {
	tab := figure.NewTable("a<b", "n").Row("x & y", 3)
	got := tab.MIMEBundle()["text/html"].(string)
	for _, want := range []string{"a&lt;b", "x &amp; y", `<td style="text-align:right">3</td>`} {
		if !strings.Contains(got, want) {
			t.Errorf("HTML lacks %q:\n%s", want, got)
		}
	}
}

func TestTableRefusesRowsOfAnotherLength(t *testing.T) {
	defer func() {
		if r := recover(); r == nil || !strings.Contains(fmt.Sprint(r), "2 values for 1 columns") {
			t.Errorf("panic = %v, want one that names 2 values and 1 columns", r)
		}
	}()
	figure.NewTable("a").Row(1, 2)
}
