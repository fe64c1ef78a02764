package activation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"gonverge/lib/dataset"
	"gonverge/lib/nn"
)

func TestRangesYieldTheirPartOfTheWhole(t *testing.T) {
	nets := []*nn.Net{tiny(1, 6), tiny(2, 9)}
	set := pictures(100)
	for name, s := range map[string]*Source{"aligned": Stream(nets, set, "conv2"), "shuffled": Stream(nets, set, "conv2").Shuffled(3)} {
		whole, _ := gathered(t, s)
		for _, c := range [][2]int{{0, 100}, {0, 1}, {5, 70}, {32, 64}, {63, 65}, {99, 100}} {
			r := s.Range(c[0], c[1])
			if r.Pictures() != c[1]-c[0] || r.First() != c[0] || !r.Ranged() || r.Whole().Ranged() {
				t.Errorf("%v: %d pictures from %d", c, r.Pictures(), r.First())
			}
			next := c[0]
			var got [2][]float32
			err := r.Each(context.Background(), func(b *Block) error {
				if b.First != next || b.First/shardPictures != (b.First+b.Pictures-1)/shardPictures {
					t.Errorf("%v: block of %d pictures from %d, expected from %d", c, b.Pictures, b.First, next)
				}
				next += b.Pictures
				for i := range got {
					got[i] = append(got[i], b.Layers[0].Values[i]...)
				}
				return nil
			})
			if err != nil || next != c[1] {
				t.Errorf("%v: up to %d, error %v", c, next, err)
			}
			for i, v := range got {
				all := whole["conv2"][i]
				per := len(all) / 100
				if !slices.Equal(v, all[c[0]*per:c[1]*per]) {
					t.Errorf("%s %v: net %d is not its part of the whole", name, c, i)
				}
			}
		}
	}
}

func TestPartsCoverTheSourceInWholeBlocks(t *testing.T) {
	for _, pictures_ := range []int{1, 31, 32, 33, 100, 320} {
		s := Stream([]*nn.Net{tiny(1, 4)}, pictures(pictures_), "fc3")
		for n := 1; n < 13; n++ {
			next := 0
			for i := range n {
				p := s.Part(i, n)
				if p.First() != next || p.First()%shardPictures != 0 && p.Pictures() > 0 {
					t.Errorf("%d pictures, part %d of %d begins at %d, expected %d", pictures_, i, n, p.First(), next)
				}
				next += p.Pictures()
			}
			if next != pictures_ {
				t.Errorf("%d parts of %d pictures have %d", n, pictures_, next)
			}
		}
	}
}

func TestRangesHaveFingerprintsOfTheirOwn(t *testing.T) {
	s := Stream([]*nn.Net{tiny(1, 4)}, pictures(70), "conv1")
	a, b := s.Range(0, 32), s.Range(32, 70)
	if s.Fingerprint() == a.Fingerprint() || a.Fingerprint() == b.Fingerprint() || a.Fingerprint() != s.Part(0, 2).Fingerprint() {
		t.Error("fingerprints of ranges")
	}
	if a.Whole().Fingerprint() != s.Fingerprint() || a.NetsFingerprint() != b.NetsFingerprint() || s.NetsFingerprint() == s.Shuffled(1).NetsFingerprint() {
		t.Error("fingerprints of the whole")
	}
	if got := b.String(); !strings.HasSuffix(got, "; layers conv1; pictures 32 to 69") {
		t.Error(got)
	}
	if err := s.Range(5, 5).Each(context.Background(), nil); err == nil || !strings.Contains(err.Error(), "no pictures in the range 5 to 5") {
		t.Errorf("empty range: %v", err)
	}
	for want, do := range map[string]func(){
		"activation: range 5 to 71 of 70 pictures": func() { s.Range(5, 71) },
		"activation: range 5 to 4 of 70 pictures":  func() { s.Range(5, 4) },
		"activation: part 2 of 2 (valid: 0..1)":    func() { s.Part(2, 2) },
		"activation: Top: -1 pictures":             func() { _, _ = Top(context.Background(), s, "conv1", -1) },
	} {
		func() {
			defer func() {
				if got := recover(); got != want {
					t.Errorf("panic %q, want %q", got, want)
				}
			}()
			do()
		}()
	}
}

