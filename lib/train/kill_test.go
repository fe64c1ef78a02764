package train

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"

	"gonverge/lib/store"
)

// killRecipe is long enough, at the speed of the disk, that the test kills it on the way.
func killRecipe() Recipe {
	r := tinyRecipe()
	r.Epochs = 40
	return r
}

// TestKilledProcess is the process that TestResumeAfterKill kills.
func TestKilledProcess(t *testing.T) {
	dir := os.Getenv("GONVERGE_TEST_KILLED")
	if dir == "" {
		return // in its own right there is nothing to test
	}
	r := testRun(t, store.Open(dir), killRecipe(), tinySet(t, 64), 9)
	r.every = 0 // writes nearly all the time, so that the kill meets a writing
	if err := r.guarded(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func TestResumeAfterKill(t *testing.T) {
	set := tinySet(t, 64)
	freshCache(t)
	want := mustTrain(t, killRecipe(), set, 9)[0].Fingerprint()
	cache := freshCache(t)
	r := testRun(t, cache, killRecipe(), set, 9)
	var progress []int
	for _, pause := range []time.Duration{3 * time.Millisecond, 17 * time.Millisecond, 40 * time.Millisecond} {
		child := exec.Command(os.Args[0], "-test.run=^TestKilledProcess$")
		child.Env = append(os.Environ(), "GONVERGE_TEST_KILLED="+cache.Dir())
		before, _ := os.Stat(cache.Path(kindCheckpoint, r.key)) // nil the first time
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		for range 2000 { // until the child has written something of its own
			now, err := os.Stat(cache.Path(kindCheckpoint, r.key))
			if err == nil && (before == nil || now.ModTime().After(before.ModTime())) {
				break
			}
			time.Sleep(5 * time.Millisecond)
		}
		time.Sleep(pause)
		if err := child.Process.Kill(); err != nil { // SIGKILL
			t.Fatal(err)
		}
		if err := child.Wait(); err == nil {
			t.Log("the child had finished before it was killed")
		}
		progress = append(progress, stepOnFile(t, r))
	}
	t.Logf("killed at steps %v of %d", progress, r.totalSteps())
	if err := r.guarded(context.Background()); err != nil {
		t.Fatal(err)
	}
	if len(r.notes) != 0 {
		t.Errorf("troubles: %v", r.notes)
	}
	if r.done.Fingerprint() != want {
		t.Error("the resumed net differs from the one trained straight")
	}
}

// stepOnFile returns the step of the checkpoint on file.
func stepOnFile(t *testing.T, r *run) int {
	t.Helper()
	data, err := r.cache.Get(kindCheckpoint, r.key)
	if err != nil {
		t.Log(err) // the child had finished
		return r.totalSteps()
	}
	s := &state{}
	for _, n := range []int{5 * 5 * 3 * 8, 8, 3 * 3 * 8 * 8, 8, 2 * 2 * 8 * 4, 4} {
		s.params = append(s.params, make([]float32, n))
		s.velocity = append(s.velocity, make([]float32, n))
	}
	if err := s.decode(data, r.totalSteps()); err != nil {
		t.Fatal(err)
	}
	return s.Step
}
