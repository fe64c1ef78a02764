package dataset

import (
	"bytes"
	"context"
	"fmt"
	"image/color"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// redFolder is a folder of n pictures that are known by their red value.
func redFolder(t *testing.T, n int) string {
	t.Helper()
	dir := t.TempDir()
	for i := range n {
		b := plain(t, 6, 4, color.NRGBA{uint8(i), 10, 20, 255})
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.png", i)), b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestPicturesOnDemandAreThoseReadAtOnce(t *testing.T) {
	dir := redFolder(t, 40)
	c := FolderConfig{Dir: dir, Size: 4, Resize: 6, Stretch: true, Validation: 7}
	at, err := Folder(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	c.OnDemand = true
	on, err := Folder(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	for k, pair := range [][2]*Set{{at.Train, on.Train}, {at.Validation, on.Validation}, {at.Train.Head(5), on.Train.Head(5)}} {
		want, got := pair[0], pair[1]
		if got.Len() != want.Len() || got.Shape() != want.Shape() || got.Name() != want.Name() {
			t.Fatalf("set %d: got %v, want %v", k, got, want)
		}
		for _, i := range []int{3, 0, want.Len() - 1, 4} {
			if !bytes.Equal(got.Picture(i), want.Picture(i)) || got.Label(i) != want.Label(i) {
				t.Errorf("set %d: picture %d differs", k, i)
			}
		}
		if g, w := fmt.Sprint(got.Mean(), got.Deviation()), fmt.Sprint(want.Mean(), want.Deviation()); g != w {
			t.Errorf("set %d: mean and deviation %s, want %s", k, g, w)
		}
	}
	again, err := Folder(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	if again.Train.Fingerprint() != on.Train.Fingerprint() || on.Validation.Fingerprint() == on.Train.Fingerprint() {
		t.Error("fingerprints do not tell sets apart")
	}
}

func TestOnDemandKeepsFewPicturesForManyReaders(t *testing.T) {
	dir := redFolder(t, 1)
	one := filepath.Join(dir, "0.png")
	files := make([]string, 3*keepOnDemand)
	for i := range files {
		files[i] = one
	}
	o := newOnDemand(FolderConfig{Size: 4, Resize: 4}, files)
	want, err := o.picture(0)
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for w := range 4 {
		wait.Go(func() {
			for i := range files {
				k := (i + w*keepOnDemand) % len(files)
				if got, err := o.picture(k); err != nil || !bytes.Equal(got, want) {
					t.Errorf("picture %d differs: %v", k, err)
					return
				}
			}
		})
	}
	wait.Wait()
	o.settle()
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.reading) > 0 {
		t.Errorf("%d goroutines read ahead still", len(o.reading))
	}
	if len(o.kept) > keepOnDemand || len(o.age) != len(o.kept) {
		t.Errorf("%d pictures kept, %d in order, want at most %d", len(o.kept), len(o.age), keepOnDemand)
	}
}

func TestDamagedPicturesOnDemandAreNamed(t *testing.T) {
	dir := redFolder(t, 3)
	c := FolderConfig{Dir: dir, Size: 4, OnDemand: true}
	broken := filepath.Join(dir, "1.png")
	b, err := os.ReadFile(broken)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(broken, b[:len(b)-20], 0o666); err != nil {
		t.Fatal(err)
	}
	data, err := Folder(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() {
			err, _ := recover().(error)
			if err == nil || !strings.Contains(err.Error(), broken) {
				t.Errorf("got %v, want an error with %s", err, broken)
			}
		}()
		data.Train.Picture(1)
	}()
	if _, err := data.Train.Read(1); err == nil || !strings.Contains(err.Error(), broken) {
		t.Errorf("Read: got %v, want an error with %s", err, broken)
	}
	if data.Train.Picture(2)[0] != 2 {
		t.Error("the others cannot be read")
	}
	// What the first bytes tell is told at once.
	if err := os.WriteFile(broken, []byte("nothing"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Folder(context.Background(), c); err == nil || !strings.Contains(err.Error(), broken) {
		t.Errorf("got %v", err)
	}
}