func TestTopIsTheLargestOfEachPicture(t *testing.T) {
	nets := []*nn.Net{tiny(1, 6), tiny(2, 9)}
	set := pictures(50)
	for name, s := range map[string]*Source{
		"aligned": Stream(nets, set), "shuffled": Stream(nets, set).Shuffled(3), "range": Stream(nets, set).Range(10, 45),
	} {
		for _, k := range []int{0, 1, 9, 100} {
			got, err := Top(context.Background(), s, "conv1", k)
			if err != nil {
				t.Fatal(err)
			}
			from, to := s.bounds()
			for net, n := range nets {
				units, order := got.Shape(net)[2], s.order(net)
				values := direct(t, n, set, "conv1", order)
				for u := range units {
					var want []Peak
					counts := 0
					for p := from; p < to; p++ {
						best := Peak{Value: float32(math.Inf(-1))}
						for pos := range 36 {
							if v := values[(p*36+pos)*units+u]; v > best.Value {
								best = Peak{v, p, pos / 6, pos % 6}
								if order != nil {
									best.Picture = order[p]
								}
							}
							counts++
						}
						want = append(want, best)
					}
					slices.SortFunc(want, func(a, b Peak) int {
						return cmp.Or(cmp.Compare(b.Value, a.Value), cmp.Compare(a.Picture, b.Picture))
					})
					if want = want[:min(k, len(want))]; !slices.Equal(got.Top(net, u), want) {
						t.Fatalf("%s, k = %d: net %d unit %d: %v, want %v", name, k, net, u, got.Top(net, u), want)
					}
					h := got.Histogram(net, u)
					for _, c := range h.Counts {
						counts -= c
					}
					if counts != 0 {
						t.Errorf("%s: histogram lacks %d values", name, counts)
					}
				}
			}
			old := runtime.GOMAXPROCS(4)
			again, err := Top(context.Background(), s, "conv1", k)
			runtime.GOMAXPROCS(old)
			if err != nil || !reflect.DeepEqual(again, got) {
				t.Error("other workers give something else")
			}
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Top(ctx, Stream(nets, set), "conv1", 3); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := Top(context.Background(), Stream(nets, set), "conv9", 3); err == nil || !strings.Contains(err.Error(), "conv9") {
		t.Errorf("unknown layer: %v", err)
	}
	nets[1].Params()[1].Data[4] = float32(math.NaN())
	if _, err := Top(context.Background(), Stream(nets, set), "conv1", 3); err == nil || !strings.Contains(err.Error(), "unit 4 of net 1 is NaN") {
		t.Errorf("NaN: %v", err)
	}
}

func TestHistogramDoesNotDependOnOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for _, scale := range []float64{1e-38, 1e-3, 1, 1e38} {
		values := []float32{0, 0, 5e-3, float32(scale), -float32(scale), float32(2 * scale)}
		for range 500 {
			values = append(values, float32(scale*r.NormFloat64()*math.Exp(-5*r.Float64())/4))
		}
		var first Histogram
		for round := range 5 {
			var c rangeCounts
			for _, v := range values {
				c.add(v)
			}
			h := c.histogram()
			if round == 0 {
				first = h
			} else if !reflect.DeepEqual(h, first) {
				t.Fatalf("scale %v: another order gives %v, not %v", scale, h, first)
			}
			r.Shuffle(len(values), func(i, j int) { values[i], values[j] = values[j], values[i] })
		}
		for i, n := range first.Counts {
			for _, v := range values {
				if x := float64(v); x >= first.Low+float64(i)*first.Width && x < first.Low+float64(i+1)*first.Width {
					n--
				}
			}
			if n != 0 {
				t.Errorf("scale %v: bin %d is off by %d", scale, i, n)
			}
		}
		if n := len(first.Counts); n <= Bins/2 || n > 2*Bins || first.Zeros < 2 {
			t.Errorf("scale %v: %d bins, %d zeros", scale, n, first.Zeros)
		}
	}
	var zeros rangeCounts
	zeros.add(0)
	if got := zeros.histogram(); fmt.Sprint(got) != "{0 1 [1] 1}" {
		t.Errorf("a zero: %v", got)
	}
}

func ExampleTop() {
	// A net of one unit that adds up what it sees.
	net := nn.New(nn.Sequential("sum", nn.Input{Shape: [3]int{2, 2, 1}}, nn.Conv{Units: 1, Kernel: 1}, nn.Dense{Units: 2, Linear: true}), 1)
	for _, p := range net.Params() {
		for i := range p.Data {
			p.Data[i] = 0
			if p.Name == "weight" {
				p.Data[i] = 1
			}
		}
	}
	set, err := dataset.NewSet("squares", [3]int{2, 2, 1}, []uint8{
		0, 0, 0, 51,
		0, 255, 255, 0,
		0, 0, 0, 0,
		0, 0, 51, 0,
	}, make([]int, 4))
	if err != nil {
		fmt.Println(err)
		return
	}
	top, err := Top(context.Background(), Stream([]*nn.Net{net}, set), "conv1", 3)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range top.Top(0, 0) {
		fmt.Printf("picture %d at row %d, column %d: %.1f\n", p.Picture, p.Row, p.Column, p.Value)
	}
	fmt.Println(top)
	// Output:
	// picture 1 at row 0, column 1: 1.0
	// picture 0 at row 1, column 1: 0.2
	// picture 3 at row 1, column 0: 0.2
	// conv1: the 3 pictures of largest activation and a histogram of each unit; net 0: 1 units
}
