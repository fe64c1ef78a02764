// Package progress carries reports of long work from the library to whoever shows
// them. A reporter travels in the context; without one everything is silent.
//
//	ctx = progress.With(ctx, reporter)               // once, by a program or the kernel
//	bar := progress.Start(ctx, "net 2 of 4", steps)  // in the library
//	for step := range steps {
//		bar.Set(step+1, fmt.Sprintf("loss %.3f", loss))
//	}
//	bar.Finish("accuracy 94.5 %")
//
// What does not live here: drawing. A kernel turns events into bars of a notebook, a
// command into lines of a terminal.
//
// A bar reports its start, then at most ten times a second, then its end; calls in
// between are cheap, so a loop may call Set in every step. All methods are safe for
// concurrent use, and nothing here panics.
package progress
