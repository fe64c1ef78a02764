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

// maxStack is where the runtime kills the process, in bytes: its own limit of 1 GB would leave the guard little time on a
// machine that is busy, since a stack doubles at a time.
const maxStack = 2_000_000_000

// moreGoroutines is how many a cell must have started for their stacks to count among those that it has.
const moreGoroutines = 8

// guard samples the sizes of stacks and heap until the returned function is called, and cancels when one is too large.
// A stack overflow cannot be recovered from, so it must not happen. It also looks whether all wait for each other.
func (m *Machine) guard(a *activity, cancel context.CancelCauseFunc) (end func()) {
	stop := make(chan struct{})
	sample := []metrics.Sample{
		{Name: "/memory/classes/heap/stacks:bytes"}, {Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/gc/scan/stack:bytes"},
	}
	metrics.Read(sample)
	base, goroutines := sample[0].Value.Uint64(), runtime.NumGoroutine()
	go func() {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		var asleep sleepers
		var collected chan struct{} // closed when the collection below is over; nil when there is none
		for {
			over := false
			select {
			case <-stop:
				return
			case <-collected:
				collected, over = nil, true
			case <-tick.C:
			}
			asleep.look(m, a)
			metrics.Read(sample)
			now := sample[0].Value.Uint64()
			base = min(base, now)
			switch grown := now - base; {
			case over && sample[2].Value.Uint64() < m.o.StackLimit/4:
				base = now
			case over && grown > m.o.StackLimit, grown >= 2*m.o.StackLimit && runtime.NumGoroutine()-goroutines < moreGoroutines:
				cancel(ErrStack)
				return
			case grown > m.o.StackLimit && collected == nil:
				// The runtime sizes the stacks of new goroutines after those that it saw last: after a deep recursion
				// many goroutines have large stacks with nothing on them. A collection tells how much is in use, and
				// makes new stacks small again. It may take longer than a runaway needs, so nobody waits for it.
				done := make(chan struct{})
				collected = done
				go func() {
					runtime.GC()
					close(done)
				}()
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
