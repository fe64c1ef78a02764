package feature

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"math"
	"math/rand/v2"

	"gonverge/lib/figure"
	"gonverge/lib/nn"
	"gonverge/lib/progress"
)

// Ascent says how [Maximise] climbs. The zero value is the default.
type Ascent struct {
	Seed  uint64  // of the noise at the start
	Steps int     // 0: 200
	Rate  float64 // root mean square change of a step, in grey levels of 255, falling to a tenth of it at the end; 0: 4
	// Decay pulls every pixel towards grey by this share of its distance at each step; 0: 0.01,
	// negative: none.
	Decay float64
	// Blur is the width (standard deviation in pixels) of a Gaussian that smooths the picture
	// at every fourth step but for the last quarter; 0: 0.5, negative: none.
	Blur float64
}

func (a Ascent) filled() Ascent {
	if a.Steps < 0 || a.Rate < 0 || !(a.Rate < 1e6) || !(a.Decay < 1) || !(a.Blur < 100) {
		panic(fmt.Sprintf("feature: Ascent{Steps: %d, Rate: %v, Decay: %v, Blur: %v} (valid: Steps and Rate 0 or more, Decay below 1, Blur below 100)", a.Steps, a.Rate, a.Decay, a.Blur))
	}
	if a.Steps == 0 {
		a.Steps = 200
	}
	if a.Rate == 0 {
		a.Rate = 4
	}
	if a.Decay == 0 {
		a.Decay = 0.01
	}
	if a.Blur == 0 {
		a.Blur = 0.5
	}
	return a
}

// streamNoise is the stream of an ascent's seed.
const streamNoise = 0x6e6f6973 // "nois"

// startNoise is the deviation of the noise at the start, in grey levels.
const startNoise = 12

// Maximised is a picture made to excite a unit. [Maximise] returns it.
type Maximised struct {
	Layer string
	Unit  int
	// Image is what lies in the unit's receptive field, grey past the picture's edge; Whole is
	// the picture that the net was given, grey outside of the field.
	Image, Whole image.Image
	Value        float32 // activation at the place, of Whole as its 8-bit pixels
	Start        float32 // activation of the noise at the start
	Row, Column  int     // place in the layer
	Ascent       Ascent  // as it was made, with its defaults filled in

	net *nn.Net
}

