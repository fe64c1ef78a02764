package weights

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"gonverge/lib/nn"
)

// Means of red, green and blue over training pictures, 0 to 255.
var (
	cifarMean  = []float32{125.3069, 122.9504, 113.8654}          // CIFAR-10, 50,000 pictures
	caffeMean  = []float32{122.67891434, 116.66876762, 104.00699} // ilsvrc_2012_mean of Caffe
	torchMean  = []float32{0.485, 0.456, 0.406}                   // torchvision, of 1
	torchScale = []float32{0.229, 0.224, 0.225}
)

// preparation returns how the pictures of a net from a file are prepared, and where the mean
// is from.
func preparation(f *File, arch *nn.Arch) (nn.Input, string, error) {
	in := arch.Input
	if own, ok := ownInput(f); ok {
		return own, "", nil
	}
	if !in.MeanOfImage {
		return in, "", nil
	}
	switch {
	case f.isCaffe():
		cifar := strings.Contains(strings.ToLower(arch.Name), "cifar")
		mean, name, err := findMean(f.Path, in.Shape, !cifar)
		if err != nil {
			return in, "", err
		}
		in.Scale, in.MeanOfImage = 255, false
		switch {
		case mean != nil:
			in.Mean = mean
			return in, "mean " + name, nil
		case in.Shape[2] != 3:
			return arch.Input, "", nil
		case cifar:
			in.Mean = of255(cifarMean)
			return in, "mean of CIFAR-10's colours", nil
		}
		in.Mean = of255(caffeMean)
		return in, "mean of ILSVRC-2012's colours", nil
	case strings.HasPrefix(f.Format, "torch") && in.Shape[2] == 3:
		in.Scale, in.MeanOfImage = 1, false
		in.Mean, in.Deviation = torchMean, torchScale
		return in, "mean and deviation of ImageNet", nil
	}
	return in, "", nil
}

// of255 returns values of bytes as shares of 255.
func of255(v []float32) []float32 {
	out := make([]float32, len(v))
	for i, x := range v {
		out[i] = x / 255
	}
	return out
}

// findMean looks for a mean picture in the folder of a file and in the one above it, and
// returns it as height × width × channels, in [0, 1]; nil if there is none that fits.
func findMean(path string, shape [3]int, bgr bool) ([]float32, string, error) {
	dir := filepath.Dir(path)
	for _, d := range []string{dir, filepath.Join(dir, "..")} {
		entries, err := os.ReadDir(d)
		if err != nil {
			continue // then there is none
		}
		var found []float32
		var name string
		exact := false
		for _, e := range entries {
			low := strings.ToLower(e.Name())
			if !strings.Contains(low, "mean") || !strings.HasSuffix(low, ".binaryproto") && !strings.HasSuffix(low, ".npy") {
				continue
			}
			f, err := Read(filepath.Join(d, e.Name()))
			if err != nil {
				return nil, "", err
			}
			mean, same := meanOf(&f.Tensors[0], shape, bgr)
			if mean == nil || exact && !same {
				continue
			}
			if found != nil && exact == same {
				return nil, "", fmt.Errorf("weights: %s: two mean pictures fit %d×%d×%d: found %s and %s, expected one", path, shape[0], shape[1], shape[2], name, e.Name())
			}
			found, name, exact = mean, e.Name(), same
		}
		if found != nil {
			return found, name, nil
		}
	}
	return nil, "", nil
}

// meanOf returns a mean picture, channels × height × width of values up to 255, for a net's
// pictures: its middle, if it is up to a quarter larger. exact tells that nothing was cut.
func meanOf(t *Tensor, shape [3]int, bgr bool) (mean []float32, exact bool) {
	s := t.Shape
	for len(s) > 3 && s[0] == 1 {
		s = s[1:]
	}
	h, w, c := shape[0], shape[1], shape[2]
	if len(s) != 3 || s[0] != c || s[1] < h || s[2] < w || s[1] > h+h/4 || s[2] > w+w/4 {
		return nil, false
	}
	top, left := (s[1]-h)/2, (s[2]-w)/2
	mean = make([]float32, h*w*c)
	for k := range c {
		from := k
		if bgr {
			from = c - 1 - k
		}
		for y := range h {
			for x := range w {
				mean[(y*w+x)*c+k] = t.Data[(from*s[1]+top+y)*s[2]+left+x] / 255
			}
		}
	}
	return mean, s[1] == h && s[2] == w
}
