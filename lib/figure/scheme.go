package figure

import (
	"fmt"
	"image/color"
	"strconv"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Scheme is the drawing of the paper's Figure 5: two nets as rows of layers, from
// the pictures on the left to the classes on the right, and between them a green
// square for each layer of the first that is mapped to the same layer of the second.
type Scheme struct {
	Title string
	Nets  [2]string // names; "": Net1 and Net2
	// Layers are the layers in order; the height of a box follows the layer's units.
	Layers []SchemeLayer
	Input  string // what both nets see; "": pictures
}

// SchemeLayer is one layer of a Scheme.
type SchemeLayer struct {
	Name   string
	Units  [2]int // of each net
	Mapped bool   // a mapping layer leads from the first net's layer to the second's
}

// scheme is a Scheme that owns its values.
type scheme struct {
	axes
	s    Scheme
	most int
}

func (s Scheme) prepare() panel {
	if len(s.Layers) == 0 {
		panic(fmt.Sprintf("figure: Scheme %q has no Layers", s.Title))
	}
	s.Layers = append([]SchemeLayer(nil), s.Layers...)
	for i, name := range []string{"Net1", "Net2"} {
		if s.Nets[i] == "" {
			s.Nets[i] = name
		}
	}
	if s.Input == "" {
		s.Input = "pictures"
	}
	p := &scheme{axes: axes{title: s.Title}, s: s}
	for _, l := range s.Layers {
		p.most = max(p.most, l.Units[0], l.Units[1])
	}
	return p
}

// Sizes of the scheme in CSS pixels.
const (
	schemeBox    = 84 * px // greatest height of a layer's box
	schemeLeast  = 26 * px
	schemeMiddle = 108 * px // between the boxes of the two nets
	schemeLabel  = 36 * px  // room for the text above and below a box
)

const schemeHeight = 2*(schemeBox+schemeLabel) + schemeMiddle

func (p *scheme) measure(width vg.Length) shape {
	s := shape{weight: 1, max: pageWidth, aspect: float64(schemeHeight / width)}
	_, _, s.top, _ = p.axes.measure(width)
	return s
}

func (p *scheme) draw(c draw.Canvas, data vg.Rectangle) {
	p.axes.draw(c, data)
	columns := len(p.s.Layers) + 1
	step := data.Size().X / vg.Length(columns)
	scale := data.Size().Y / schemeHeight // 1 unless the page made it smaller
	line := draw.LineStyle{Color: axisGrey, Width: 1.3 * px}
	fills := [2]color.Color{color.NRGBA{R: 0xd9, G: 0xe6, B: 0xf2, A: 0xff}, color.NRGBA{R: 0xf5, G: 0xe0, B: 0xd0, A: 0xff}}
	mid := [2]vg.Length{data.Max.Y - (schemeLabel+schemeBox/2)*scale, data.Min.Y + (schemeLabel+schemeBox/2)*scale}
	for net, y := range mid {
		x := data.Min.X + step/2
		input := style(tickSize, draw.XCenter, draw.YCenter)
		c.FillText(input, vg.Point{X: x, Y: y - 8*px}, p.s.Input)
		name := titleStyle()
		name.YAlign = draw.YCenter
		c.FillText(name, vg.Point{X: x, Y: y + 9*px}, p.s.Nets[net])
		for i, l := range p.s.Layers {
			x := data.Min.X + step*(vg.Length(i)+1.5)
			w := min(0.5*step, 52*px)
			h := schemeLeast + (schemeBox-schemeLeast)*vg.Length(l.Units[net])/vg.Length(max(p.most, 1))
			p.arrow(c, line, vg.Point{X: x - step + w/2 + 3*px, Y: y}, vg.Point{X: x - w/2 - 2*px, Y: y}, i > 0)
			box := vg.Rectangle{Min: vg.Point{X: x - w/2, Y: y - h/2}, Max: vg.Point{X: x + w/2, Y: y + h/2}}
			fillBox(c, box, fills[net])
			frame(c, box)
			label := style(tickSize, draw.XCenter, draw.YCenter)
			c.FillText(label, vg.Point{X: x, Y: y + middle}, strconv.Itoa(l.Units[net]))
			outside := y + schemeBox/2*scale + 12*px
			if net == 1 {
				outside = y - schemeBox/2*scale - 12*px
			}
			c.FillText(style(labelSize, draw.XCenter, draw.YCenter), vg.Point{X: x, Y: outside}, l.Name)
			if net == 0 && l.Mapped {
				p.mapping(c, x, y-h/2, mid[1], l)
			}
		}
	}
}

// mapping draws the square between the two boxes of a layer and its arrows.
func (p *scheme) mapping(c draw.Canvas, x, from, lower vg.Length, l SchemeLayer) {
	line := draw.LineStyle{Color: DarkGreen(), Width: 1.6 * px}
	h := schemeLeast + (schemeBox-schemeLeast)*vg.Length(l.Units[1])/vg.Length(max(p.most, 1))
	to := lower + h/2
	y := (from + to) / 2
	const side = 42 * px
	square := vg.Rectangle{Min: vg.Point{X: x - side/2, Y: y - side/2}, Max: vg.Point{X: x + side/2, Y: y + side/2}}
	p.arrow(c, line, vg.Point{X: x, Y: from - 2*px}, vg.Point{X: x, Y: square.Max.Y + px}, true)
	p.arrow(c, line, vg.Point{X: x, Y: square.Min.Y - px}, vg.Point{X: x, Y: to + 2*px}, true)
	fillBox(c, square, LightGreen())
	c.StrokeLines(line, []vg.Point{square.Min, {X: square.Max.X, Y: square.Min.Y}, square.Max, {X: square.Min.X, Y: square.Max.Y}, square.Min})
	c.FillText(style(tickSize, draw.XCenter, draw.YCenter), vg.Point{X: x, Y: y + middle}, fmt.Sprintf("%d×%d", l.Units[0], l.Units[1]))
}

// arrow draws a straight arrow; a short first one from the text of the input starts later.
func (p *scheme) arrow(c draw.Canvas, line draw.LineStyle, from, to vg.Point, full bool) {
	if !full {
		from.X = max(from.X, to.X-14*px)
	}
	c.StrokeLine2(line, from.X, from.Y, to.X, to.Y)
	d := vg.Point{X: to.X - from.X, Y: to.Y - from.Y}
	n := vg.Length(0)
	if d.X != 0 {
		n = d.X
	} else {
		n = d.Y
	}
	if n < 0 {
		n = -n
	}
	if n == 0 {
		return
	}
	d.X, d.Y = d.X/n, d.Y/n
	const long, wide = 6 * px, 3 * px
	var head vg.Path
	head.Move(to)
	head.Line(vg.Point{X: to.X - long*d.X - wide*d.Y, Y: to.Y - long*d.Y - wide*d.X})
	head.Line(vg.Point{X: to.X - long*d.X + wide*d.Y, Y: to.Y - long*d.Y + wide*d.X})
	head.Close()
	c.SetColor(line.Color)
	c.Fill(head)
}

func (p *scheme) describe() string {
	mapped := 0
	for _, l := range p.s.Layers {
		if l.Mapped {
			mapped++
		}
	}
	return titled(p.s.Title, fmt.Sprintf("scheme of %s, %d mapped", count(len(p.s.Layers), "layer"), mapped))
}
