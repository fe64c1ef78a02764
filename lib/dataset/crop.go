package dataset

import (
	"image"
	"math"

	xdraw "golang.org/x/image/draw"
)

// crop scales a picture and writes its middle Size×Size pixels to dst.
func (c FolderConfig) crop(dst []uint8, m image.Image) {
	from := m.Bounds()
	w, h := c.Resize, c.Resize
	if !c.Stretch {
		from = middle(from)
		short := min(from.Dx(), from.Dy())
		scaled := func(side int) int { return int(math.Round(float64(side) * float64(c.Resize) / float64(short))) }
		w, h = scaled(from.Dx()), scaled(from.Dy())
	}
	at := image.Pt(-((w - c.Size) / 2), -((h - c.Size) / 2))
	out := image.NewRGBA(image.Rect(0, 0, c.Size, c.Size))
	xdraw.CatmullRom.Scale(out, image.Rect(0, 0, w, h).Add(at), m, from, xdraw.Src, nil)
	for i := range c.Size * c.Size {
		p := out.Pix[4*i : 4*i+4]
		white := 255 - p[3] // colours are multiplied by their alpha already
		dst[3*i], dst[3*i+1], dst[3*i+2] = p[0]+white, p[1]+white, p[2]+white
	}
}

// middle returns a rectangle without the ends that are far from its middle square: the
// scaler needs memory for all that it is given. Whole squares are left out on both sides,
// so that the pixels of the scaled picture lie where they would without that.
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
