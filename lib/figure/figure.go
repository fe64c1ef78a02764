package figure

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Panel is one picture of a figure: Heatmap, Curves, Pictures, Histogram, Scatter or Dendrogram.
type Panel interface {
	// prepare checks the panel and copies what it draws. It panics on misuse.
	prepare() panel
}

// panel is a panel that owns its values and can be laid out and drawn.
type panel interface {
	// measure says how much room the panel wants if its data area is about width wide.
	measure(width vg.Length) shape
	// draw draws into and round the data area.
	draw(c draw.Canvas, data vg.Rectangle)
	// describe says in words what is drawn.
	describe() string
}

// shape is the room that a panel wants.
type shape struct {
	left, right, top, bottom vg.Length // round the data area: title, ticks, labels
	aspect                   float64   // height of the data area over its width
	max                      vg.Length // greatest useful width of the data area
	weight                   float64   // share of the width among the panels of a row
}

// Figure is a drawing of one or more panels. It is made by Row or Grid, shows
// itself in a notebook, and never changes.
type Figure struct {
	panels  []panel
	columns int
}

// Row puts panels side by side. It panics without panels, and if one is misused.
func Row(panels ...Panel) *Figure { return Grid(len(panels), panels...) }

// Grid puts panels in rows of the given number of columns, left to right and top
// to bottom. It panics without panels or columns, and if a panel is misused.
func Grid(columns int, panels ...Panel) *Figure {
	if len(panels) == 0 {
		panic("figure: no panels")
	}
	if columns < 1 {
		panic(fmt.Sprintf("figure: %d columns (want 1 or more)", columns))
	}
	f := &Figure{columns: min(columns, len(panels))}
	for i, p := range panels {
		if p == nil {
			panic(fmt.Sprintf("figure: panel %d of %d is nil", i, len(panels)))
		}
		f.panels = append(f.panels, p.prepare())
	}
	return f
}

// layout is where everything goes; the origin is the lower left corner.
type layout struct {
	width, height vg.Length
	data          []vg.Rectangle // one data area a panel
}

// layout gives every column one width and every row one height. Margins depend a
// little on widths (a title may wrap, a legend may go outside), so it settles
// them in a fixed number of rounds.
func (f *Figure) layout() layout {
	shapes := make([]shape, len(f.panels))
	widths := make([]vg.Length, f.columns)
	for c := range widths {
		widths[c] = pageWidth / vg.Length(f.columns)
	}
	left, right := make([]vg.Length, f.columns), make([]vg.Length, f.columns)
	for range 4 {
		limit, weight := make([]vg.Length, f.columns), make([]float64, f.columns)
		clear(left)
		clear(right)
		for i, p := range f.panels {
			c := i % f.columns
			s := p.measure(widths[c])
			shapes[i] = s
			left[c], right[c] = max(left[c], s.left), max(right[c], s.right)
			limit[c], weight[c] = max(limit[c], s.max), max(weight[c], s.weight)
		}
		free := pageWidth - 2*pageEdge - columnGap*vg.Length(f.columns-1)
		for c := range left {
			free -= left[c] + right[c]
		}
		widths = share(free, weight, limit)
	}

	var l layout
	rows := (len(f.panels) + f.columns - 1) / f.columns
	tops, bottoms, heights := make([]vg.Length, rows), make([]vg.Length, rows), make([]vg.Length, rows)
	for i, s := range shapes {
		r := i / f.columns
		tops[r], bottoms[r] = max(tops[r], s.top), max(bottoms[r], s.bottom)
		heights[r] = max(heights[r], vg.Length(s.aspect)*min(widths[i%f.columns], s.max))
	}
	l.width, l.height = 2*pageEdge-columnGap, 2*pageEdge-rowGap
	for c := range widths {
		l.width += left[c] + widths[c] + right[c] + columnGap
	}
	for r := range heights {
		l.height += tops[r] + heights[r] + bottoms[r] + rowGap
	}
	l.width, l.height = whole(l.width), whole(l.height)

	y := l.height - pageEdge
	for r := range heights {
		y -= tops[r]
		x := pageEdge
		for c := range widths {
			i := r*f.columns + c
			if i == len(shapes) {
				break
			}
			x += left[c]
			w := min(widths[c], shapes[i].max)
			l.data = append(l.data, vg.Rectangle{
				Min: vg.Point{X: whole(x), Y: whole(y - vg.Length(shapes[i].aspect)*w)},
				Max: vg.Point{X: whole(x + w), Y: whole(y)},
			})
			x += widths[c] + right[c] + columnGap
		}
		y -= heights[r] + bottoms[r] + rowGap
	}
	return l
}

// whole rounds a length to CSS pixels, which keeps edges sharp in both formats.
func whole(x vg.Length) vg.Length { return vg.Length(int(x/px+0.5)) * px }

