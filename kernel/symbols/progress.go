package symbols

import (
	"context"

	"gonverge/kernel/display"
	"gonverge/lib/progress"
)

// Context returns a context whose progress bars (package progress of lib) are shown by calling bar for every event.
// bar may be called from several goroutines at once and must be quick.
func Context(ctx context.Context, bar func(display.Bar)) context.Context {
	return progress.With(ctx, reporter(bar))
}

type reporter func(display.Bar)

func (r reporter) Report(e progress.Event) {
	r(display.Bar{ID: e.ID, Label: e.Label, Done: e.Done, Total: e.Total, Note: e.Note, Finished: e.Finished})
}
