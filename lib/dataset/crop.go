package dataset

import (
	"context"
	"image"
	"math"

	xdraw "golang.org/x/image/draw"
)

// crop scales a picture and writes its middle Size×Size pixels to dst; when ctx ends it returns its error within a row.
func (c FolderConfig) crop(ctx context.Context, dst []uint8, m image.Image) error {
	from := m.Bounds()
	w, h := c.Resize, c.Resize
	if !c.Stretch {
		from = middle(from)
		short := min(from.Dx(), from.Dy())
		scaled := func(side int) int { return int(math.Round(float64(side) * float64(c.Resize) / float64(short))) }
		w, h = scaled(from.Dx()), scaled(from.Dy())
	}
	s := scaler{
		from: from, size: c.Size,
		columns: windows(w, from.Dx(), (w-c.Size)/2, c.Size), rows: windows(h, from.Dy(), (h-c.Size)/2, c.Size),
	}
	return s.scale(ctx, dst, m)
}

// middle returns a rectangle without the ends that are far from its middle square, which
// are not seen. Whole squares are left out on both sides, so that the pixels of the scaled
// picture lie where they would without that.
func middle(r image.Rectangle) image.Rectangle {
	w, h := r.Dx(), r.Dy()
	if n := (w/h - 3) / 2; n > 0 {
		r.Min.X, r.Max.X = r.Min.X+n*h, r.Max.X-n*h
	}
	if n := (h/w - 3) / 2; n > 0 {
		r.Min.Y, r.Max.Y = r.Min.Y+n*w, r.Max.Y-n*w
	}
	return r
}

// window is what a row or column of the scaled picture is made of: pixels from first on, times
// their weights, times one over the sum of these.
type window struct {
	first   int
	weights []float64
	scale   float64
}

// windows returns the windows, which begin and end in order, of n of the dw rows or columns, from lo on, to which sw are brought:
// Catmull and Rom's kernel, widened by the factor by which the picture gets smaller.
func windows(dw, sw, lo, n int) []window {
	kernel := xdraw.CatmullRom
	scale := float64(sw) / float64(dw)
	half, narrow := kernel.Support, 1.0
	if scale > 1 {
		half *= scale
		narrow = 1 / scale
	}
	out := make([]window, n)
	for k := range out {
		center := float64((float64(lo+k)+0.5)*scale) - 0.5
		first, end := max(int(math.Floor(center-half)), 0), min(int(math.Ceil(center+half)), sw)
		sum := 0.0
		w := window{first: first}
		for at := first; at < end; at++ {
			weight := 0.0
			if t := math.Abs(float64((center - float64(at)) * narrow)); t < kernel.Support {
				weight = kernel.At(t)
			}
			sum += weight
			w.weights = append(w.weights, weight)
		}
		w.scale = 1 / sum
		out[k] = w
	}
	return out
}

// scaler brings the rectangle from of a picture to another size and keeps size×size pixels of it.
// It works on one row of the picture after the other, so that a large one can be left in the middle.
//
// Its bytes are those of golang.org/x/image/draw, with the same sums in the same order; it takes half
// the time, since a pixel's colour is converted once and what is cut off is not made.
type scaler struct {
	from          image.Rectangle
	size          int
	columns, rows []window
}

