package bench

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"gonum.org/v1/gonum/mat"

	"gonverge/lib/activation"
	"gonverge/lib/align"
	"gonverge/lib/corr"
	"gonverge/lib/dataset"
	"gonverge/lib/feature"
	"gonverge/lib/findings"
	"gonverge/lib/nn"
	"gonverge/lib/similarity"
	"gonverge/lib/train"
)

// Every function that takes a context comes back soon after the context ends, whenever that is: the log tells how soon.
// No time is asserted, for that is the machine's: run it alone, with -v and GONVERGE_LONG=1 for more moments. The wish is
// 50 ms.
func TestHowSoonWorkStops(t *testing.T) {
	moments := []time.Duration{1, 30, 300}
	if os.Getenv("GONVERGE_LONG") != "" {
		moments = []time.Duration{1, 3, 10, 20, 30, 50, 80, 130, 200, 300, 500, 800, 1300}
	}
	if testing.Short() {
		moments = []time.Duration{5}
	}
	quiet := context.Background()
	data, err := dataset.Leaves(quiet, dataset.LeavesConfig{Train: 3000, Validation: 2000})
	if err != nil {
		t.Fatal(err)
	}
	arch := nn.MiniAlexNet(data.Shape, data.Classes)
	nets := []*nn.Net{nn.New(arch, 1), nn.New(arch, 2)}
	large := nn.New(nn.CIFAR10Full(data.Shape, data.Classes), 1)
	acts := func() *activation.Source { return activation.Stream(nets, data.Validation) }
	rng := rand.New(rand.NewPCG(1, 1))
	random := func(r, c int) *mat.Dense {
		m := mat.NewDense(r, c, nil)
		for i := range m.RawMatrix().Data {
			m.RawMatrix().Data[i] = rng.NormFloat64()
		}
		return m
	}
	a, b := random(2000, 300), random(2000, 300)
	within, between := gram(a), new(mat.Dense)
	between.Mul(a.T(), b)
	between.Scale(1/2000.0, between)
	units, err := feature.Collect(quiet, activation.Stream(nets, data.Validation, "conv1", "conv3"), 9)
	if err != nil {
		t.Fatal(err)
	}
	folder := photographs(t)
	for _, work := range []struct {
		name string
		do   func(ctx context.Context) error
	}{
		{"dataset.Leaves of 100,000", func(ctx context.Context) error {
			_, err := dataset.Leaves(ctx, dataset.LeavesConfig{Train: 100_000, Validation: 1, Seed: 99})
			return err
		}},
		{"dataset.Leaves of 1,000,000", func(ctx context.Context) error {
			_, err := dataset.Leaves(ctx, dataset.LeavesConfig{Train: 1_000_000, Validation: 1, Seed: 99})
			return err
		}},
		{"dataset.Folder", func(ctx context.Context) error {
			_, err := dataset.Folder(ctx, dataset.FolderConfig{Dir: folder, Size: 400})
			return err
		}},
		{"train.Ensemble", func(ctx context.Context) error {
			_, err := train.Recipe{Epochs: 100}.Ensemble(ctx, arch, data.Train, 1, 2)
			return err
		}},
		{"train.Ensemble, batches of 512", func(ctx context.Context) error {
			_, err := train.Recipe{Epochs: 100, Batch: 512}.Ensemble(ctx, large.Arch, data.Train, 1)
			return err
		}},
		{"nn.Accuracy", func(ctx context.Context) error {
			_, err := nn.Accuracy(ctx, []*nn.Net{nets[0], large, nets[1], large}, data.Train)
			return err
		}},
		{"activation.Each", func(ctx context.Context) error {
			return acts().Each(ctx, func(*activation.Block) error { return nil })
		}},
		{"activation.Top", func(ctx context.Context) error { _, err := activation.Top(ctx, acts(), "conv1", 9); return err }},
		{"activation.TopPeaks", func(ctx context.Context) error { _, err := activation.TopPeaks(ctx, acts(), 9); return err }},
		{"corr.Measure", func(ctx context.Context) error { _, err := corr.Measure(ctx, acts()); return err }},
		{"corr.Measure of wide matrices", func(ctx context.Context) error {
			_, err := corr.Measure(ctx, activation.Arrays("wide", 1, random(1500, 2000), random(1500, 2000)))
			return err
		}},
		{"corr.CollectInformation", func(ctx context.Context) error {
			_, err := corr.CollectInformation(ctx, acts(), corr.InformationConfig{Within: true})
			return err
		}},
		{"corr.Bootstrap", func(ctx context.Context) error {
			_, err := corr.Bootstrap(ctx, acts(), corr.BootstrapConfig{})
			return err
		}},
		{"corr.Compare", func(ctx context.Context) error {
			_, err := corr.Compare(ctx, activation.Arrays("wide", 1, a, b), corr.CompareConfig{Leading: 3})
			return err
		}},
		{"similarity.Null, SVCCA", func(ctx context.Context) error {
			_, err := similarity.Null(ctx, similarity.SingularVectorCCA, a, b, similarity.Options{})
			return err
		}},
		{"similarity.Bootstrap, CKA", func(ctx context.Context) error {
			_, err := similarity.Bootstrap(ctx, similarity.LinearCKA, a, b, similarity.Options{})
			return err
		}},
		{"similarity.Compare, RSA", func(ctx context.Context) error {
			_, err := similarity.Compare(ctx, similarity.RBFCKA, a, b, similarity.Options{})
			return err
		}},
		{"align.PaperSGD", func(ctx context.Context) error {
			_, err := align.PaperSGD(ctx, within, between, 1e-3, 1)
			return err
		}},
		{"feature.Collect", func(ctx context.Context) error { _, err := feature.Collect(ctx, acts(), 9); return err }},
		{"feature.TopPatches", func(ctx context.Context) error {
			_, err := feature.TopPatches(ctx, acts(), "conv3", 1, 9)
			return err
		}},
		{"feature.Maximise", func(ctx context.Context) error {
			_, err := feature.Maximise(ctx, nets[0], "conv3", 1, feature.Ascent{Steps: 100_000})
			return err
		}},
		{"feature.Deconv and Page, again and again", func(ctx context.Context) error {
			for unit := 0; ; unit = (unit + 1) % 8 {
				if _, err := units.Deconv(ctx, "conv3", 0, unit); err != nil {
					return err
				}
				if _, err := units.Guided(ctx, "conv3", 1, unit); err != nil {
					return err
				}
			}
		}},
		{"findings.Test", func(ctx context.Context) error {
			_, err := findings.Test(ctx, nets, []*nn.Net{nn.New(arch, 3), nn.New(arch, 4)}, data.Validation)
			return err
		}},
	} {
		t.Run(work.name, func(t *testing.T) {
			var slowest, at time.Duration
			for _, moment := range moments {
				moment *= time.Millisecond
				ctx, cancel := context.WithCancel(quiet)
				ended := make(chan time.Time, 1)
				time.AfterFunc(moment, func() { ended <- time.Now(); cancel() })
				err := work.do(ctx)
				back := time.Now()
				if err == nil { // it was over before
					cancel()
					continue
				}
				if ctx.Err() == nil {
					t.Fatal(err)
				}
				if took := back.Sub(<-ended); took > slowest {
					slowest, at = took, moment
				}
			}
			t.Logf("%.1f ms after the end at %v", float64(slowest.Microseconds())/1000, at)
		})
	}
}

// gram is the correlation of columns, nearly.
func gram(m *mat.Dense) *mat.SymDense {
	r, _ := m.Dims()
	s := new(mat.SymDense)
	s.SymOuterK(1/float64(r), m.T())
	for i := range s.SymmetricDim() {
		s.SetSym(i, i, 1)
	}
	return s
}

// photographs is a folder with a few large pictures again and again.
func photographs(t *testing.T) string {
	dir := t.TempDir()
	img := image.NewRGBA(image.Rect(0, 0, 3000, 2000))
	rng := rand.New(rand.NewPCG(2, 2))
	for i := range img.Pix {
		img.Pix[i] = uint8(i/50 + rng.IntN(20))
	}
	var data bytes.Buffer
	if err := jpeg.Encode(&data, img, nil); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		class := filepath.Join(dir, strconv.Itoa(i%2))
		if err := os.MkdirAll(class, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(class, strconv.Itoa(i)+".jpg"), data.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
