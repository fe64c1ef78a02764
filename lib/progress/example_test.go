package progress_test

import (
	"context"
	"fmt"
	"strings"

	"gonverge/lib/progress"
)

// lines prints events.
type lines struct{}

func (lines) Report(e progress.Event) {
	fmt.Println(strings.TrimSpace(fmt.Sprint(e.Label, " ", e.Done, " of ", e.Total, " ", e.Note)))
}

// A reporter in the context hears of all work that gets the context.
func ExampleWith() {
	ctx := progress.With(context.Background(), lines{})
	bar := progress.Start(ctx, "net 2 of 4", 2)
	bar.Finish("accuracy 94.5 %")
	// Output:
	// net 2 of 4 0 of 2
	// net 2 of 4 0 of 2 accuracy 94.5 %
}
