package activation

import (
	"context"
	"math"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"gonverge/lib/nn"
)

// TopPeaks is Top for all layers at a time.
func TestTopPeaksAreThoseOfTop(t *testing.T) {
	nets := []*nn.Net{tiny(1, 6), tiny(2, 9)}
	set := pictures(100)
	for name, src := range map[string]*Source{
		"plain": Stream(nets, set, "conv1", "conv2", "fc3"), "shuffled": Stream(nets, set, "conv2").Shuffled(3), "range": Stream(nets, set).Range(30, 71),
	} {
		for _, k := range []int{0, 1, 9, 200} {
			p, err := TopPeaks(context.Background(), src, k)
			if err != nil {
				t.Fatal(err)
			}
			for _, layer := range src.Layers() {
				x, err := Top(context.Background(), src, layer, k)
				if err != nil {
					t.Fatal(err)
				}
				l := p.Layer(layer)
				for net := range nets {
					if l.Shapes[net] != x.Shape(net) {
						t.Errorf("%s %s: shape %v, want %v", name, layer, l.Shapes[net], x.Shape(net))
					}
					for u := range l.Top[net] {
						if got, want := l.Top[net][u], x.Top(net, u); len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
							t.Errorf("%s %s k=%d, net %d, unit %d: %v, want %v", name, layer, k, net, u, got, want)
						}
					}
				}
			}
		}
	}
}

func TestTopPeaksDoNotDependOnWorkers(t *testing.T) {
	src := Stream([]*nn.Net{tiny(1, 6), tiny(2, 9)}, pictures(70))
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var want *Peaks
	for workers := 1; workers <= 3; workers++ {
		runtime.GOMAXPROCS(workers)
		got, err := TopPeaks(context.Background(), src, 9)
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = got
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%d workers find other peaks than one", workers)
		}
	}
}

func TestTopPeaksRefuseWhatIsNoNumber(t *testing.T) {
	for _, bad := range []float32{float32(math.NaN()), float32(math.Inf(1))} {
		net := tiny(1, 6)
		for _, p := range net.Params() {
			if p.Layer == "conv2" && p.Name == "bias" {
				p.Data[4] = bad
			}
		}
		_, err := TopPeaks(context.Background(), Stream([]*nn.Net{net}, pictures(5), "conv2"), 3)
		if err == nil || !strings.Contains(err.Error(), `"conv2": unit 4 of net 0`) {
			t.Errorf("bias %v: %v", bad, err)
		}
	}
	if _, err := TopPeaks(context.Background(), Stream([]*nn.Net{tiny(1, 6)}, pictures(5), "conv9"), 3); err == nil {
		t.Error("an unknown layer is no error")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := TopPeaks(ctx, Stream([]*nn.Net{tiny(1, 6)}, pictures(5)), 3); err != context.Canceled {
		t.Errorf("after the end of ctx: %v", err)
	}
}

func TestMergedPeaksAreThoseOfOneRun(t *testing.T) {
	nets := []*nn.Net{tiny(1, 6), tiny(2, 9)}
	for _, src := range []*Source{Stream(nets, pictures(160)), Stream(nets, pictures(160)).Shuffled(7)} {
		want, err := TopPeaks(context.Background(), src, 9)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{1, 2, 5} {
			var parts []*Peaks
			for i := range n {
				p, err := TopPeaks(context.Background(), src.Part(n-1-i, n), 9)
				if err != nil {
					t.Fatal(err)
				}
				parts = append(parts, p)
			}
			got, err := MergePeaks(parts...)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%d parts are not the whole (%v)", n, err)
			}
		}
		if _, err := MergePeaks(want, want); err == nil || !strings.Contains(err.Error(), "in part 1 and in one before") {
			t.Errorf("one part twice: %v", err)
		}
		other, err := TopPeaks(context.Background(), src, 8)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := MergePeaks(want, other); err == nil {
			t.Error("parts of another k are no error")
		}
	}
}
