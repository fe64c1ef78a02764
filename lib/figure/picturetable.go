package figure

import (
	"fmt"
	"image"
	"math"

	xdraw "golang.org/x/image/draw"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// PictureTable is pictures in rows and columns: what units see, one column for each, as in the
// paper's Figure 2 (two rows; the eight best and the eight worst pairs). Pictures are enlarged
// without smoothing, all by the same factor, a whole one from three PNG pixels for one of theirs
// on.
type PictureTable struct {
	Title string
	// Rows are the pictures, row by row; a nil picture is an empty place, and so is what is
	// missing at the end of a row.
	Rows [][]image.Image
	// RowLabels stand left of the rows; there may be fewer.
	RowLabels []string
	// Captions stand above the pictures: those of row i in Captions[i]. There may be fewer.
	Captions [][]string
	// Groups sets groups of columns apart: how many columns each has; they must add up to the
	// number of columns. nil: one group.
	Groups []int
	// Heads stand above the groups; there may be fewer.
	Heads []string
	// Gap is the space between pictures in CSS pixels; 0: 4. Montages that are drawn large
	// want more than lies between their own pictures.
	Gap float64
}

// pictureTable is a PictureTable that owns its pictures.
type pictureTable struct {
	axes
	rows     [][]*image.NRGBA
	labels   []string
	captions [][]string
	heads    []string
	groups   []int
	columns  int
	filled   int
	size     image.Point // of the largest picture
	gap      vg.Length
}

func (s PictureTable) prepare() panel {
	p := &pictureTable{axes: axes{title: s.Title}, labels: append([]string(nil), s.RowLabels...),
		heads: append([]string(nil), s.Heads...), groups: append([]int(nil), s.Groups...), gap: vg.Length(s.Gap) * px}
	if !(s.Gap >= 0 && s.Gap <= 1000) {
		panic(fmt.Sprintf("figure: PictureTable %q has a Gap of %v", s.Title, s.Gap))
	}
	if p.gap == 0 {
		p.gap = tableGap
	}
	for _, row := range s.Rows {
		own := make([]*image.NRGBA, len(row))
		for i, img := range row {
			if img == nil || img.Bounds().Empty() {
				continue
			}
			size := img.Bounds().Size()
			own[i] = image.NewNRGBA(image.Rectangle{Max: size})
			xdraw.Draw(own[i], own[i].Bounds(), img, img.Bounds().Min, xdraw.Src)
			p.size.X, p.size.Y = max(p.size.X, size.X), max(p.size.Y, size.Y)
			p.filled++
		}
		p.rows = append(p.rows, own)
		p.columns = max(p.columns, len(row))
	}
	if p.filled == 0 {
		panic(fmt.Sprintf("figure: PictureTable %q has no pictures", s.Title))
	}
	if len(s.RowLabels) > len(s.Rows) || len(s.Captions) > len(s.Rows) {
		panic(fmt.Sprintf("figure: PictureTable %q has %d labels and %d rows of captions for %d rows", s.Title, len(s.RowLabels), len(s.Captions), len(s.Rows)))
	}
	for i, c := range s.Captions {
		if len(c) > p.columns {
			panic(fmt.Sprintf("figure: PictureTable %q: row %d has %d captions for %d columns", s.Title, i, len(c), p.columns))
		}
		p.captions = append(p.captions, append([]string(nil), c...))
	}
	if len(p.groups) == 0 {
		p.groups = []int{p.columns}
	}
	sum := 0
	for _, g := range p.groups {
		if g < 1 {
			sum = -1
			break
		}
		sum += g
	}
	if sum != p.columns || len(p.heads) > len(p.groups) {
		panic(fmt.Sprintf("figure: PictureTable %q has groups of %v columns and %d heads for %d columns", s.Title, s.Groups, len(p.heads), p.columns))
	}
	return p
}

const (
	tableGap   = 4 * px  // between pictures unless a Gap is set
	groupGap   = 16 * px // more between groups of columns
	headHeight = 20 * px
	rowSpace   = 7 * px // between rows
	leastCell  = 20 * px
)

// gaps returns the width that is not pictures.
func (p *pictureTable) gaps() vg.Length {
	return p.gap*vg.Length(p.columns-len(p.groups)) + (p.gap+groupGap)*vg.Length(len(p.groups)-1)
}

// cell returns the width and height of the largest picture if the table is width wide.
func (p *pictureTable) cell(width vg.Length) (w, h vg.Length) {
	w = (width - p.gaps()) / vg.Length(p.columns)
	w = max(leastCell, min(w, max(mostPicture, vg.Length(p.size.X)*px)))
	// A whole number of PNG pixels for each of its own keeps the squares even.
	// Where that would cost much of the size, two sizes of squares are the lesser evil.
	if zoom := math.Floor(float64(w/px*pixelRatio/vg.Length(p.size.X)) + 1e-9); zoom >= 3 {
		w = vg.Length(zoom) * vg.Length(p.size.X) / pixelRatio * px
	}
	return w, w * vg.Length(p.size.Y) / vg.Length(p.size.X)
}

// caption returns the room above a row of pictures.
func (p *pictureTable) caption(row int) vg.Length {
	if row < len(p.captions) {
		for _, c := range p.captions[row] {
			if c != "" {
				return captionHeight
			}
		}
	}
	return 0
}

func (p *pictureTable) head() vg.Length {
	if len(p.heads) == 0 {
		return 0
	}
	return headHeight
}

func (p *pictureTable) measure(width vg.Length) shape {
	w, h := p.cell(width)
	total := p.head() + vg.Length(len(p.rows)-1)*rowSpace
	for r := range p.rows {
		total += h + p.caption(r)
	}
	wide := w*vg.Length(p.columns) + p.gaps()
	full, _ := p.cell(pageWidth)
	s := shape{weight: min(2.5, max(0.5, float64(p.columns)/6)), max: full*vg.Length(p.columns) + p.gaps()}
	s.aspect = float64(total / min(width, s.max)) // pictures may be narrower than their room
	_, _, s.top, _ = p.axes.measure(wide)
	text := style(labelSize, draw.XRight, draw.YCenter)
	for _, l := range p.labels {
		s.left = max(s.left, text.Width(l)+2*textGap)
	}
	return s
}

func (p *pictureTable) draw(c draw.Canvas, data vg.Rectangle) {
	p.axes.draw(c, data)
	w, h := p.cell(data.Size().X)
	x0 := data.Min.X + (data.Size().X-w*vg.Length(p.columns)-p.gaps())/2
	x0 = vg.Length(int(x0/px*pixelRatio)) / pixelRatio * px
	left := p.places(x0, w)
	y := data.Max.Y
	if len(p.heads) > 0 {
		text := style(labelSize, draw.XCenter, draw.YBottom)
		at := 0
		for g, n := range p.groups {
			if g < len(p.heads) {
				c.FillText(text, vg.Point{X: (left[at] + left[at+n-1] + w) / 2, Y: y - headHeight + 4*px}, p.heads[g])
			}
			at += n
		}
		y -= headHeight
	}
	label, caption := style(labelSize, draw.XRight, draw.YCenter), style(tickSize, draw.XCenter, draw.YBottom)
	for r, row := range p.rows {
		if r > 0 {
			y -= h + rowSpace
		}
		y -= p.caption(r)
		if r < len(p.labels) {
			c.FillText(label, vg.Point{X: x0 - textGap, Y: y - h/2 + middle}, p.labels[r])
		}
		for i, img := range row {
			if img != nil {
				size := img.Bounds().Size()
				iw, ih := w*vg.Length(size.X)/vg.Length(p.size.X), h*vg.Length(size.Y)/vg.Length(p.size.Y)
				c.DrawImage(vg.Rectangle{Min: vg.Point{X: left[i] + (w-iw)/2, Y: y - (h+ih)/2}, Max: vg.Point{X: left[i] + (w+iw)/2, Y: y - (h-ih)/2}}, img)
			}
		}
		if r < len(p.captions) {
			for i, text := range p.captions[r] {
				if text != "" {
					c.FillText(caption, vg.Point{X: left[i] + w/2, Y: y + 1.5*px}, text)
				}
			}
		}
	}
}

// places returns the left edge of each column.
func (p *pictureTable) places(x, w vg.Length) []vg.Length {
	var left []vg.Length
	for g, n := range p.groups {
		if g > 0 {
			x += groupGap
		}
		for range n {
			left = append(left, x)
			x += w + p.gap
		}
	}
	return left
}

func (p *pictureTable) describe() string {
	return titled(p.title, fmt.Sprintf("%s of up to %dx%d in %s of %d", count(p.filled, "picture"), p.size.X, p.size.Y, count(len(p.rows), "row"), p.columns))
}
