package bench

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"strconv"
	"strings"

	"gonverge/lib/dataset"
	"gonverge/lib/nn"
	"gonverge/lib/train"
)

// memory adds the row of the most memory that a training takes. It comes first: the system
// remembers the process's peak.
func (e *engineTable) memory(ctx context.Context) error {
	task := "peak memory, two MiniAlexNets trained at once, without the pictures"
	if !e.o.Wants(task) || peakMemory() == 0 {
		return nil
	}
	const pictures = 4000
	shape := [3]int{32, 32, 3}
	pixels, labels := make([]uint8, pictures*32*32*3), make([]int, pictures)
	r := rand.New(rand.NewPCG(1, 5))
	for i := range pixels {
		pixels[i] = uint8(r.Uint32())
	}
	for i := range labels {
		labels[i] = i % 10
	}
	set, err := dataset.NewSet("noise", shape, pixels, labels)
	if err != nil {
		return err
	}
	// A cache of its own: the nets are of no use to anybody.
	cache, err := os.MkdirTemp("", "gonverge-bench-")
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	defer func() { _ = os.RemoveAll(cache) }() // what stays is in a temporary folder
	before, was := os.LookupEnv("GONVERGE_CACHE")
	if err := os.Setenv("GONVERGE_CACHE", cache); err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	defer func() {
		_ = os.Unsetenv("GONVERGE_CACHE") // of a name without '=': it cannot fail
		if was {
			_ = os.Setenv("GONVERGE_CACHE", before)
		}
	}()
	recipe := train.Recipe{Epochs: 1, Batch: 64, LR: 1e-3}
	if _, err := recipe.Ensemble(ctx, nn.MiniAlexNet(shape, 10), set, 1, 2); err != nil {
		return err
	}
	mb := peakMemory() - float64(len(pixels))/1e6
	e.Add(Row{Task: task, Unit: "MB", Ours: Value{mb, mb}, Ratio: mb, Goal: Goal{AtMost: 150}, Note: "whole process"})
	debug.FreeOSMemory()
	return nil
}

// peakMemory returns the most memory that the process had so far, in MB; 0 where the system
// does not tell it in a file (it does on Linux).
func peakMemory() float64 { return memoryOf("VmHWM:") }

// memoryOf returns a field of what Linux says of the memory of this process, in MB; 0 elsewhere.
func memoryOf(field string) float64 {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if value, ok := strings.CutPrefix(line, field); ok {
			kb, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 64)
			if err != nil {
				return 0
			}
			return kb * 1024 / 1e6
		}
	}
	return 0
}

// caffeNet adds the rows of the paper's net at full size.
func (e *engineTable) caffeNet(ctx context.Context) error {
	shape := [3]int{227, 227, 3}
	arch := nn.CaffeNetUngrouped(shape, 1000)
	const batch = 16
	x := random(rand.New(rand.NewPCG(1, 6)), batch*227*227*3)
	net := nn.New(arch, 1)
	perPicture := func(task string, n int, do func() error) error {
		if !e.o.Wants(task) {
			return nil
		}
		times, err := e.o.Alternate(ctx, GoErr("gonverge", do))
		if err != nil {
			return err
		}
		rate := Compare(task, times, Goal{}).Rate("pictures/s", float64(n))
		rate.Note = fmt.Sprintf("%.2f hours for 50,000 on one core", 50000/rate.Ours.Median/3600)
		e.Add(rate)
		return nil
	}
	for _, read := range []struct{ task, layer string }{
		{"CaffeNet, ungrouped, with LRN: up to conv5, batch 16, one thread", "conv5"},
		{"CaffeNet, ungrouped, with LRN: up to the classes, batch 16, one thread", "fc8"},
	} {
		ev, err := net.Evaluator(batch, read.layer)
		if err != nil {
			return err
		}
		if err := perPicture(read.task, batch, func() error { return ev.RunPrepared(x) }); err != nil {
			return err
		}
		_ = ev.Close() // it holds memory only
	}
	task := "CaffeNet, ungrouped, with LRN: training step, batch 16, one thread"
	if !e.o.Wants(task) {
		return nil
	}
	step, err := stepper(arch, batch, 1)
	if err != nil {
		return err
	}
	if err := perPicture(task, batch, step); err != nil {
		return err
	}
	e.Note(fmt.Sprintf("CaffeNet: %.2f GFLOP forward a picture; peak memory of the process %.0f MB.", float64(arch.FLOP())/1e9, math.Round(peakMemory())))
	return nil
}
