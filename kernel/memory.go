package main

import (
	"flag"
	"fmt"
	"strconv"
	"strings"
)

// memory is a size in bytes, as flags give it: 4GiB, 500MB, or a plain number. 0 is the default.
type memory uint64

// memoryUnits are what a size may end with; a letter alone is the power of two.
var memoryUnits = []struct {
	name  string
	bytes float64
}{
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40},
	{"kB", 1e3}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12},
	{"K", 1 << 10}, {"k", 1 << 10}, {"M", 1 << 20}, {"G", 1 << 30}, {"T", 1 << 40}, {"B", 1},
}

// leastMemory is below what the kernel itself needs beside a cell.
const leastMemory = 64 << 20

func (m *memory) Set(text string) error {
	number, unit := strings.TrimSpace(text), 1.0
	for _, u := range memoryUnits {
		if n, ok := strings.CutSuffix(number, u.name); ok {
			number, unit = strings.TrimSpace(n), u.bytes
			break
		}
	}
	v, err := strconv.ParseFloat(number, 64)
	if err != nil || !(v > 0 && v*unit < 1<<60) {
		return fmt.Errorf("found %q, expected a size such as 4GiB or 500MB", text)
	}
	if v*unit < leastMemory {
		return fmt.Errorf("found %q, expected at least 64MiB", text)
	}
	*m = memory(v * unit)
	return nil
}

func (m *memory) String() string {
	if m == nil || *m == 0 {
		return ""
	}
	return strconv.FormatUint(uint64(*m), 10)
}

// memoryFlag adds -memory to a command's flags.
func memoryFlag(flags *flag.FlagSet) *memory {
	m := new(memory)
	flags.Var(m, "memory", "stop a cell when the memory in use grows beyond this `size`, such as 4GiB or 500MB (default three quarters of the machine's)")
	return m
}
