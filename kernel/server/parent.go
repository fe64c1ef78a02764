package server

import (
	"context"
	"os"
	"runtime"
	"time"
)

// ParentGone returns a context that ends with ctx or when the process that started this one is gone. Front ends set
// JPY_PARENT_PID for kernels that must not outlive them; without it, and on Windows, where a process keeps the number
// of a dead parent, nothing is watched.
func ParentGone(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	if os.Getenv("JPY_PARENT_PID") == "" || runtime.GOOS == "windows" {
		return ctx, cancel
	}
	parent := os.Getppid()
	go func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if os.Getppid() != parent {
					cancel()
					return
				}
			}
		}
	}()
	return ctx, cancel
}
