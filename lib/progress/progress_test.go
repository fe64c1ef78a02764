package progress

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"
)

// recorder keeps all events.
type recorder struct {
	mu     sync.Mutex
	events []Event
}

func (r *recorder) Report(e Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
}

func TestBarIsSilentWithoutReporter(t *testing.T) {
	for name, ctx := range map[string]context.Context{
		"none": context.Background(),
		"nil":  With(With(context.Background(), &recorder{}), nil),
	} {
		b := Start(ctx, "work", 3)
		if b == nil {
			t.Fatalf("%s: Start returned nil", name)
		}
		b.Set(1, "a")
		b.Add(1)
		b.Finish("done")
	}
}

func TestBarReportsAtMostTenTimesASecond(t *testing.T) {
	r := &recorder{}
	clock := time.Unix(0, 0)
	b := start(With(context.Background(), r), "work", 5000, func() time.Time { return clock })
	for i := range 5000 { // 5 s in steps of 1 ms
		clock = clock.Add(time.Millisecond)
		b.Set(i+1, "n")
	}
	b.Finish("end")
	if got, want := len(r.events), 1+50+1; got != want {
		t.Errorf("%d events in five seconds, want %d: start, ten a second, end", got, want)
	}
	if e := r.events[0]; e.Done != 0 || e.Total != 5000 || e.Finished || e.Label != "work" {
		t.Errorf("first event %+v", e)
	}
}

func TestFinishIsAlwaysReportedOnce(t *testing.T) {
	r := &recorder{}
	clock := time.Unix(0, 0)
	b := start(With(context.Background(), r), "work", 10, func() time.Time { return clock })
	b.Set(4, "loss 1")
	b.Add(3)
	b.Finish("")
	b.Finish("again")
	b.Set(9, "late")
	b.Add(1)
	if len(r.events) != 2 {
		t.Fatalf("events %+v, want start and end", r.events)
	}
	want := Event{ID: r.events[0].ID, Label: "work", Done: 7, Total: 10, Note: "loss 1", Finished: true}
	if r.events[1] != want {
		t.Errorf("last event %+v, want %+v", r.events[1], want)
	}
}

func TestBarsHaveDifferentIDs(t *testing.T) {
	r := &recorder{}
	Start(With(context.Background(), r), "a", 1).Finish("")
	Start(With(context.Background(), r), "b", 1).Finish("")
	if r.events[0].ID != r.events[1].ID || r.events[1].ID == r.events[2].ID {
		t.Errorf("IDs %d %d of bar a, %d of bar b", r.events[0].ID, r.events[1].ID, r.events[2].ID)
	}
}

func TestBarCountsStepsOfManyGoroutines(t *testing.T) {
	r := &recorder{}
	b := Start(With(context.Background(), r), "work", 1000)
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			for range 100 {
				b.Add(1)
			}
		})
	}
	wg.Wait()
	b.Finish("")
	last := 0
	for _, e := range r.events {
		if e.Done < last {
			t.Fatalf("steps went back from %d to %d", last, e.Done)
		}
		last = e.Done
	}
	if last != 1000 {
		t.Errorf("%d steps counted, want 1000", last)
	}
}

type printer struct{}

func (printer) Report(e Event) {
	fmt.Printf("%s: %d of %d, finished: %v, note %q\n", e.Label, e.Done, e.Total, e.Finished, e.Note)
}

func ExampleStart() {
	ctx := With(context.Background(), printer{})
	bar := Start(ctx, "reading", 3)
	for i := range 3 {
		bar.Set(i+1, "") // too soon after the first event to be reported
	}
	bar.Finish("no errors")
	// Output:
	// reading: 0 of 3, finished: false, note ""
	// reading: 3 of 3, finished: true, note "no errors"
}
