package findings

import (
	"context"
	"math"
	"strings"
	"testing"

	"gonverge/lib/align"
	"gonverge/lib/dataset"
	"gonverge/lib/nn"
	"gonverge/lib/train"
)

func TestJudge(t *testing.T) {
	for _, c := range []struct {
		name  string
		v     Value
		limit float64
		above bool
		want  Verdict
	}{
		{"all above", Value{0.7, 0.6, 0.8}, 0.5, true, Holds},
		{"touches the limit", Value{0.7, 0.5, 0.8}, 0.5, true, Holds},
		{"all below", Value{0.3, 0.2, 0.4}, 0.5, true, DoesNotHold},
		{"holds the limit", Value{0.5, 0.4, 0.6}, 0.5, true, Undecided},
		{"below wanted, below", Value{-0.5, -0.6, -0.4}, -0.35, false, Holds},
		{"below wanted, above", Value{0, -0.1, 0.2}, -0.35, false, DoesNotHold},
		{"no value", None(), 0.5, true, Undecided},
	} {
		if got := judge(c.v, c.limit, c.above); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func TestAUnlearnedFindingSaysSo(t *testing.T) {
	c := Claim{Here: Over(0.8, 0.9), Untrained: Over(0.6, 0.7), Limit: 0.5, Above: true, Note: "first"}.decided()
	if c.Verdict != Holds || c.Note != "first; untrained nets show it, too" {
		t.Errorf("got %v, note %q", c.Verdict, c.Note)
	}
	c = Claim{Here: Over(0.8, 0.9), Untrained: Over(0.4, 0.7), Limit: 0.5, Above: true}.decided()
	if c.Verdict != Holds || c.Note != "" {
		t.Errorf("got %v, note %q", c.Verdict, c.Note)
	}
}

func TestRankCorrelation(t *testing.T) {
	// The third is scipy.stats.spearmanr([1,2,2,5,4], [3,1,4,4,9]).
	for _, c := range []struct {
		a, b []float64
		want float64
	}{
		{[]float64{1, 2, 3}, []float64{10, 100, 1000}, 1},
		{[]float64{1, 2, 3, 4}, []float64{9, 7, 5, 1}, -1},
		{[]float64{1, 2, 2, 5, 4}, []float64{3, 1, 4, 4, 9}, 0.60526315789},
		{[]float64{1, 1, 1}, []float64{1, 2, 3}, 0},
		{nil, nil, 0},
	} {
		if got := RankCorrelation(c.a, c.b); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%v, %v: got %v, want %v", c.a, c.b, got, c.want)
		}
	}
}

func TestFilterFrequencies(t *testing.T) {
	// Four filters of 4×4, one channel: flat, one cycle in four pixels along x, a chequer-board, nothing.
	weights := make([]float32, 4*4*4)
	for i := range 4 {
		for j := range 4 {
			w := weights[(i*4+j)*4:]
			w[0] = 2
			w[1] = float32(math.Cos(math.Pi / 2 * float64(j)))
			w[2] = float32(1 - 2*((i+j)%2))
		}
	}
	got := filterFrequencies(weights, 4, 1, 4)
	for u, want := range []float64{0, 0.25, math.Sqrt(0.5), 0} {
		if math.Abs(got[u]-want) > 1e-6 {
			t.Errorf("filter %d: got %v, want %v", u, got[u], want)
		}
	}
}

func TestQuantitiesOfMatchings(t *testing.T) {
	semi := &align.Matching{Partner: []int{0, 0, 2}, Score: []float64{0.9, 0.8, 0.7}}
	match := &align.Matching{Partner: []int{0, 1, 2}, Score: []float64{0.9, 0.3, 0.7}}
	if got := gap(semi, match); math.Abs(got-0.5) > 1e-12 {
		t.Errorf("gap is %v, want 0.5", got)
	}
	if got := gap(semi, semi); got != 0 {
		t.Errorf("gap of equals is %v", got)
	}
	if got := sameBest(semi, match); math.Abs(got-2.0/3) > 1e-12 {
		t.Errorf("same best is %v, want 2/3", got)
	}
	if got := ratio([]float64{0, 2, 8}); got != 4 {
		t.Errorf("ratio is %v, want 4", got)
	}
	if got := ratio([]float64{0, 0}); got != 1 {
		t.Errorf("ratio of dead units is %v, want 1", got)
	}
	if got := apart([]float64{3, 1}, []float64{1, 3}); got != 0 {
		t.Errorf("curves of the same values are %v apart", got)
	}
}

// The mean of 100 paired differences of 0 and 1 has a known deviation; nets that are right on the
// same pictures differ by nothing, however often they are wrong.
func TestSpreadOfAccuraciesIsPaired(t *testing.T) {
	const pictures = 400
	e := &evidence{pictures: pictures, accuracies: []float64{0.5, 0.6, 0.5}}
	for net := range 3 {
		right := make([]bool, pictures)
		for p := range right {
			right[p] = p < 200 || net == 1 && p < 240
		}
		e.recognised = append(e.recognised, right)
	}
	v := spread(e)
	deviation := 100 * math.Sqrt(0.1*0.9/pictures) // of the mean of the 40 ones and 360 zeros
	if math.Abs(v.Mean-10) > 1e-9 || math.Abs(v.Low-(10-1.96*deviation)) > 0.5 || math.Abs(v.High-(10+1.96*deviation)) > 0.5 {
		t.Errorf("got %v, want 10 ± %.2f", v, 1.96*deviation)
	}
	if spread(e) != v {
		t.Error("a second time it is another")
	}
	e.accuracies, e.recognised = []float64{0.5, 0.5}, [][]bool{e.recognised[0], e.recognised[2]}
	if v := spread(e); v != (Value{}) {
		t.Errorf("nets that are right on the same pictures: %v", v)
	}
}

// Untrained nets as trained ones: whatever is found is not learned, and every claim has its numbers.
func TestAllClaimsOnSmallNets(t *testing.T) {
	t.Setenv("GONVERGE_CACHE", t.TempDir())
	ctx := context.Background()
	data, err := dataset.Leaves(ctx, dataset.LeavesConfig{Train: 1, Validation: 40})
	if err != nil {
		t.Fatal(err)
	}
	nets := train.Smoke().Untrained(nn.SmallAlexNet(data.Shape, data.Classes), 1, 2, 3)
	f, err := Test(ctx, nets, nets, data.Validation)
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Claims) != 14 || f.Count(Holds)+f.Count(DoesNotHold)+f.Count(Undecided) != 14 {
		t.Fatalf("%d claims", len(f.Claims))
	}
	for i, c := range f.Claims {
		if c.Number != i+1 || c.Here != c.Untrained {
			t.Errorf("claim %d: number %d, here %v, untrained %v", i+1, c.Number, c.Here, c.Untrained)
		}
		if c.Verdict == Holds && !strings.Contains(c.Note, "untrained nets show it") {
			t.Errorf("claim %d holds for untrained nets and does not say so: %q", c.Number, c.Note)
		}
	}
	for _, text := range []string{f.String(), f.MIMEBundle()["text/html"].(string)} {
		if strings.Contains(text, "NaN") || strings.Contains(text, "Inf") {
			t.Errorf("no number:\n%s", text)
		}
	}
	again, err := Test(ctx, nets, nets, data.Validation)
	if err != nil || again.String() != f.String() {
		t.Errorf("a second run differs: %v", err)
	}
	if _, err := Test(ctx, nets[:1], nets[:1], data.Validation); err == nil {
		t.Error("one net is taken")
	}
}
