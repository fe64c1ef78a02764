package dataset

import (
	"fmt"
	"math"
)

// Mean returns the mean of each channel over all pictures and positions, in [0, 1] (bytes
// divided by 255): what nn.Input.Mean takes. It is nil for a set without pictures.
func (s *Set) Mean() []float32 {
	mean, _ := s.moments()
	return mean
}

// Deviation returns the population standard deviation of each channel over all pictures and
// positions, of values in [0, 1]: what nn.Input.Deviation takes. A channel of one value has
// deviation 1, which changes nothing. It is nil for a set without pictures.
func (s *Set) Deviation() []float32 {
	_, deviation := s.moments()
	return deviation
}

// moments returns mean and deviation by channel. Sums of bytes and of their squares are exact.
func (s *Set) moments() (mean, deviation []float32) {
	if len(s.labels) == 0 {
		return nil, nil
	}
	c := s.shape[2]
	sum, square := make([]uint64, c), make([]uint64, c)
	first, varies := s.Picture(0)[:c], make([]bool, c)
	for p := range s.labels {
		picture := s.Picture(p)
		for i := 0; i < len(picture); i += c {
			for k, b := range picture[i : i+c] {
				v := uint64(b)
				sum[k] += v
				square[k] += v * v
				varies[k] = varies[k] || b != first[k]
			}
		}
	}
	n := float64(len(s.labels) * (s.size / c))
	for k := range c {
		m := float64(sum[k]) / n
		d := math.Sqrt(max(float64(square[k])/n-m*m, 0)) / 255
		if !varies[k] {
			d = 1
		}
		mean, deviation = append(mean, float32(m/255)), append(deviation, float32(d))
	}
	return mean, deviation
}

// MeanPicture returns the mean of each value of the picture over all pictures, height × width ×
// channels, in [0, 1]: what Caffe subtracts, and nn.Input.Mean takes. It is nil for a set
// without pictures.
func (s *Set) MeanPicture() []float32 {
	if len(s.labels) == 0 {
		return nil
	}
	sum := make([]uint64, s.size)
	for p := range s.labels {
		for i, v := range s.Picture(p) {
			sum[i] += uint64(v)
		}
	}
	mean := make([]float32, s.size)
	for i, v := range sum {
		mean[i] = float32(float64(v) / float64(len(s.labels)) / 255)
	}
	return mean
}

// Middle returns the set of the middle height × width pixels of each picture, a copy: what
// pictures trained on with crops are validated by. Where the middle is between two pixels it
// lies towards the top and the left. It panics if pictures are smaller.
func (s *Set) Middle(height, width int) *Set {
	h, w, c := s.shape[0], s.shape[1], s.shape[2]
	if height < 1 || width < 1 || height > h || width > w {
		panic(fmt.Sprintf("dataset: Middle(%d, %d) of pictures of %s in %s", height, width, shapeText(s.shape), s.name))
	}
	if height == h && width == w {
		return s
	}
	y, x := (h-height)/2, (w-width)/2
	pixels := make([]uint8, 0, len(s.labels)*height*width*c)
	for p := range s.labels {
		picture := s.Picture(p)
		for i := range height {
			pixels = append(pixels, picture[((y+i)*w+x)*c:][:width*c]...)
		}
	}
	return newSet(fmt.Sprintf("%s, middle %d×%d", s.name, height, width), [3]int{height, width, c}, pixels, s.labels)
}
