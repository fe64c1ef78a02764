package bench

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// quickly is what a test can wait for.
func quickly() Options { return Options{Rounds: 3, Round: time.Millisecond} }

// fixed is a contender whose calls take the times in turn, whatever the clock says.
func fixed(name string, times ...time.Duration) Contender {
	round := -2 // two calls are made before the rounds, for warmth and for their length
	return Contender{Name: name, Do: func(_ context.Context, n int) (Time, error) {
		t := times[max(0, round)%len(times)]
		round++
		return Time{CPU: time.Duration(n) * t, Wall: time.Duration(n) * 2 * t, Value: 7}, nil
	}}
}

func TestAlternateKeepsBestAndMedianOfACall(t *testing.T) {
	ms := time.Millisecond
	times, err := quickly().Alternate(context.Background(),
		fixed("ours", 5*ms, 3*ms, 4*ms), Contender{Name: "not there"}, fixed("slow", 90*ms, 80*ms, 70*ms), fixed("peer", 6*ms, 12*ms, 9*ms))
	if err != nil {
		t.Fatal(err)
	}
	got := Compare("task", times, Goal{AtMost: 0.6})
	want := Row{Task: "task", Unit: "ms", Ours: Value{3, 4}, Peer: "peer", Theirs: Value{6, 9}, Ratio: 0.5, Goal: Goal{AtMost: 0.6}}
	if got != want {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if got := CompareWall("task", times, Goal{}).Ours; got != (Value{6, 8}) {
		t.Errorf("wall: got %v", got)
	}
	rate := got.Rate("GFLOP/s", 12)
	if rate.Ours != (Value{4000, 3000}) || rate.Theirs.Best != 2000 || rate.Ratio != 2 {
		t.Errorf("rate: got %+v", rate)
	}
}

func TestAlternateHandsOnErrors(t *testing.T) {
	broken := errors.New("broken")
	if _, err := quickly().Alternate(context.Background(), GoErr("ours", func() error { return broken })); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := quickly().Alternate(ctx, Go("ours", func() {})); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
}

func TestGoals(t *testing.T) {
	for _, c := range []struct {
		goal  Goal
		ratio float64
		met   bool
		text  string
	}{
		{Goal{}, 3, true, ""},
		{Goal{AtMost: 0.9}, 0.9, true, "≤ 0.90"},
		{Goal{AtMost: 0.9}, 0.91, false, "≤ 0.90"},
		{Goal{AtLeast: 0.95}, 0.94, false, "≥ 0.95"},
		{Goal{AtLeast: 0.95}, 1, true, "≥ 0.95"},
	} {
		if got := c.goal.Met(c.ratio); got != c.met || c.goal.String() != c.text {
			t.Errorf("%v of %v: got %v %q", c.goal, c.ratio, got, c.goal.String())
		}
	}
}

func TestTableShowsItself(t *testing.T) {
	table := &Table{Name: "x", Machine: "a machine", Peers: []string{"torch 1"}, Notes: []string{"said <once>"}}
	table.Note("said <once>")
	table.Add(
		Row{Task: "step", Unit: "ms", Ours: Value{3, 4}, Peer: "PyTorch", Theirs: Value{6, 9}, Ratio: 0.5, Goal: Goal{AtMost: 0.4}},
		Row{Task: "memory", Unit: "MB", Ours: Value{120, 120}, Note: "peak"})
	want := strings.Join([]string{
		"bench x: a machine; torch 1",
		"task    ours  median  unit  peer     theirs  median  ratio  goal",
		"step    3.00    4.00  ms    PyTorch    6.00    9.00   0.50  ≤ 0.40 missed",
		"memory   120     120  MB                                                   peak",
		"said <once>",
	}, "\n")
	if got := table.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if page := table.MIMEBundle()["text/html"].(string); !strings.Contains(page, "said &lt;once&gt;") || !strings.Contains(page, "<td style=\"text-align:right\">0.50</td>") {
		t.Errorf("got %s", page)
	}
}

func TestRunNamesTheTables(t *testing.T) {
	if _, err := Run(context.Background(), "fastness", Options{}); err == nil || !strings.Contains(err.Error(), `no table "fastness"; have engine`) {
		t.Errorf("got %v", err)
	}
}

func TestEnvironmentLeavesOpenBLASFree(t *testing.T) {
	got := strings.Join(environment([]string{"A=1", "OPENBLAS_CORETYPE=Haswell", "OPENBLAS_L2_SIZE=1", "B=2"}), " ")
	if want := "A=1 B=2 OMP_NUM_THREADS=1"; !strings.HasPrefix(got, want) {
		t.Errorf("got %s", got)
	}
}

const script = `
@case("three")
def _():
    return lambda: 3

@case("fails")
def _():
    def f():
        raise ValueError("no such thing")
    return f

@case("noisy")
def _():
    return lambda: print("hello")

@case("ends")
def _():
    return lambda: __import__("os")._exit(3)
`

func TestPeer(t *testing.T) {
	ctx := context.Background()
	if p, missing, err := StartPeer(ctx, "no-such-python", script); p != nil || missing != "Python" || err != nil {
		t.Errorf("no Python: got %v, %q, %v", p, missing, err)
	}
	var none *Peer
	if c := none.Case("x", "three"); c.Do != nil {
		t.Error("a nil peer has a case")
	}
	none.Close()
	if _, err := interpreter(""); err != nil {
		t.Skip("no Python here")
	}
	if p, missing, err := StartPeer(ctx, "", script, "json", "no_such_module"); p != nil || missing != "Python's no_such_module" || err != nil {
		t.Errorf("missing module: got %v, %q, %v", p, missing, err)
	}
	if p, _, err := StartPeer(ctx, "", "nonsense("); p != nil || err == nil || !strings.Contains(err.Error(), "SyntaxError") {
		t.Errorf("broken script: got %v, %v", p, err)
	}
	p, missing, err := StartPeer(ctx, "", script, "json")
	if err != nil || missing != "" {
		t.Fatal(missing, err)
	}
	defer p.Close()
	if c := p.Case("x", "four"); c.Do != nil {
		t.Error("a case that the script does not have")
	}
	got, err := p.Case("x", "three").Do(ctx, 1000)
	if err != nil || got.Value != 3 || got.Wall <= 0 {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := p.Do("noisy", 2); err != nil {
		t.Errorf("what it prints disturbs: %v", err)
	}
	if _, err := p.Do("fails", 1); err == nil || !strings.Contains(err.Error(), "ValueError: no such thing") {
		t.Errorf("got %v", err)
	}
	if _, err := p.Do("three", 1); err != nil {
		t.Errorf("after an error: %v", err)
	}
	if _, err := p.Do("ends", 1); err == nil || !strings.Contains(err.Error(), "peer: ended") {
		t.Errorf("got %v", err)
	}
}

func TestPeerEndsWithItsContext(t *testing.T) {
	if _, err := interpreter(""); err != nil {
		t.Skip("no Python here")
	}
	ctx, cancel := context.WithCancel(context.Background())
	p, _, err := StartPeer(ctx, "", "import time\n@case(\"sleep\")\ndef _():\n    return lambda: time.sleep(100)\n")
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	time.AfterFunc(100*time.Millisecond, cancel)
	if _, err := p.Case("x", "sleep").Do(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
