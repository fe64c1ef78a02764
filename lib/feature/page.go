package feature

import (
	"context"
	"fmt"
	"image"
	"strings"

	xdraw "golang.org/x/image/draw"

	"gonverge/lib/figure"
)

// Page is all there is to see of a unit: its patches, what comes back from it by deconvolution
// and guided backpropagation, a picture made to excite it, its filter if it looks at colours,
// and its partners in the other nets. [Units.Page] returns it.
type Page struct {
	Patches, Deconv, Guided *Patches
	Maximised               *Maximised
	Filter                  image.Image // nil unless the layer looks at 1 or 3 channels
	Partners                [][]Partner // of each net, the best first; none of the unit's own

	field  string
	figure *figure.Figure
}

// pagePartners is how many partners a page shows of each other net.
const pagePartners = 3

// Page puts together what there is to see of a unit. correlations is the layer of the
// statistics of the same nets (corr.Stats.Layer) and names the layer; of each other net the
// page shows the three units of largest correlation with this one, each with its patches and
// their deconvolution. It panics if correlations has other nets or units, and on an unknown
// layer, net or unit.
func (u *Units) Page(ctx context.Context, correlations Correlations, net, unit int) (*Page, error) {
	layer := correlations.Name()
	p := &Page{Patches: u.Patches(layer, net, unit)}
	if correlations.Nets() != len(u.nets) {
		panic(fmt.Sprintf("feature: Page: correlations of %d nets for %d nets", correlations.Nets(), len(u.nets)))
	}
	for other := range u.nets {
		if other == net {
			continue
		}
		if r, c := correlations.Between(net, other).Dims(); r != u.Units(layer, net) || c != u.Units(layer, other) {
			panic(fmt.Sprintf("feature: Page: correlations of %d×%d for %d and %d units of %s in nets %d and %d", r, c, u.Units(layer, net), u.Units(layer, other), layer, net, other))
		}
	}
	var err error
	if p.Deconv, err = u.Deconv(ctx, layer, net, unit); err != nil {
		return nil, err
	}
	if p.Guided, err = u.Guided(ctx, layer, net, unit); err != nil {
		return nil, err
	}
	if p.Maximised, err = Maximise(ctx, u.nets[net], layer, unit, Ascent{Seed: 1}); err != nil {
		return nil, err
	}
	if f, err := Filters(u.nets[net], layer); err == nil { // other layers have none to show
		p.Filter = f.Image(unit)
	}
	p.Partners = partners(correlations, net, unit, pagePartners)
	p.field = u.field(layer, net).String()
	panels := []figure.Panel{p.own(fmt.Sprintf("%s (%s, seed %d)", p.Patches.title(), u.nets[net].Arch.Name, u.nets[net].Seed))}
	others, err := u.partnerTable(ctx, layer, p.Partners)
	if err != nil {
		return nil, err
	}
	if others != nil {
		panels = append(panels, *others)
	}
	p.figure = figure.Grid(1, panels...)
	return p, nil
}

// own is the upper half of a page: the unit itself.
func (p *Page) own(title string) figure.PictureTable {
	t := figure.PictureTable{Title: title, Gap: montageGap}
	size := p.Patches.Montage(0).Bounds().Size()
	row, captions := []image.Image{p.Patches.Montage(0), p.Deconv.Montage(0), p.Guided.Montage(0), enlarge(p.Maximised.Image, size)}, []string{"patches", "deconvolution", "guided", "maximised"}
	if p.Filter != nil {
		row, captions = append(row, enlarge(p.Filter, size)), append(captions, "filter")
	}
	t.Rows, t.Captions = [][]image.Image{row}, [][]string{captions}
	return t
}

// partnerTable is the lower half of a page; nil if there are no partners.
func (u *Units) partnerTable(ctx context.Context, layer string, all [][]Partner) (*figure.PictureTable, error) {
	t := &figure.PictureTable{Title: "partners, with correlations", Gap: montageGap}
	var units []who
	var captions []string
	for net, list := range all {
		if len(list) == 0 {
			continue
		}
		t.Groups, t.Heads = append(t.Groups, len(list)), append(t.Heads, netName(net))
		for _, q := range list {
			units = append(units, who{net, q.Unit})
			captions = append(captions, fmt.Sprintf("%d: %s", q.Unit, score(q.Correlation)))
		}
	}
	if len(units) == 0 {
		return nil, nil
	}
	pictures, err := u.pictures(ctx, layer, units, View{Deconv: true})
	if err != nil {
		return nil, err
	}
	t.Rows, t.Captions = [][]image.Image{pictures}, [][]string{captions}
	return t, nil
}

// enlarge repeats a picture's pixels until it is as large as it can be within a size.
func enlarge(m image.Image, size image.Point) image.Image {
	b := m.Bounds()
	n := min(size.X/b.Dx(), size.Y/b.Dy())
	if n < 2 {
		return m
	}
	out := image.NewNRGBA(image.Rect(0, 0, n*b.Dx(), n*b.Dy()))
	xdraw.NearestNeighbor.Scale(out, out.Bounds(), m, b, xdraw.Src, nil)
	return out
}

// Figure returns the page as a figure.
func (p *Page) Figure() *figure.Figure { return p.figure }

// String tells the page: receptive field, patches, maximisation, partners.
func (p *Page) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\nmaximised: activation %.4g\n", p.field, p.Patches, p.Maximised.Value)
	for net, list := range p.Partners {
		if net != p.Patches.Net {
			fmt.Fprintf(&b, "partners in %s: %s\n", netName(net), partnersText(list))
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// MIMEBundle shows the page as text/plain, image/png and image/svg+xml.
func (p *Page) MIMEBundle() map[string]any { return bundle(p.figure, p.String()) }

// MIMEMetadata tells a front end the size of the PNG in CSS pixels.
func (p *Page) MIMEMetadata() map[string]any { return p.figure.MIMEMetadata() }
