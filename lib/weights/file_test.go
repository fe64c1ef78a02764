package weights

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gonverge/lib/nn"
)

func TestNetsBecomeFiles(t *testing.T) {
	net := nn.New(nn.SmallAlexNet([3]int{32, 32, 3}, 10), 1)
	dir := t.TempDir()
	encoded, err := nn.Encode(net)
	if err != nil {
		t.Fatal(err)
	}
	own := filepath.Join(dir, "net")
	if err := os.WriteFile(own, encoded, 0o666); err != nil {
		t.Fatal(err)
	}
	safe, npz := filepath.Join(dir, "net.safetensors"), filepath.Join(dir, "net.npz")
	for _, path := range []string{safe, npz} {
		if err := Write(path, FromNet(net)); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{own, safe, npz} {
		f, err := Read(path)
		if err != nil {
			t.Fatal(err)
		}
		params := net.Params()
		if len(f.Tensors) != len(params) {
			t.Errorf("%s: %d tensors, want %d", f.Format, len(f.Tensors), len(params))
		}
		for _, p := range params {
			x, err := f.Lookup(p.Layer + "." + p.Name)
			if err != nil {
				t.Error(err)
			} else if !slices.Equal(x.Shape, p.Shape) || !slices.Equal(x.Data, p.Data) {
				t.Errorf("%s: %s differs", f.Format, x.Name)
			}
		}
	}
}

func TestTablesEscapeAndEnd(t *testing.T) {
	f := &File{Format: "made", Skipped: []string{"<i>"}}
	for range maxRows + 5 {
		f.Tensors = append(f.Tensors, Tensor{Name: "<b>", Shape: []int{}, Data: []float32{0}})
	}
	bundle := f.MIMEBundle()
	html, _ := bundle["text/html"].(string)
	if strings.Contains(html, "<b>") || strings.Contains(html, "<i>") || !strings.Contains(html, "and 5 more") {
		t.Errorf("HTML is %s", html)
	}
	if text := f.String(); !strings.Contains(text, "and 5 more") || !strings.Contains(text, "not read: <i>") {
		t.Errorf("text is %s", text)
	}
	var none *File
	if none.String() != "no file" || none.MIMEBundle()["text/plain"] != "no file" {
		t.Error("no file does not say so")
	}
}

func TestUnknownTensorListsTheKnown(t *testing.T) {
	f := &File{Path: "x.npz", Tensors: []Tensor{{Name: "a"}, {Name: "b"}}}
	if _, err := f.Lookup("c"); err == nil || err.Error() != `weights: x.npz: no tensor "c"; have a, b` {
		t.Errorf("got %v", err)
	}
}

func TestReadNamesTheFileThatIsNotThere(t *testing.T) {
	for _, path := range []string{filepath.Join(t.TempDir(), "none.npz"), t.TempDir()} {
		if _, err := Read(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("got %v, want an error with the path %s", err, path)
		}
	}
}
