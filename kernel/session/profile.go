package session

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// A processor profile is a gzipped protocol buffer (github.com/google/pprof, profile.proto). Of it are read here: samples
// (field 2: locations 1, values 2), locations (4: id 1, lines 4, function 1), functions (5: id 1, name 2) and strings (6).

var errProfile = errors.New("the profile cannot be read")

// fields calls do for every field of a message: number, and its value or its bytes.
func fields(b []byte, do func(number int, value uint64, bytes []byte)) error {
	for len(b) > 0 {
		key, n := binary.Uvarint(b)
		if n <= 0 {
			return errProfile
		}
		b = b[n:]
		v, n := binary.Uvarint(b)
		if n <= 0 {
			return errProfile
		}
		b = b[n:]
		switch key & 7 {
		case 0:
			do(int(key>>3), v, nil)
		case 2:
			if v > uint64(len(b)) {
				return errProfile
			}
			do(int(key>>3), 0, b[:v])
			b = b[v:]
		default: // the runtime writes no others
			return errProfile
		}
	}
	return nil
}

// numbers reads a repeated number that may be packed.
func numbers(list []uint64, value uint64, packed []byte) []uint64 {
	if packed == nil {
		return append(list, value)
	}
	for len(packed) > 0 {
		v, n := binary.Uvarint(packed)
		if n <= 0 {
			return list
		}
		list, packed = append(list, v), packed[n:]
	}
	return list
}

// stackTime is the processor time of one stack, innermost function first.
type stackTime struct {
	stack []string
	time  time.Duration
}

// readProfile decodes a processor profile.
func readProfile(gz []byte) ([]stackTime, error) {
	r, err := gzip.NewReader(bytes.NewReader(gz))
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	type sample struct{ at, values []uint64 }
	var samples []sample
	var texts []string
	lines, names := map[uint64][]uint64{}, map[uint64]uint64{} // location -> functions, function -> its name's number
	var inner error
	sub := func(b []byte, do func(number int, value uint64, bytes []byte)) {
		if err := fields(b, do); err != nil {
			inner = err
		}
	}
	err = fields(raw, func(number int, _ uint64, b []byte) {
		switch number {
		case 2:
			var x sample
			sub(b, func(n int, v uint64, b []byte) {
				switch n {
				case 1:
					x.at = numbers(x.at, v, b)
				case 2:
					x.values = numbers(x.values, v, b)
				}
			})
			samples = append(samples, x)
		case 4:
			var id uint64
			var functions []uint64
			sub(b, func(n int, v uint64, b []byte) {
				switch n {
				case 1:
					id = v
				case 4:
					sub(b, func(n int, v uint64, _ []byte) {
						if n == 1 {
							functions = append(functions, v)
						}
					})
				}
			})
			lines[id] = functions
		case 5:
			var id, name uint64
			sub(b, func(n int, v uint64, _ []byte) {
				switch n {
				case 1:
					id = v
				case 2:
					name = v
				}
			})
			names[id] = name
		case 6:
			texts = append(texts, string(b))
		}
	})
	if err = errors.Join(err, inner); err != nil {
		return nil, err
	}
	var out []stackTime
	for _, x := range samples {
		if len(x.values) < 2 {
			return nil, errProfile
		}
		t := stackTime{time: time.Duration(x.values[1])}
		for _, at := range x.at {
			for _, f := range lines[at] {
				if i := names[f]; i < uint64(len(texts)) {
					t.stack = append(t.stack, texts[i])
				}
			}
		}
		out = append(out, t)
	}
	return out, nil
}

// Whose a function is.
const (
	interpreted = "interpreted code"
	library     = "compiled library"
	standard    = "standard library"
	kernelTime  = "the kernel"
	goRuntime   = "Go's runtime (memory, goroutines)"
)

// owner tells whose time a stack is: that of the first function from inside that is more than a helper.
func owner(stack []string) string {
	for _, f := range stack {
		switch {
		case strings.HasPrefix(f, "runtime"), strings.HasPrefix(f, "internal/"), strings.HasPrefix(f, "reflect."), strings.HasPrefix(f, "sync"), strings.HasPrefix(f, "gcWriteBarrier"):
			continue
		case strings.HasPrefix(f, "github.com/traefik/yaegi/"):
			return interpreted
		case strings.HasPrefix(f, "gonverge/kernel"), strings.HasPrefix(f, "main."):
			return kernelTime
		}
		if first, _, _ := strings.Cut(f, "/"); strings.Contains(first, ".") && strings.Contains(f, "/") || strings.HasPrefix(f, "gonverge/lib/") {
			return library
		}
		return standard
	}
	return goRuntime
}

// mostFunctions are listed.
const mostFunctions = 12

// profileText is a profile as text.
func profileText(gz []byte, took time.Duration) (string, error) {
	stacks, err := readProfile(gz)
	if err != nil {
		return "", err
	}
	var total time.Duration
	owners, functions := map[string]time.Duration{}, map[string]time.Duration{}
	for _, x := range stacks {
		total += x.time
		who := owner(x.stack)
		owners[who] += x.time
		if len(x.stack) > 0 && who != interpreted { // the interpreter's own functions tell a user nothing
			functions[x.stack[0]] += x.time
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "time: %v, of processors %v in samples of 10ms\n", took.Round(time.Millisecond), total)
	if total == 0 {
		return b.String(), nil
	}
	line := func(name string, t time.Duration) {
		fmt.Fprintf(&b, "%5.1f %%  %8v  %s\n", 100*float64(t)/float64(total), t, name)
	}
	sorted := func(m map[string]time.Duration) []string {
		return slices.SortedFunc(maps.Keys(m), func(a, b string) int { return cmp.Or(cmp.Compare(m[b], m[a]), cmp.Compare(a, b)) })
	}
	for _, name := range sorted(owners) {
		line(name, owners[name])
	}
	if len(functions) > 0 {
		b.WriteString("functions, compiled ones only:\n")
	}
	for i, name := range sorted(functions) {
		if i == mostFunctions {
			fmt.Fprintf(&b, "          and %d more\n", len(functions)-i)
			break
		}
		line(name, functions[name])
	}
	return b.String(), nil
}