// share divides the free width among columns by weight; what a column cannot use
// goes to the others.
func share(free vg.Length, weight []float64, limit []vg.Length) []vg.Length {
	widths := make([]vg.Length, len(weight))
	full := make([]bool, len(weight))
	for range weight {
		var sum float64
		rest := free
		for c, w := range weight {
			if full[c] {
				rest -= widths[c]
			} else {
				sum += w
			}
		}
		again := false
		for c, w := range weight {
			if full[c] {
				continue
			}
			widths[c] = max(rest*vg.Length(w/sum), 40*px)
			if widths[c] > limit[c] {
				widths[c], full[c], again = limit[c], true, true
			}
		}
		if !again {
			break
		}
	}
	return widths
}

// paint draws all panels where the layout wants them.
func (f *Figure) paint(l layout) func(draw.Canvas) {
	return func(c draw.Canvas) {
		for i, p := range f.panels {
			p.draw(c, l.data[i])
		}
	}
}

// PNG returns the figure as a PNG file of two pixels a CSS pixel, on white.
func (f *Figure) PNG() ([]byte, error) {
	l := f.layout()
	b, err := drawPNG(l.width, l.height, f.paint(l))
	if err != nil {
		return nil, fmt.Errorf("figure: png: %w", err)
	}
	return b, nil
}

// SVG returns the figure as an SVG document, on white. Heat maps and pictures
// are embedded as PNG; all else is lines and text.
func (f *Figure) SVG() (string, error) {
	l := f.layout()
	s, err := drawSVG(l.width, l.height, f.paint(l))
	if err != nil {
		return "", fmt.Errorf("figure: svg: %w", err)
	}
	return s, nil
}

// Size returns the width and height of the figure in CSS pixels; the PNG has
// twice as many pixels each way.
func (f *Figure) Size() [2]int {
	l := f.layout()
	return [2]int{int(l.width/px + 0.5), int(l.height/px + 0.5)}
}

// Save writes the figure to a file, as PNG or SVG by the ending of its name. The
// file is written under a temporary name first, so an old one is never half
// overwritten.
func (f *Figure) Save(path string) error {
	var data []byte
	var err error
	switch ext := strings.ToLower(filepath.Ext(path)); ext {
	case ".png":
		data, err = f.PNG()
	case ".svg":
		var s string
		s, err = f.SVG()
		data = []byte(s)
	default:
		return fmt.Errorf("figure: save %s: unknown ending %q (known: .png, .svg)", path, ext)
	}
	if err != nil {
		return err
	}
	if err := replaceFile(path, data); err != nil {
		return fmt.Errorf("figure: save %s: %w", path, err)
	}
	return nil
}

// replaceFile writes data beside path and renames it there.
func replaceFile(path string, data []byte) error {
	t, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = t.Write(data)
	if err == nil {
		err = t.Chmod(0o644)
	}
	if e := t.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(t.Name(), path)
	}
	if err != nil {
		os.Remove(t.Name())
	}
	return err
}

// String says what the figure shows: panels, sizes, ranges.
func (f *Figure) String() string {
	parts := make([]string, len(f.panels))
	for i, p := range f.panels {
		parts[i] = p.describe()
	}
	if len(parts) == 1 {
		return "figure: " + parts[0]
	}
	return fmt.Sprintf("figure: %d panels: %s", len(parts), strings.Join(parts, ", "))
}

// MIMEBundle returns the figure as "image/png" ([]byte), "image/svg+xml" and
// "text/plain" (string). The SVG is that of [Figure.SVG], shown at 840 CSS pixels
// if it is wider: JupyterLab would cut it. A format that cannot be written is replaced by the
// reason in the text.
func (f *Figure) MIMEBundle() map[string]any {
	text := f.String()
	bundle := map[string]any{}
	if b, err := f.PNG(); err == nil {
		bundle["image/png"] = b
	} else {
		text += "\n" + err.Error()
	}
	if s, err := f.SVG(); err == nil {
		bundle["image/svg+xml"] = f.shown(s)
	} else {
		text += "\n" + err.Error()
	}
	bundle["text/plain"] = text
	return bundle
}

// shown scales an SVG document of the figure down to the width that a notebook shows.
func (f *Figure) shown(doc string) string {
	l := f.layout()
	if l.width <= notebookWidth {
		return doc
	}
	head := func(scale vg.Length) string {
		return fmt.Sprintf(`<svg width="%.5gpt" height="%.5gpt"`, (l.width * scale).Points(), (l.height * scale).Points())
	}
	return strings.Replace(doc, head(1), head(notebookWidth/l.width), 1)
}

// MIMEMetadata tells a front end the size of the PNG in CSS pixels, under the
// keys that Jupyter uses.
func (f *Figure) MIMEMetadata() map[string]any {
	size := f.Size()
	return map[string]any{"image/png": map[string]any{"width": size[0], "height": size[1]}}
}

// titled describes a title in front of what is drawn under it.
func titled(title, what string) string {
	if title == "" {
		return what
	}
	return fmt.Sprintf("%q %s", title, what)
}
