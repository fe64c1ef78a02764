package figure

import (
	"fmt"
	"image"

	xdraw "golang.org/x/image/draw"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Pictures is a contact sheet: pictures in rows, enlarged by whole factors without
// smoothing, with a caption above each.
type Pictures struct {
	Title   string
	Images  []image.Image
	Columns int // pictures in a row; 0: up to 8
	// Captions stand above the pictures; there may be fewer than pictures.
	Captions []string
}

// pictures is a Pictures that owns its pictures.
type pictures struct {
	axes
	images   []*image.NRGBA
	captions []string
	columns  int
	size     image.Point // of the largest picture
}

func (s Pictures) prepare() panel {
	if len(s.Images) == 0 {
		panic(fmt.Sprintf("figure: Pictures %q has no Images", s.Title))
	}
	if len(s.Captions) > len(s.Images) {
		panic(fmt.Sprintf("figure: Pictures %q has %d captions for %d pictures", s.Title, len(s.Captions), len(s.Images)))
	}
	if s.Columns < 0 {
		panic(fmt.Sprintf("figure: Pictures %q has %d columns", s.Title, s.Columns))
	}
	p := &pictures{axes: axes{title: s.Title}, columns: s.Columns, captions: append([]string(nil), s.Captions...)}
	if p.columns == 0 {
		p.columns = 8
	}
	p.columns = min(p.columns, len(s.Images))
	for i, img := range s.Images {
		if img == nil || img.Bounds().Empty() {
			panic(fmt.Sprintf("figure: Pictures %q: picture %d is empty", s.Title, i))
		}
		size := img.Bounds().Size()
		own := image.NewNRGBA(image.Rectangle{Max: size})
		xdraw.Draw(own, own.Bounds(), img, img.Bounds().Min, xdraw.Src)
		p.images = append(p.images, own)
		p.size.X, p.size.Y = max(p.size.X, size.X), max(p.size.Y, size.Y)
	}
	return p
}

const (
	pictureGap    = 5 * px
	mostPicture   = 96 * px // width above which a small picture is not enlarged
	captionHeight = 15 * px
)

// cell returns the width and height of one picture if the sheet is width wide.
func (p *pictures) cell(width vg.Length) (w, h vg.Length) {
	w = min((width-pictureGap*vg.Length(p.columns-1))/vg.Length(p.columns), max(mostPicture, vg.Length(p.size.X)*px))
	// A whole number of PNG pixels for each of its own keeps the squares even.
	if zoom := int(w / px * pixelRatio / vg.Length(p.size.X)); zoom >= 1 {
		w = vg.Length(zoom*p.size.X) / pixelRatio * px
	}
	return w, w * vg.Length(p.size.Y) / vg.Length(p.size.X)
}

// caption returns the room above a row of pictures.
func (p *pictures) caption(row int) vg.Length {
	for i := row * p.columns; i < min((row+1)*p.columns, len(p.captions)); i++ {
		if p.captions[i] != "" {
			return captionHeight
		}
	}
	return 0
}

func (p *pictures) rows() int { return (len(p.images) + p.columns - 1) / p.columns }

func (p *pictures) measure(width vg.Length) shape {
	w, h := p.cell(width)
	total := vg.Length(p.rows()-1) * pictureGap
	for r := range p.rows() {
		total += h + p.caption(r)
	}
	wide := w*vg.Length(p.columns) + pictureGap*vg.Length(p.columns-1)
	full, _ := p.cell(pageWidth)
	s := shape{weight: float64(p.columns), aspect: float64(total / wide)}
	s.weight = min(2.5, max(0.5, s.weight/6))
	s.max = full*vg.Length(p.columns) + pictureGap*vg.Length(p.columns-1)
	_, _, s.top, _ = p.axes.measure(wide)
	return s
}

func (p *pictures) draw(c draw.Canvas, data vg.Rectangle) {
	p.axes.draw(c, data)
	w, h := p.cell(data.Size().X)
	text := style(tickSize, draw.XCenter, draw.YBottom)
	// The sheet is centred in what it was given, on whole PNG pixels.
	x0 := data.Min.X + (data.Size().X-w*vg.Length(p.columns)-pictureGap*vg.Length(p.columns-1))/2
	x0 = vg.Length(int(x0/px*pixelRatio)) / pixelRatio * px
	y := data.Max.Y
	for i, img := range p.images {
		column := i % p.columns
		if column == 0 {
			if i > 0 {
				y -= h + pictureGap
			}
			y -= p.caption(i / p.columns)
		}
		x := x0 + vg.Length(column)*(w+pictureGap)
		size := img.Bounds().Size()
		iw, ih := w*vg.Length(size.X)/vg.Length(p.size.X), h*vg.Length(size.Y)/vg.Length(p.size.Y)
		box := vg.Rectangle{Min: vg.Point{X: x + (w-iw)/2, Y: y - (h+ih)/2}, Max: vg.Point{X: x + (w+iw)/2, Y: y - (h-ih)/2}}
		c.DrawImage(box, img)
		if i < len(p.captions) && p.captions[i] != "" {
			c.FillText(text, vg.Point{X: x + w/2, Y: y + 1.5*px}, p.captions[i])
		}
	}
}

func (p *pictures) describe() string {
	return titled(p.title, fmt.Sprintf("%s of %dx%d", count(len(p.images), "picture"), p.size.X, p.size.Y))
}
