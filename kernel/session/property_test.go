package session_test

import (
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
)

// again marks sequences that mean something else the second time, by their own nature: they say "before" or count.
const again = " {once}"

// TestSequencesGiveTheSameAgain runs every sequence twice in one session: a cell that runs again does the same.
func TestSequencesGiveTheSameAgain(t *testing.T) {
	each(t, func(t *testing.T, q sequence) {
		s := newSession(t)
		for range 2 {
			if err := runSteps(s, numberless(q.steps)); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestCellsAreIndependentOfTheirOrder runs all sequences of one cell in one session, in an order drawn by chance: whatever
// the names meant before, the outcome is the same.
func TestCellsAreIndependentOfTheirOrder(t *testing.T) {
	var single []sequence
	each(t, func(t *testing.T, q sequence) {
		if len(q.steps) == 1 {
			single = append(single, q)
		}
	})
	for seed := range uint64(2) {
		r := rand.New(rand.NewPCG(seed, 0))
		r.Shuffle(len(single), func(i, j int) { single[i], single[j] = single[j], single[i] })
		s := newSession(t)
		for i, q := range single {
			if err := runSteps(s, numberless(q.steps)); err != nil {
				before := "nothing"
				if i > 0 {
					before = single[i-1].name
				}
				t.Errorf("seed %d, %s after %s: %v", seed, q.name, before, err)
			}
		}
	}
}

// each runs f on every sequence but those that mean something else the second time.
func each(t *testing.T, f func(t *testing.T, q sequence)) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal(err, files)
	}
	for _, file := range files {
		for _, q := range readTable(t, file) {
			if !strings.HasSuffix(q.name, again) {
				t.Run(filepath.Base(file)+"/"+q.name, func(t *testing.T) { f(t, q) })
			}
		}
	}
}

// numberless drops the numbers of cells from expected errors: they grow with the session.
func numberless(steps []step) []step {
	out := append([]step(nil), steps...)
	for i := range out {
		if rest, ok := strings.CutPrefix(out[i].err, "In["); ok {
			if _, e, ok := strings.Cut(rest, "]"); ok {
				out[i].err = e
			}
		}
	}
	return out
}
