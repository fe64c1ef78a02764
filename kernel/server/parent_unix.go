//go:build !windows

package server

import (
	"context"
	"os"
	"time"
)

// watchParent calls gone when the parent process has ended: this process then has another one. The parent's number is
// that of the front end, which may have started the kernel through a third process; only number 1 tells something, that
// a kernel whose parent is 1 from the start is no orphan.
func watchParent(ctx context.Context, gone func(), number string) {
	parent := os.Getppid()
	if parent == 1 && number != "1" {
		gone() // it ended before this began
		return
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if os.Getppid() != parent {
				gone()
				return
			}
		}
	}
}
