package corr

import (
	"context"
	"math"
	"reflect"
	"runtime"
	"slices"
	"testing"

	"gonverge/lib/activation"
	"gonverge/lib/align"
	"gonverge/lib/nn"
)

// TestInformationDrawsArePicturesDrawnAgain: beside plain counting of the pictures drawn, each as often as it was.
func TestInformationDrawsArePicturesDrawnAgain(t *testing.T) {
	inTempCache(t)
	ctx := context.Background()
	const n, seed, draws = 50, 9, 5
	src := activation.Stream([]*nn.Net{tiny(1, 6), tiny(2, 9), tiny(3, 6)}, pictures("noise", n), "conv1", "fc4")
	info, err := CollectInformation(ctx, src, InformationConfig{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := drawInformation(ctx, src, info, seed, draws)
	if err != nil {
		t.Fatal(err)
	}
	// The activations of each picture, layer and net.
	values := make([][][][]float32, n)
	err = src.Each(ctx, func(b *activation.Block) error {
		for p := range b.Pictures {
			for _, l := range b.Layers {
				var nets [][]float32
				for net, u := range l.Units {
					size := l.Rows / b.Pictures * u
					nets = append(nets, slices.Clone(l.Values[net][p*size:][:size]))
				}
				values[b.First+p] = append(values[b.First+p], nets)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	group := deal(n, n, seed)
	for k, l := range info.layers {
		bin := func(net, unit int, v float32) int {
			if v <= 0 {
				return 0
			}
			at := 1
			for _, e := range l.Edges(net, unit) {
				if e <= float64(v) {
					at++
				}
			}
			return at
		}
		for i := range draws {
			weights := drawn(seed, i, n)
			naive := func(a, ua, b, ub int) float64 {
				joint, first, second, total := map[[2]int]float64{}, map[int]float64{}, map[int]float64{}, 0.0
				for p := range n {
					w := float64(weights[group[p]])
					x, y := values[p][k][a], values[p][k][b]
					for r := 0; w > 0 && r < len(x)/l.units[a]; r++ {
						i, j := bin(a, ua, x[r*l.units[a]+ua]), bin(b, ub, y[r*l.units[b]+ub])
						joint[[2]int{i, j}] += w
						first[i] += w
						second[j] += w
						total += w
					}
				}
				nats := 0.0
				for c, v := range joint {
					nats += v / total * math.Log(v*total/(first[c[0]]*second[c[1]]))
				}
				return nats
			}
			at := 0
			for a := range l.units {
				for b := a + 1; b < len(l.units); b++ {
					m := l.MutualInformation(a, b)
					for _, match := range []*align.Matching{align.SemiMatch(m), align.Match(m)} {
						sum, count := 0.0, 0.0
						for ua, ub := range match.Partner {
							if ub >= 0 {
								sum += naive(a, ua, b, ub)
								count++
							}
						}
						if want := sum / count; math.Abs(got[k][i][at]-want) > 1e-12 {
							t.Fatalf("%s, draw %d, nets %d and %d: %v, want %v", l.name, i, a, b, got[k][i][at], want)
						}
						at++
					}
				}
			}
		}
	}
	// Every picture once gives what was found, in few groups as in many.
	for _, groups := range []int{2, 7, n} {
		for k, l := range info.layers {
			d := newInformationDraws(l, info.config.Bins)
			d.room(groups)
			group := deal(n, groups, seed)
			for p := range n {
				x := values[p][k]
				d.add(x, 1, len(x[0])/l.units[0], group[p:])
			}
			ones := slices.Repeat([]float64{1}, groups)
			for i, v := range d.scores(ctx, [][]float64{ones})[0] {
				if want := informationScores(l)[i]; math.Abs(v-want) > 1e-12 {
					t.Errorf("%s in %d groups: score %d is %v, want %v", l.name, groups, i, v, want)
				}
			}
		}
	}
}

func TestCompareGivesInformationIntervals(t *testing.T) {
	inTempCache(t)
	acts := activation.Stream([]*nn.Net{tiny(1, 6), tiny(2, 9)}, pictures("noise", 60), "conv1")
	get := func() *Comparison {
		c, err := Compare(t.Context(), acts, CompareConfig{Seed: 3, Draws: 200, Information: true, NoUntrained: true})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	c := get()
	for _, a := range []Agreement{c.Layers[0].SemiInformation, c.Layers[0].MatchInformation} {
		if i := a.Interval; !(i.Low < i.High && i.Low < a.Value && i.High > a.Value && i.High-i.Low < a.Value) || i.Level != .95 {
			t.Errorf("%v with the interval %v", a.Value, i)
		}
	}
	old := runtime.GOMAXPROCS(1)
	again := get()
	runtime.GOMAXPROCS(old)
	if !reflect.DeepEqual(c.Layers, again.Layers) {
		t.Errorf("on one core %+v, want %+v", again.Layers, c.Layers)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	info, err := CollectInformation(t.Context(), acts, InformationConfig{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := drawInformation(ctx, acts, info, 1, 10); err != context.Canceled {
		t.Errorf("after the end of ctx: %v", err)
	}
}

// TestInformationDrawsOfDeadUnits: nothing to tell is 0, not NaN.
func TestInformationDrawsOfDeadUnits(t *testing.T) {
	d := mixed(3, 40, 3, 2)
	for i := range 3 {
		d.change(0, i, func(int, float32) float32 { return 0 })
	}
	l := surveyed(d.matrices()).information(InformationConfig{})
	draws := newInformationDraws(l, 9)
	draws.room(4)
	draws.add(d.values, d.rows, d.rows, deal(d.rows, 4, 1))
	for _, row := range draws.scores(t.Context(), [][]float64{{1, 1, 1, 1}, {4, 0, 0, 0}, {0, 0, 0, 0}}) {
		if !reflect.DeepEqual(row, []float64{0, 0}) {
			t.Errorf("scores %v", row)
		}
	}
}
