package symbols

import (
	"reflect"
	"testing"
	"time"

	"gonverge/kernel/display"
	"gonverge/lib/progress"
)

func TestLibraryBarsReachTheKernelUnlessTheyAreOverInAMoment(t *testing.T) {
	start := progress.Event{ID: 7, Label: "net 1 of 4", Total: 10}
	later := progress.Event{ID: 7, Label: "net 1 of 4", Done: 4, Total: 10, Note: "loss 0.5"}
	end := progress.Event{ID: 7, Label: "net 1 of 4", Done: 10, Total: 10, Note: "loss 0.4", Finished: true}
	shown := func(events ...progress.Event) []display.Bar {
		var bars []display.Bar
		for _, e := range events {
			bars = append(bars, display.Bar{ID: e.ID, Label: e.Label, Done: e.Done, Total: e.Total, Note: e.Note, Finished: e.Finished})
		}
		return bars
	}
	for _, c := range []struct {
		name   string
		events []progress.Event
		every  time.Duration // between events
		want   []display.Bar
	}{
		{"long work", []progress.Event{start, later, end}, moment, shown(later, end)},
		{"over in a moment", []progress.Event{start, later, end}, moment / 4, nil},
		{"long work that never reports", []progress.Event{start, end}, 2 * moment, shown(end)},
	} {
		t.Run(c.name, func(t *testing.T) {
			now := time.Unix(0, 0)
			var got []display.Bar
			r := &reporter{bar: func(b display.Bar) { got = append(got, b) }, now: func() time.Time { return now }, started: map[uint64]time.Time{}}
			for _, e := range c.events {
				r.Report(e)
				now = now.Add(c.every)
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("shown %+v\nwant  %+v", got, c.want)
			}
			if len(r.started)+len(r.shown) != 0 {
				t.Errorf("%d bars are still in the books", len(r.started)+len(r.shown))
			}
		})
	}
}
