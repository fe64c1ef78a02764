package weights

import (
	"slices"
	"strings"
	"testing"
)

// numbered returns a tensor whose values say their own index: 1203 is [1][2][0][3].
func numbered(shape ...int) *Tensor {
	n, _ := product(shape)
	t := &Tensor{Name: "w", Shape: shape, Data: make([]float32, n), Type: "F32"}
	for i := range t.Data {
		v, rest, unit := 0, i, 1
		for d := len(shape) - 1; d >= 0; d-- {
			v += rest % shape[d] * unit
			rest /= shape[d]
			unit *= 10
		}
		t.Data[i] = float32(v)
	}
	return t
}

func TestFiltersBecomeHWIO(t *testing.T) {
	in := numbered(5, 4, 3, 2) // units, inputs, rows, columns
	out, err := HWIO(in)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(out.Shape, []int{3, 2, 4, 5}) {
		t.Fatalf("shape %v", out.Shape)
	}
	at := 0
	for h := range 3 {
		for w := range 2 {
			for i := range 4 {
				for o := range 5 {
					if got, want := out.Data[at], float32(1000*o+100*i+10*h+w); got != want {
						t.Fatalf("[%d][%d][%d][%d]: got %v, want %v", h, w, i, o, got, want)
					}
					at++
				}
			}
		}
	}
	back, err := OIHW(out)
	if err != nil || !slices.Equal(back.Shape, in.Shape) || !slices.Equal(back.Data, in.Data) {
		t.Errorf("back: %v %v, error %v", back.Shape, back.Data, err)
	}
}

func TestRowsFollowTheOrderOfTheInput(t *testing.T) {
	const channels, height, width, units = 3, 2, 4, 2
	in := &Tensor{Shape: []int{channels * height * width, units}}
	for c := range channels {
		for h := range height {
			for w := range width {
				for u := range units {
					in.Data = append(in.Data, float32(1000*c+100*h+10*w+u))
				}
			}
		}
	}
	out, err := RowsHWC(in, channels, height, width)
	if err != nil {
		t.Fatal(err)
	}
	at := 0
	for h := range height {
		for w := range width {
			for c := range channels {
				for u := range units {
					if got, want := out.Data[at], float32(1000*c+100*h+10*w+u); got != want {
						t.Fatalf("row %d, unit %d: got %v, want %v", at/units, u, got, want)
					}
					at++
				}
			}
		}
	}
	back, err := RowsCHW(out, channels, height, width)
	if err != nil || !slices.Equal(back.Shape, in.Shape) || !slices.Equal(back.Data, in.Data) {
		t.Errorf("back: %v %v, error %v", back.Shape, back.Data, err)
	}
}

func TestReverseInputsSwapsRedAndBlue(t *testing.T) {
	in := numbered(2, 2, 3, 4)
	out, err := ReverseInputs(in)
	if err != nil {
		t.Fatal(err)
	}
	for at, v := range in.Data {
		unit, input, place := at%4, at/4%3, at/12
		if got := out.Data[place*12+(2-input)*4+unit]; got != v {
			t.Fatalf("value %v is %v", v, got)
		}
	}
	if slices.Equal(in.Data, out.Data) {
		t.Error("nothing changed")
	}
}

func TestLayoutsRefuseOtherShapes(t *testing.T) {
	matrix, filters := numbered(6, 2), numbered(2, 2, 2, 2)
	short := &Tensor{Name: "w", Shape: []int{2, 2, 2, 2}, Data: values(3)}
	for _, c := range []struct {
		name string
		do   func() (*Tensor, error)
		say  string
	}{
		{"HWIO of a matrix", func() (*Tensor, error) { return HWIO(matrix) }, "want OIHW"},
		{"OIHW of a matrix", func() (*Tensor, error) { return OIHW(matrix) }, "want HWIO"},
		{"Transpose of filters", func() (*Tensor, error) { return Transpose(filters) }, "rows × columns"},
		{"other rows", func() (*Tensor, error) { return RowsHWC(matrix, 2, 2, 2) }, "2 × 2 × 2 rows"},
		{"rows of filters", func() (*Tensor, error) { return RowsCHW(filters, 1, 1, 2) }, "rows"},
		{"short data", func() (*Tensor, error) { return ReverseInputs(short) }, "has 3 values"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := c.do(); err == nil || !strings.Contains(err.Error(), c.say) {
				t.Errorf("got %v, want it to say %q", err, c.say)
			}
		})
	}
}
