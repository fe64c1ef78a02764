package symbols

import (
	"context"
	"reflect"
	"testing"

	"gonverge/kernel/display"
	"gonverge/lib/progress"
)

func TestLibraryBarsReachTheKernel(t *testing.T) {
	var got []display.Bar
	ctx := Context(context.Background(), func(b display.Bar) { got = append(got, b) })
	bar := progress.Start(ctx, "net 1 of 4", 10)
	bar.Add(4)
	bar.Finish("loss 0.5")
	if len(got) < 2 {
		t.Fatalf("got %v", got)
	}
	first, last := got[0], got[len(got)-1]
	if want := (display.Bar{ID: first.ID, Label: "net 1 of 4", Total: 10}); !reflect.DeepEqual(first, want) {
		t.Errorf("got %+v, want %+v", first, want)
	}
	if want := (display.Bar{ID: first.ID, Label: "net 1 of 4", Done: 4, Total: 10, Note: "loss 0.5", Finished: true}); !reflect.DeepEqual(last, want) {
		t.Errorf("got %+v, want %+v", last, want)
	}
}
