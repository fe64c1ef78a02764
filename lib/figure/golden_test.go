package figure_test

import (
	"bytes"
	"flag"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"

	"gonverge/lib/figure"
)

var update = flag.Bool("update", false, "rewrite the golden pictures")

// goldenTol is the mean absolute difference of a golden picture's 8-bit channels
// that is still the same picture: rounding of edges differs between processors,
// a moved label or axis gives ten times as much.
const goldenTol = 0.4

// correlations makes a matrix like Figure 1's: noise around a grey, and a diagonal
// that fades from 1 to chance when matched.
func correlations(n int, matched, within bool) *mat.Dense {
	rng := rand.New(rand.NewPCG(7, 1))
	m := mat.NewDense(n, n, nil)
	for i := range n {
		for j := range n {
			m.Set(i, j, math.Max(-0.45, math.Min(0.8, 0.16*rng.NormFloat64())))
		}
	}
	for i := range n {
		j := i
		if !matched && !within {
			j = (i*7 + 3) % n
		}
		v := 1.0
		if !within {
			v = 0.98 - 0.7*float64(i)/float64(n)
		}
		m.Set(i, j, v)
		for k := 0; within && k < i; k++ {
			m.Set(i, k, m.At(k, i))
		}
	}
	return m
}

func figure1(n int) *figure.Figure {
	return figure.Row(
		figure.Heatmap{Title: "(a) within Net1", Values: correlations(n, false, true)},
		figure.Heatmap{Title: "(b) within Net2", Values: correlations(n, false, true).T()},
		figure.Heatmap{Title: "(c) between", Values: correlations(n, false, false)},
		figure.Heatmap{Title: "(d) between, matched", Values: correlations(n, true, false)},
	)
}

func figure3(n int) *figure.Figure {
	rng := rand.New(rand.NewPCG(3, 3))
	semi, match, before := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range semi {
		t := float64(i) / float64(n-1)
		semi[i] = 1 - 0.62*t - 0.2*t*t*t*t
		match[i] = semi[i]
		if rng.Float64() < 0.27 {
			match[i] = math.Max(0.02, semi[i]-0.4*rng.Float64())
		}
		before[i] = 0.93 - 0.5*t
	}
	return figure.Row(figure.Curves{
		Title:  "conv1: correlation with the assigned unit",
		XLabel: "unit of Net1 (sorted by semi-matching correlation)", YLabel: "correlation with assigned unit of Net2",
		Lines: []figure.Line{
			{Name: "semi-matching", Y: semi, Color: figure.LightGreen(), Marker: 4},
			{Name: "matching", Y: match, Color: figure.DarkGreen(), Marker: 2.5},
			{Name: "untrained, semi-matching", Y: before, Dashed: true},
			{Name: "chance, semi-matching", Y: slices.Repeat([]float64{0.04}, n), Dashed: true},
		},
	})
}

func figure4() *figure.Figure {
	spread := func(y []float64, r float64) (low, high []float64) {
		for _, v := range y {
			low, high = append(low, v-r), append(high, v+r)
		}
		return low, high
	}
	line := func(name string, c color.Color, dashed bool, marker, r float64, y ...float64) figure.Line {
		l := figure.Line{Name: name, Color: c, Dashed: dashed, Marker: marker, Y: y}
		if r > 0 {
			l.Low, l.High = spread(y, r)
		}
		return l
	}
	chance := line("matching, chance", figure.Grey(), false, 0, 0, .03, .03, .03, .03, .03, .05, .05)
	chance.Dotted = true
	chance2 := line("semi-matching, chance", figure.Grey(), true, 0, 0, .05, .05, .05, .05, .05, .07, .08)
	return figure.Row(figure.Curves{
		Title: "mean correlation of assigned units, six pairs of nets", YLabel: "mean correlation",
		Names: []string{"conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7"},
		Lines: []figure.Line{
			line("semi-matching", figure.LightGreen(), false, 4, .03, .70, .56, .48, .37, .42, .61, .72),
			line("matching", figure.DarkGreen(), false, 3, .03, .66, .51, .45, .34, .38, .58, .70),
			line("semi-matching, untrained", figure.LightGreen(), true, 0, .02, .68, .62, .60, .58, .55, .40, .38),
			line("matching, untrained", figure.DarkGreen(), true, 0, .02, .60, .55, .54, .52, .50, .35, .33),
			chance2, chance,
		},
	})
}

func sheet() *figure.Figure {
	rng := rand.New(rand.NewPCG(5, 5))
	p := figure.Pictures{Title: "best eight (left) and worst eight (right) pairs", Columns: 16}
	for i := range 32 {
		img := image.NewRGBA(image.Rect(0, 0, 7, 7))
		a, f := 2*math.Pi*rng.Float64(), 0.4+rng.Float64()
		for y := range 7 {
			for x := range 7 {
				v := math.Sin(f * (math.Cos(a)*float64(x) + math.Sin(a)*float64(y)))
				img.Set(x, y, color.RGBA{uint8(128 + 120*v), uint8(128 + 90*v), uint8(128 - 60*v), 255})
			}
		}
		p.Images = append(p.Images, img)
		if i < 16 {
			p.Captions = append(p.Captions, "0.97")
		}
	}
	return figure.Row(p)
}