func (s scaler) scale(ctx context.Context, dst []uint8, m image.Image) error {
	lo, hi := span(s.columns)
	top, bottom := span(s.rows)
	pixels := make([]float64, 4*(hi-lo))         // a row, 0..65535: red, green, blue, alpha
	line := make([]float64, 4*s.size)            // scaled in x
	sums := make([]float64, 4*s.size*s.size)     // scaled in y, as far as rows have come
	read, opaque := s.reader(m, s.from.Min.X+lo) // of one row
	begun, ended := 0, 0                         // rows of the result that this row is in
	for y := top; y < bottom; y++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		for begun < s.size && s.rows[begun].first <= y {
			begun++
		}
		for ended < begun && s.rows[ended].first+len(s.rows[ended].weights) <= y {
			ended++
		}
		if ended == begun {
			continue
		}
		read(pixels, s.from.Min.Y+y)
		for k, w := range s.columns {
			var r, g, b, a float64
			p := pixels[4*(w.first-lo):][:4*len(w.weights)]
			if opaque {
				for i, v := range w.weights {
					r += float64(p[4*i] * v)
					g += float64(p[4*i+1] * v)
					b += float64(p[4*i+2] * v)
				}
			} else {
				for i, v := range w.weights {
					r += float64(p[4*i] * v)
					g += float64(p[4*i+1] * v)
					b += float64(p[4*i+2] * v)
					a += float64(p[4*i+3] * v)
				}
			}
			scale := w.scale / 0xffff
			to := line[4*k:][:4]
			to[0], to[1], to[2], to[3] = r*scale, g*scale, b*scale, a*scale
			if opaque {
				to[3] = 1
			}
		}
		for d := ended; d < begun; d++ {
			v := s.rows[d].weights[y-s.rows[d].first]
			sum := sums[4*d*s.size:][:len(line)]
			for i, x := range line {
				sum[i] += float64(x * v)
			}
		}
	}
	for d, w := range s.rows {
		for k := range s.size {
			p := sums[4*(d*s.size+k):][:4]
			white := 255 - channel(p[3]*w.scale) // colours are multiplied by their alpha already
			for i := range 3 {
				dst[3*(d*s.size+k)+i] = channel(min(p[i], p[3])*w.scale) + white
			}
		}
	}
	return nil
}

// span returns the pixels that the windows have among them.
func span(all []window) (from, to int) {
	from = math.MaxInt
	for _, w := range all {
		from, to = min(from, w.first), max(to, w.first+len(w.weights))
	}
	return from, to
}

// channel brings [0, 1] to a byte.
func channel(x float64) uint8 {
	return uint8(min(max(int32(float64(0xffff*x)+0.5), 0), 0xffff) >> 8)
}

// reader returns what fills dst with a row of a picture from column x on, and whether the picture's
// pixels are opaque by its type.
func (s scaler) reader(m image.Image, x int) (read func(dst []float64, y int), opaque bool) {
	switch m := m.(type) {
	case *image.Gray:
		return func(dst []float64, y int) {
			row := m.Pix[m.PixOffset(x, y):]
			for i := range len(dst) / 4 {
				v := float64(uint32(row[i]) * 0x101)
				dst[4*i], dst[4*i+1], dst[4*i+2] = v, v, v
			}
		}, true
	case *image.YCbCr:
		half := m.SubsampleRatio == image.YCbCrSubsampleRatio420 || m.SubsampleRatio == image.YCbCrSubsampleRatio422
		if half || m.SubsampleRatio == image.YCbCrSubsampleRatio444 || m.SubsampleRatio == image.YCbCrSubsampleRatio440 {
			return func(dst []float64, y int) { luminance(dst, m, x, y, half) }, true
		}
	case image.RGBA64Image:
		return func(dst []float64, y int) {
			for i := range len(dst) / 4 {
				c := m.RGBA64At(x+i, y)
				dst[4*i], dst[4*i+1], dst[4*i+2], dst[4*i+3] = float64(c.R), float64(c.G), float64(c.B), float64(c.A)
			}
		}, false
	}
	return func(dst []float64, y int) {
		for i := range len(dst) / 4 {
			r, g, b, a := m.At(x+i, y).RGBA()
			dst[4*i], dst[4*i+1], dst[4*i+2], dst[4*i+3] = float64(r), float64(g), float64(b), float64(a)
		}
	}, false
}

// luminance fills dst with a row of a picture in luminance and chroma, whose colours may be for two columns each.
func luminance(dst []float64, m *image.YCbCr, x, y int, half bool) {
	light := m.Y[m.YOffset(x, y):]
	at := m.COffset(x, y)
	for i := range len(dst) / 4 {
		c := at + i
		if half {
			c = at + (x+i)/2 - x/2
		}
		// JFIF's conversion to 16 bits a channel, as in image/color.
		yy, cb, cr := int(light[i])*0x10101, int(m.Cb[c])-128, int(m.Cr[c])-128
		dst[4*i] = float64(min(max((yy+91881*cr)>>8, 0), 0xffff))
		dst[4*i+1] = float64(min(max((yy-22554*cb-46802*cr)>>8, 0), 0xffff))
		dst[4*i+2] = float64(min(max((yy+116130*cb)>>8, 0), 0xffff))
	}
}
