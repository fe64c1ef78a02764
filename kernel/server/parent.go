package server

import (
	"context"
	"os"
)

// ParentGone returns a context that ends with ctx or when the process that started this one is gone. Front ends set
// JPY_PARENT_PID for kernels that must not outlive them; without it nothing is watched.
func ParentGone(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	if parent := os.Getenv("JPY_PARENT_PID"); parent != "" {
		go watchParent(ctx, cancel, parent)
	}
	return ctx, cancel
}