// Maximise makes a picture that excites a unit in the middle of its layer, by gradient ascent
// from grey with noise (Erhan et al., 2009), kept plain as in Yosinski et al., 2015: each step
// follows the gradient of what enters the unit's ReLU, scaled to one length; pixels decay
// towards grey, a blur now and then takes off what is finer than nets need, and values stay
// within 0..255. Pixels outside of the receptive field stay grey. The same seed gives the same
// bits. When ctx ends it returns the context's error. An unknown layer is an error; it panics
// if net is nil, on a unit that does not exist and on options that make no sense.
func Maximise(ctx context.Context, net *nn.Net, layer string, unit int, a Ascent) (*Maximised, error) {
	if net == nil {
		panic("feature: Maximise: no net (nil)")
	}
	a = a.filled()
	shape, err := net.LayerShape(layer)
	if err != nil {
		return nil, fmt.Errorf("feature: %w", err)
	}
	if unit < 0 || unit >= shape[2] {
		panic(fmt.Sprintf("feature: unit %d of %d units of %s (valid: 0..%d)", unit, shape[2], layer, shape[2]-1))
	}
	field, err := net.ReceptiveField(layer)
	if err != nil {
		return nil, fmt.Errorf("feature: %w", err)
	}
	back, err := net.Backprop(1, layer)
	if err != nil {
		return nil, fmt.Errorf("feature: %w", err)
	}
	defer back.Close()
	back.SetContext(ctx)
	m := &Maximised{Layer: layer, Unit: unit, Row: shape[0] / 2, Column: shape[1] / 2, Ascent: a, net: net}
	c := newClimber(net, field, m, back)
	bar := progress.Start(ctx, fmt.Sprintf("maximising unit %d of %s", unit, layer), a.Steps)
	defer bar.Finish("")
	failed := func(err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("feature: %w", err)
	}
	if m.Start, err = c.measure(); err != nil {
		return nil, failed(err)
	}
	for i := range a.Steps {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := c.forward(); err != nil {
			return nil, failed(err)
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		c.step(i)
		bar.Set(i+1, "")
	}
	if m.Value, err = c.measure(); err != nil {
		return nil, failed(err)
	}
	m.Whole = picture(c.bytes(), net.Arch.Input.Shape)
	m.Image = cut(m.Whole, field.Box(m.Row, m.Column))
	return m, nil
}

// climber is a picture on its way up, in grey levels.
type climber struct {
	*Maximised
	back   *nn.Backprop
	pixels []float64
	box    image.Rectangle // pixels that may change
	x, up  []float32       // the picture as the net takes it, and the gradient of that
	kernel []float64       // of the blur, from its middle on
	factor []float64       // see factors
}

func newClimber(net *nn.Net, field *nn.ReceptiveField, m *Maximised, back *nn.Backprop) *climber {
	in := net.Arch.Input.Shape
	n := in[0] * in[1] * in[2]
	c := &climber{Maximised: m, back: back, pixels: make([]float64, n), x: make([]float32, n), up: make([]float32, n), factor: factors(net.Arch.Input), box: field.Pixels(m.Row, m.Column)}
	r := rand.New(rand.NewPCG(m.Ascent.Seed, streamNoise))
	for i := range c.pixels {
		c.pixels[i] = float64(background.R)
	}
	c.each(func(i int) { c.pixels[i] += startNoise * r.NormFloat64() })
	if s := m.Ascent.Blur; s > 0 {
		for d := range int(math.Ceil(3*s)) + 1 {
			c.kernel = append(c.kernel, math.Exp(-float64(d*d)/(2*s*s)))
		}
	}
	return c
}

// each calls do with the place of each value that may change.
func (c *climber) each(do func(i int)) {
	in := c.net.Arch.Input.Shape
	for y := c.box.Min.Y; y < c.box.Max.Y; y++ {
		for i := (y*in[1] + c.box.Min.X) * in[2]; i < (y*in[1]+c.box.Max.X)*in[2]; i++ {
			do(i)
		}
	}
}

// forward passes the picture through the net.
func (c *climber) forward() error {
	c.prepare()
	return c.back.RunPrepared(c.x)
}

// step climbs by one step, after forward.
func (c *climber) step(i int) {
	c.back.Unit(c.up, 0, c.Row, c.Column, c.Unit, nn.Gradient)
	in := c.net.Arch.Input.Shape
	mean := make([]float64, in[2]) // of the gradient: the picture's mean moves with each pixel
	if c.net.Arch.Input.MeanOfImage {
		for k, v := range c.up {
			mean[k%in[2]] += float64(v) / float64(in[0]*in[1])
		}
	}
	slope := func(k int) float64 { return c.factor[k%in[2]] * (float64(c.up[k]) - mean[k%in[2]]) }
	sum, n := 0.0, 0
	c.each(func(k int) {
		sum += slope(k) * slope(k)
		n++
	})
	length := math.Sqrt(sum / float64(max(n, 1)))
	rate := c.Ascent.Rate * (1 - 0.9*float64(i)/float64(c.Ascent.Steps))
	keep := 1 - max(0, c.Ascent.Decay)
	grey := float64(background.R)
	c.each(func(k int) {
		v := grey + keep*(c.pixels[k]-grey)
		if d := slope(k) / length; length > 0 && d-d == 0 {
			v += rate * d
		}
		c.pixels[k] = max(0, min(255, v))
	})
	if c.kernel != nil && i%4 == 3 && i < c.Ascent.Steps*3/4 {
		c.blur()
	}
}

// factors returns by how much a channel's value, as the net takes it, grows with a grey level.
func factors(in nn.Input) []float64 {
	f := make([]float64, in.Shape[2])
	for k := range f {
		f[k] = 1. / 255
		if in.Scale != 0 {
			f[k] *= float64(in.Scale)
		}
		if len(in.Deviation) > 0 {
			f[k] /= float64(in.Deviation[k])
		}
	}
	return f
}

// prepare writes the picture as the net takes it; see nn.Arch.Prepare.
func (c *climber) prepare() {
	in := c.net.Arch.Input
	depth := in.Shape[2]
	mean := make([]float64, depth)
	if in.MeanOfImage {
		for i, v := range c.pixels {
			mean[i%depth] += v
		}
		for k := range mean {
			mean[k] /= float64(in.Shape[0] * in.Shape[1])
		}
	}
	for i, v := range c.pixels {
		v -= mean[i%depth]
		if n := len(in.Mean); n > 0 { // a value for each channel, or each of the picture
			v -= 255 * float64(in.Mean[i%n])
		}
		c.x[i] = float32(c.factor[i%depth] * v)
	}
}

// blur smooths the picture within the box, first along rows, then along columns.
func (c *climber) blur() {
	in := c.net.Arch.Input.Shape
	old := make([]float64, len(c.pixels))
	for _, by := range [2]image.Point{{1, 0}, {0, 1}} {
		copy(old, c.pixels)
		for y := c.box.Min.Y; y < c.box.Max.Y; y++ {
			for x := c.box.Min.X; x < c.box.Max.X; x++ {
				for k := range in[2] {
					sum, weight := 0.0, 0.0
					for d := 1 - len(c.kernel); d < len(c.kernel); d++ {
						p := image.Pt(x, y).Add(by.Mul(d))
						if !p.In(c.box) {
							continue
						}
						w := c.kernel[max(d, -d)]
						sum += w * old[(p.Y*in[1]+p.X)*in[2]+k]
						weight += w
					}
					c.pixels[(y*in[1]+x)*in[2]+k] = sum / weight
				}
			}
		}
	}
}

// bytes returns the picture as 8-bit values.
func (c *climber) bytes() []uint8 {
	out := make([]uint8, len(c.pixels))
	for i, v := range c.pixels {
		out[i] = uint8(math.Round(max(0, min(255, v))))
	}
	return out
}

// measure returns the unit's activation by the picture as it would be shown.
func (c *climber) measure() (float32, error) {
	if err := c.back.Run([][]uint8{c.bytes()}); err != nil {
		return 0, err
	}
	s, err := c.net.LayerShape(c.Layer)
	if err != nil {
		return 0, err
	}
	return c.back.Activation()[(c.Row*s[1]+c.Column)*s[2]+c.Unit], nil
}

// picture makes a picture of its bytes.
func picture(p []uint8, shape [3]int) image.Image {
	m := image.NewNRGBA(image.Rect(0, 0, shape[1], shape[0]))
	for i := range shape[0] * shape[1] {
		at := func(k int) uint8 { return p[i*shape[2]+k%shape[2]] }
		m.SetNRGBA(i%shape[1], i/shape[1], color.NRGBA{at(0), at(1), at(2), 255})
	}
	return m
}

// String says what was maximised, in a line.
func (m *Maximised) String() string {
	return fmt.Sprintf("%s, unit %d of %s, seed %d: activation %.4g after %d steps from noise (seed %d) of %.4g", m.Layer, m.Unit, m.net.Arch.Name, m.net.Seed, m.Value, m.Ascent.Steps, m.Ascent.Seed, m.Start)
}

// Figure returns the picture as a figure.
func (m *Maximised) Figure() *figure.Figure {
	return figure.Row(figure.Pictures{Title: fmt.Sprintf("%s, unit %d: made to excite it", m.Layer, m.Unit), Images: []image.Image{m.Image}, Captions: []string{fmt.Sprintf("%.3g", m.Value)}})
}

// MIMEBundle shows the picture as text/plain, image/png and image/svg+xml.
func (m *Maximised) MIMEBundle() map[string]any { return bundle(m.Figure(), m.String()) }

// MIMEMetadata tells a front end the size of the PNG in CSS pixels.
func (m *Maximised) MIMEMetadata() map[string]any { return m.Figure().MIMEMetadata() }
