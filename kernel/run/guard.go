package run

import (
	"context"
	"os"
	"runtime"
	"runtime/metrics"
	"strconv"
	"strings"
	"time"
)

// guard samples the sizes of stacks and heap until the returned function is called, and cancels when one is too large.
// A stack overflow cannot be recovered from, so it must not happen.
func (m *Machine) guard(cancel context.CancelCauseFunc) (end func()) {
	stop := make(chan struct{})
	sample := []metrics.Sample{
		{Name: "/memory/classes/heap/stacks:bytes"}, {Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/gc/scan/stack:bytes"},
	}
	metrics.Read(sample)
	base := sample[0].Value.Uint64()
	go func() {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
			}
			metrics.Read(sample)
			now := sample[0].Value.Uint64()
			base = min(base, now)
			if now-base > m.o.StackLimit {
				// The runtime sizes the stacks of new goroutines after those that it saw last: after a deep recursion
				// many goroutines have large stacks with nothing on them. A collection tells how much is in use, and
				// makes new stacks small again.
				runtime.GC()
				metrics.Read(sample)
				if sample[2].Value.Uint64() < m.o.StackLimit/4 {
					base = sample[0].Value.Uint64()
					continue
				}
				cancel(ErrStack)
				return
			}
			if m.o.MemoryLimit > 0 && sample[1].Value.Uint64() > m.o.MemoryLimit {
				cancel(ErrMemory)
				return
			}
		}
	}()
	return func() { close(stop) }
}

// machineMemory is the memory of the machine or container in bytes; 0 where it cannot be found out, which means no limit.
func machineMemory() uint64 {
	total := uint64(0)
	if b, err := os.ReadFile("/proc/meminfo"); err == nil {
		for line := range strings.Lines(string(b)) {
			if f := strings.Fields(line); len(f) == 3 && f[0] == "MemTotal:" {
				if kb, err := strconv.ParseUint(f[1], 10, 64); err == nil {
					total = kb << 10
				}
			}
		}
	}
	if b, err := os.ReadFile("/sys/fs/cgroup/memory.max"); err == nil {
		if n, err := strconv.ParseUint(strings.TrimSpace(string(b)), 10, 64); err == nil && (total == 0 || n < total) {
			total = n
		}
	}
	return total
}
