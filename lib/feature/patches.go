package feature

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"
	"strings"

	"gonverge/lib/activation"
	"gonverge/lib/figure"
)

// Patches are the places that excite a unit most, cut out of their pictures, or what was
// projected back from them: one picture for each, the strongest first.
type Patches struct {
	Layer     string
	Net, Unit int
	What      string            // "patches", or the rule of a projection: "deconvolution", ...
	Peaks     []activation.Peak // value, picture in the set and position in the layer of each
	Boxes     []image.Rectangle // receptive field of each in its picture, which it may leave
	Images    []image.Image     // of the size of its box

	k    int         // places of a montage
	size image.Point // of a patch
	of   string      // net and set, for people
}

// Patches returns the patches that excite a unit most, each cut to the receptive field of the
// position where the picture excites it most, grey where that leaves the picture; units that
// see the whole picture show all of it. A unit that never fires has none. It panics on an
// unknown layer, net or unit.
func (u *Units) Patches(layer string, net, unit int) *Patches {
	p := u.places(layer, net, unit)
	for i, q := range p.Peaks {
		p.Images = append(p.Images, cut(u.set.Image(q.Picture), p.Boxes[i]))
	}
	return p
}

// places returns patches without pictures.
func (u *Units) places(layer string, net, unit int) *Patches {
	peaks := u.Peaks(layer, net, unit)
	f := u.field(layer, net)
	p := &Patches{Layer: layer, Net: net, Unit: unit, What: "patches", Peaks: peaks,
		k: u.peaks.K, size: image.Pt(f.Size[1], f.Size[0]),
		of: fmt.Sprintf("%s, seed %d; %s", u.nets[net].Arch.Name, u.nets[net].Seed, u.set.Name())}
	for _, q := range p.Peaks {
		p.Boxes = append(p.Boxes, f.Box(q.Row, q.Column))
	}
	return p
}

// background is the grey of what is not picture, and of nothing in a projection.
var background = color.NRGBA{R: 128, G: 128, B: 128, A: 255}

// cut returns a box of the picture, grey where it leaves the picture.
func cut(m image.Image, box image.Rectangle) image.Image {
	out := image.NewNRGBA(image.Rectangle{Max: box.Size()})
	draw.Draw(out, out.Bounds(), image.NewUniform(background), image.Point{}, draw.Src)
	in := box.Intersect(m.Bounds())
	draw.Draw(out, in.Sub(box.Min), m, in.Min, draw.Src)
	return out
}

// Len returns the number of patches: K, or fewer if fewer pictures excite the unit.
func (p *Patches) Len() int { return len(p.Peaks) }

// Montage returns the first n patches as one picture, row by row in a square (nine: 3×3), one
// or more white pixels apart; n of 0 are all that were asked for. Places without a patch are
// grey.
func (p *Patches) Montage(n int) image.Image {
	if n <= 0 {
		n = p.k
	}
	return montage(p.Images, n, p.size)
}

// montage puts pictures of one size in a square of n places.
func montage(pictures []image.Image, n int, size image.Point) image.Image {
	side := int(math.Ceil(math.Sqrt(float64(n))))
	rows := (n + side - 1) / side
	gap := max(1, size.X/32)
	out := image.NewNRGBA(image.Rect(0, 0, side*(size.X+gap)-gap, rows*(size.Y+gap)-gap))
	draw.Draw(out, out.Bounds(), image.White, image.Point{}, draw.Src)
	for i := range n {
		at := image.Rectangle{Max: size}.Add(image.Pt(i%side*(size.X+gap), i/side*(size.Y+gap)))
		if i < len(pictures) {
			draw.Draw(out, at, pictures[i], pictures[i].Bounds().Min, draw.Src)
		} else {
			draw.Draw(out, at, image.NewUniform(background), image.Point{}, draw.Src)
		}
	}
	return out
}

// stack puts pictures of one width one below the other.
func stack(pictures ...image.Image) image.Image {
	if len(pictures) == 1 {
		return pictures[0]
	}
	w, h, gap := 0, 0, 0
	for _, m := range pictures {
		w, h = max(w, m.Bounds().Dx()), h+m.Bounds().Dy()
	}
	gap = max(2, w/32)
	out := image.NewNRGBA(image.Rect(0, 0, w, h+gap*(len(pictures)-1)))
	draw.Draw(out, out.Bounds(), image.White, image.Point{}, draw.Src)
	y := 0
	for _, m := range pictures {
		b := m.Bounds()
		draw.Draw(out, image.Rectangle{Max: b.Size()}.Add(image.Pt(0, y)), m, b.Min, draw.Src)
		y += b.Dy() + gap
	}
	return out
}

// title says whose patches they are: "conv2, unit 5 of Net1".
func (p *Patches) title() string {
	return fmt.Sprintf("%s, unit %d of Net%d", p.Layer, p.Unit, p.Net+1)
}

// String says whose patches they are, and lists them: activation, picture, position.
func (p *Patches) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s): ", p.title(), p.of)
	if p.Len() == 0 {
		b.WriteString("never fires")
		return b.String()
	}
	fmt.Fprintf(&b, "%d %s of %d×%d pixels", p.Len(), p.what(), p.size.Y, p.size.X)
	for _, q := range p.Peaks {
		fmt.Fprintf(&b, "\n%10.4g  picture %d, position (%d, %d)", q.Value, q.Picture, q.Row, q.Column)
	}
	return b.String()
}

// what names the pictures in the plural.
func (p *Patches) what() string {
	if p.What == "patches" {
		return p.What
	}
	return "pictures by " + p.What
}

// Figure returns the patches as a figure, with the activation above each; of a unit that never
// fires, one grey place.
func (p *Patches) Figure() *figure.Figure {
	s := figure.Pictures{Title: p.title(), Columns: 9}
	if p.What != "patches" {
		s.Title += ": " + p.What
	}
	for i, q := range p.Peaks {
		s.Images = append(s.Images, p.Images[i])
		s.Captions = append(s.Captions, fmt.Sprintf("%.3g", q.Value))
	}
	if p.Len() == 0 {
		s.Title += " (never fires)"
		s.Images = []image.Image{cut(image.NewGray(image.Rectangle{}), image.Rectangle{Max: p.size})}
	}
	return figure.Row(s)
}

// MIMEBundle shows the patches as text/plain, image/png and image/svg+xml.
func (p *Patches) MIMEBundle() map[string]any { return bundle(p.Figure(), p.String()) }

// MIMEMetadata tells a front end the size of the PNG in CSS pixels.
func (p *Patches) MIMEMetadata() map[string]any { return p.Figure().MIMEMetadata() }

// bundle is a figure with another text.
func bundle(f *figure.Figure, text string) map[string]any {
	b := f.MIMEBundle()
	b["text/plain"] = text
	return b
}
