package train

import (
	"context"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"gonverge/lib/dataset"
	"gonverge/lib/nn"
)

// A set that decodes on demand whose last picture was damaged after its first bytes: training
// and accuracy return an error that names the file, and nothing goes on reading.
func TestADamagedPictureOnDemandEndsTrainingWithItsName(t *testing.T) {
	freshCache(t)
	dir := t.TempDir()
	const n = 64
	for i := range n {
		picture := image.NewGray(image.Rect(0, 0, 12, 12))
		for k := range picture.Pix {
			picture.Pix[k] = uint8(i * k)
		}
		f, err := os.Create(filepath.Join(dir, fmt.Sprintf("%03d.png", i)))
		if err != nil {
			t.Fatal(err)
		}
		if err := png.Encode(f, picture); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	broken := filepath.Join(dir, fmt.Sprintf("%03d.png", n-1))
	b, err := os.ReadFile(broken)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(broken, b[:len(b)/2], 0o666); err != nil {
		t.Fatal(err)
	}
	data, err := dataset.Folder(context.Background(), dataset.FolderConfig{Dir: dir, Size: 12, OnDemand: true})
	if err != nil {
		t.Fatal(err)
	}
	before := runtime.NumGoroutine()
	check := func(what string, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), broken) || strings.Contains(err.Error(), "panic") {
			t.Errorf("%s: got %v, want an error with %s", what, err, broken)
		}
		for range 100 { // goroutines that have told their end may still be there for a moment
			if runtime.NumGoroutine() <= before {
				break
			}
			runtime.Gosched()
		}
		if now := runtime.NumGoroutine(); now > before {
			t.Errorf("%s: %d goroutines, before it %d", what, now, before)
		}
	}
	nets, err := Recipe{Epochs: 1, Batch: 16}.Ensemble(context.Background(), tinyArch(), data.Train, 1, 2)
	if len(nets) != 0 {
		t.Errorf("%d nets", len(nets))
	}
	check("training", err)
	_, err = nn.Accuracy(context.Background(), []*nn.Net{nn.New(tinyArch(), 1)}, data.Train)
	check("accuracy", err)
}
