package corr

import (
	"context"
	"errors"
	"math"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"gonverge/lib/activation"
	"gonverge/lib/align"
	"gonverge/lib/nn"
)

func TestCompareGivesChanceUntrainedAndIntervals(t *testing.T) {
	inTempCache(t)
	ctx := context.Background()
	set := pictures("noise", 80)
	// Net 2 is net 0 once more.
	acts := activation.Stream([]*nn.Net{tiny(1, 6), tiny(2, 9), tiny(1, 6)}, set)
	before := activation.Stream([]*nn.Net{tiny(5, 6), tiny(6, 9), tiny(7, 6)}, set)
	config := CompareConfig{Untrained: before, Seed: 3, Draws: 60}
	c, err := Compare(ctx, acts, config)
	if err != nil {
		t.Fatal(err)
	}
	stats, err := Collect(ctx, acts)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range c.Layers {
		if len(l.Pairs) != 3 {
			t.Fatalf("%s: %d pairs", l.Name, len(l.Pairs))
		}
		sum := 0.0
		for _, p := range l.Pairs {
			if want := align.Match(stats.Layer(l.Name).Between(p.A, p.B)).Mean(); p.Match.Value != want {
				t.Errorf("%s, nets %d and %d: %v, want %v", l.Name, p.A, p.B, p.Match.Value, want)
			}
			sum += p.Match.Value
			if p.Match.Interval.Low > p.Match.Interval.High || p.Match.Chance == 0 || p.Match.Untrained == 0 {
				t.Errorf("%s: %+v", l.Name, p)
			}
		}
		if math.Abs(l.Match.Value-sum/3) > 1e-15 || l.Semi.Value < l.Match.Value-1e-12 && l.Units[0] == l.Units[1] {
			t.Errorf("%s: mean %v of %v", l.Name, l.Match.Value, l.Pairs)
		}
		same := l.Pairs[1] // nets 0 and 2
		live := float64(l.Units[0]-l.Dead[0]) / float64(l.Units[0])
		if math.Abs(same.Match.Value-live) > 1e-6 || same.Match.Chance > .9 {
			t.Errorf("%s: a net with itself: %+v", l.Name, same.Match)
		}
		if i := l.Match.Interval; i.Low > l.Match.Value+.05 || i.High < l.Match.Value-.05 {
			t.Errorf("%s: interval %v around %v", l.Name, i, l.Match.Value)
		}
	}
	old := runtime.GOMAXPROCS(3)
	again, err := Compare(ctx, acts, config)
	runtime.GOMAXPROCS(old)
	if err != nil || !reflect.DeepEqual(again.Layers, c.Layers) {
		t.Errorf("other bits on more cores (%v)", err)
	}
	text := c.String()
	for _, want := range []string{"semi-matching", "chance", "untrained", "60 draws of pictures", "mean over 3 pairs", "conv1"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if !strings.Contains(c.MIMEBundle()["text/html"].(string), "<th") {
		t.Error("no table")
	}
	b := c.MIMEBundle()
	if !strings.Contains(b["text/html"].(string), `src="data:image/png;base64,`) || len(b["image/png"].([]byte)) == 0 ||
		!strings.Contains(b["image/svg+xml"].(string), "untrained") || !strings.Contains(b["image/svg+xml"].(string), "95 % interval") {
		t.Error("no picture with chance, untrained nets and intervals")
	}
	plain, err := Compare(ctx, acts, CompareConfig{Draws: -1})
	if err != nil {
		t.Fatal(err)
	}
	// These nets are untrained themselves.
	if m := plain.Layers[0].Match; m.Untrained != m.Value || !strings.Contains(plain.String(), "untrained") {
		t.Errorf("untrained nets by default: %+v", m)
	}
	without, err := Compare(ctx, acts, CompareConfig{Draws: -1, NoUntrained: true})
	if err != nil || strings.Contains(without.String(), "untrained  ") || without.Layers[0].Match.Untrained != 0 {
		t.Errorf("NoUntrained: %v\n%v", err, without)
	}
	for _, other := range []CompareConfig{{Draws: -1, Mean: true}, {Draws: -1, Leading: 1}, {Draws: -1, Absolute: true}} {
		o, err := Compare(ctx, acts, other)
		if err != nil {
			t.Fatal(err)
		}
		if v := o.Layers[0].Pairs[0].Match.Value; v == c.Layers[0].Pairs[0].Match.Value {
			t.Errorf("%v: the same value, %v", other, v)
		}
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := Compare(ended, acts, CompareConfig{Seed: 9}); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that has ended: %v", err)
	}
	if _, err := Compare(ctx, acts, CompareConfig{Untrained: activation.Stream(before.Nets()[:2], set), Draws: -1}); err == nil {
		t.Error("two untrained nets for three: no error")
	}
}

func TestCompareByInformation(t *testing.T) {
	inTempCache(t)
	ctx := context.Background()
	set := pictures("noise", 60)
	acts := activation.Stream([]*nn.Net{tiny(1, 6), tiny(2, 9), tiny(1, 6)}, set, "conv1", "fc4")
	before := activation.Stream([]*nn.Net{tiny(5, 6), tiny(6, 9), tiny(7, 6)}, set, "conv1", "fc4")
	c, err := Compare(ctx, acts, CompareConfig{Untrained: before, Seed: 3, Draws: -1, Information: true})
	if err != nil {
		t.Fatal(err)
	}
	find := func(src *activation.Source) *Information {
		i, err := CollectInformation(ctx, src, InformationConfig{})
		if err != nil {
			t.Fatal(err)
		}
		return i
	}
	value, chance, start := find(acts), find(acts.Shuffled(3)), find(before)
	for _, l := range c.Layers {
		sum := 0.0
		for _, p := range l.Pairs {
			of := func(i *Information) float64 { return align.Match(i.Layer(l.Name).MutualInformation(p.A, p.B)).Mean() }
			got, want := p.MatchInformation, Agreement{Value: of(value), Chance: of(chance), Untrained: of(start)}
			want.Interval = Limits{want.Value, want.Value, .95}
			if got != want {
				t.Errorf("%s, nets %d and %d: %+v, want %+v", l.Name, p.A, p.B, got, want)
			}
			if semi := align.SemiMatch(value.Layer(l.Name).MutualInformation(p.A, p.B)).Mean(); p.SemiInformation.Value != semi {
				t.Errorf("%s: semi-matching %v, want %v", l.Name, p.SemiInformation.Value, semi)
			}
			sum += got.Value
		}
		if math.Abs(l.MatchInformation.Value-sum/3) > 1e-15 {
			t.Errorf("%s: mean %v of %v", l.Name, l.MatchInformation.Value, sum/3)
		}
	}
	text := c.String()
	for _, want := range []string{"nats, semi", "nats, matched"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if svg := c.MIMEBundle()["image/svg+xml"].(string); !strings.Contains(svg, "information") {
		t.Error("no picture of it")
	}
	if _, err := Compare(ctx, activation.Stream(acts.Nets()[:1], set), CompareConfig{Draws: -1}); err == nil {
		t.Error("one net: no error")
	}
}
