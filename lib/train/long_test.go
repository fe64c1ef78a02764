package train

import (
	"context"
	"math"
	"os"
	"testing"
	"time"

	"gonverge/lib/dataset"
	"gonverge/lib/nn"
	"gonverge/lib/progress"
)

// logger writes a bar's events to the test's log, some seconds apart.
type logger struct {
	t    *testing.T
	last map[uint64]time.Time
	recorder
}

func newLogger(t *testing.T) *logger {
	l := &logger{t: t, last: map[uint64]time.Time{}}
	l.at = func(e progress.Event) {
		l.mu.Lock()
		defer l.mu.Unlock()
		if e.Finished || time.Since(l.last[e.ID]) > 10*time.Second {
			l.last[e.ID] = time.Now()
			t.Logf("%s: %d of %d, %s", e.Label, e.Done, e.Total, e.Note)
		}
	}
	return l
}

// measure trains seeds 1 to 4 and returns their accuracies on the validation set.
func measure(t *testing.T, r Recipe, arch *nn.Arch, data *dataset.Data) []float64 {
	t.Helper()
	ctx := progress.With(context.Background(), newLogger(t))
	begun := time.Now()
	nets, err := r.Ensemble(ctx, arch, data.Train, 1, 2, 3, 4)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%v for four nets", time.Since(begun).Round(time.Second))
	accuracies, err := nn.Accuracy(ctx, nets, data.Validation)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("validation accuracies %v", accuracies)
	return accuracies
}

func skipUnlessLong(t *testing.T) {
	t.Helper()
	if os.Getenv("GONVERGE_LONG") == "" {
		t.Skip("trains for minutes; set GONVERGE_LONG=1 to run it")
	}
	freshCache(t)
}

func TestSmokeRecipeLearns(t *testing.T) {
	skipUnlessLong(t)
	data, err := dataset.Leaves(context.Background(), dataset.LeavesConfig{Train: 2000, Validation: 2000})
	if err != nil {
		t.Fatal(err)
	}
	// Another program with other draws had .57 and .64.
	for i, a := range measure(t, Smoke(), nn.SmallAlexNet(data.Shape, data.Classes), data) {
		if a < 0.45 || a > 0.85 {
			t.Errorf("net %d recognises %.3f, want .45 to .85", i, a)
		}
	}
}

func TestLeavesRecipeReachesItsAccuracy(t *testing.T) {
	skipUnlessLong(t)
	data, err := dataset.Leaves(context.Background(), dataset.LeavesConfig{})
	if err != nil {
		t.Fatal(err)
	}
	// Another program with other draws had .9455, .9375, .9445, .9425; 1.5 points about
	// their middle.
	for i, a := range measure(t, Leaves(), nn.MiniAlexNet(data.Shape, data.Classes), data) {
		if math.Abs(a-0.943) > 0.015 {
			t.Errorf("net %d recognises %.4f, want .943 ± .015", i, a)
		}
	}
}