func mixed() *figure.Figure {
	rng := rand.New(rand.NewPCG(9, 9))
	x, y, z := make([]float64, 300), make([]float64, 300), make([]float64, 300)
	for i := range x {
		x[i] = math.Abs(rng.NormFloat64())
		y[i] = math.Abs(0.7*x[i] + 0.4*rng.NormFloat64())
		z[i] = rng.NormFloat64()
	}
	bad := mat.NewDense(8, 12, nil)
	for i := range 8 {
		for j := range 12 {
			bad.Set(i, j, float64(i*j))
		}
	}
	bad.Set(2, 3, math.NaN())
	low, high := make([]float64, 40), make([]float64, 40)
	mid := make([]float64, 40)
	for i := range mid {
		mid[i] = math.Exp(-float64(i)/10) * 2.3
		low[i], high[i] = mid[i]*0.85, mid[i]*1.15
	}
	mid[20] = math.NaN()
	return figure.Grid(2,
		figure.Scatter{Title: "activations of a pair", XLabel: "unit 3 of Net1", YLabel: "unit 17 of Net2", X: x, Y: y, Diagonal: true},
		figure.Histogram{Title: "values", XLabel: "z", YLabel: "count", Values: z},
		figure.Heatmap{Title: "with a NaN", Values: bad, XLabel: "column", YLabel: "row"},
		figure.Curves{Title: "loss", XLabel: "epoch", YLabel: "loss", Lines: []figure.Line{{Name: "net 1", Y: mid, Low: low, High: high}, {Name: "net 2", Y: high, Dotted: true}}},
	)
}

// dendrogram is a tree of six nets beside a heat map of them.
func dendrogram() *figure.Figure {
	return figure.Row(
		figure.Heatmap{Title: "similarity", Values: correlations(6, true, true)},
		figure.Dendrogram{Title: "nets", XLabel: "1 − mean correlation", Names: []string{"everpeace", "Simshang", "yuvval", "nets of others", "BXuan", "last"},
			Merges: [][4]float64{{1, 4, 0.31, 2}, {0, 2, 0.34, 2}, {6, 7, 0.4, 4}, {3, 8, 0.42, 5}, {5, 9, 0.55, 6}}},
	)
}

var golden = []struct {
	name string
	draw func() *figure.Figure
}{
	{"dendrogram", dendrogram},
	{"figure-1", func() *figure.Figure { return figure1(32) }},
	{"figure-3", func() *figure.Figure { return figure3(96) }},
	{"figure-4", figure4},
	{"pictures", sheet},
	{"mixed", mixed},
	{"single", func() *figure.Figure {
		return figure.Row(figure.Heatmap{Values: correlations(96, true, false), Min: -1, Max: 1})
	}},
}

func TestFiguresLookAsBefore(t *testing.T) {
	for _, g := range golden {
		t.Run(g.name, func(t *testing.T) {
			b, err := g.draw().PNG()
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", g.name+".png")
			if *update {
				if err := os.MkdirAll("testdata", 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, b, 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			comparePictures(t, g.name, decode(t, b), decode(t, want))
		})
	}
}

func decode(t *testing.T, b []byte) image.Image {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// comparePictures fails if two pictures differ by more than the tolerance, and
// then leaves what was drawn and the difference in the temporary folder.
func comparePictures(t *testing.T, name string, got, want image.Image) {
	t.Helper()
	if got.Bounds() != want.Bounds() {
		t.Fatalf("size %v, want %v", got.Bounds().Size(), want.Bounds().Size())
	}
	diff := image.NewGray(got.Bounds())
	sum := 0.0
	for y := range got.Bounds().Dy() {
		for x := range got.Bounds().Dx() {
			r, g, b, _ := got.At(x, y).RGBA()
			R, G, B, _ := want.At(x, y).RGBA()
			d := (math.Abs(float64(r)-float64(R)) + math.Abs(float64(g)-float64(G)) + math.Abs(float64(b)-float64(B))) / 3 / 257
			diff.SetGray(x, y, color.Gray{Y: uint8(255 - math.Min(255, 4*d))})
			sum += d
		}
	}
	mean := sum / float64(got.Bounds().Dx()*got.Bounds().Dy())
	if mean <= goldenTol {
		return
	}
	folder, err := os.MkdirTemp("", "figure-"+name)
	if err != nil {
		t.Fatal(err)
	}
	for file, img := range map[string]image.Image{"got.png": got, "difference.png": diff} {
		var b bytes.Buffer
		if err := png.Encode(&b, img); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, file), b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Errorf("mean absolute difference %.2f of 255, want at most %.2f; see %s (go test -update accepts it)", mean, goldenTol, folder)
}
