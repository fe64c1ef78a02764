package dataset

import "math"

// How a picture of leaves is drawn. All numbers are float64. Products are converted
// explicitly where a sum follows: Go may otherwise fuse the two on some processors, and
// the pictures would differ between machines. Products with a power of two are exact and
// need no conversion.

const (
	leavesSide  = 32
	leavesBytes = leavesSide * leavesSide * 3
	leavesSoft  = 2.5   // width of an edge in pixels: with hard edges nets learn two-pixel dipoles
	leavesGrad  = 0.008 // standard deviation of a surface's brightness gradient, per pixel
)

// drawing gives the random numbers of one picture: number k is a function of seed,
// picture and k alone (splitmix64, Steele, Lea, Flood, OOPSLA 2014).
type drawing uint64

const golden = 0x9E3779B97F4A7C15 // 2⁶⁴ divided by the golden ratio

func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

func newDrawing(seed, picture uint64) drawing { return drawing(mix(mix(seed+golden) + picture*golden)) }

func (d drawing) bits(k uint64) uint64 { return mix(uint64(d) + (k+1)*golden) }

// uniform returns number k in [lo, hi).
func (d drawing) uniform(k uint64, lo, hi float64) float64 {
	u := float64(d.bits(k)>>11) * (1.0 / (1 << 53))
	return lo + float64((hi-lo)*u)
}

// normal returns number k, nearly normal: the sum of four 16-bit words, mean 0, variance 1.
func (d drawing) normal(k uint64) float64 {
	z := d.bits(k)
	t := float64(z&0xFFFF) + float64(z>>16&0xFFFF) + float64(z>>32&0xFFFF) + float64(z>>48)
	return ((t+2)/65536 - 2) * math.Sqrt(3)
}

// opponent is a colour as luminance, blue against yellow, red against green; or its RGB.
type opponent [3]float64

func (c opponent) rgb() opponent { // L+r+b/2, L−r+b/2, L−b; halving is exact
	return opponent{c[0] + c[2] + c[1]/2, c[0] - c[2] + c[1]/2, c[0] - c[1]}
}

func (c opponent) plus(d opponent) opponent {
	return opponent{c[0] + d[0], c[1] + d[1], c[2] + d[2]}
}

// normals returns numbers k, k+1, k+2 with the standard deviations sd.
func (d drawing) normals(k uint64, sd opponent) opponent {
	return opponent{float64(d.normal(k) * sd[0]), float64(d.normal(k+1) * sd[1]), float64(d.normal(k+2) * sd[2])}
}

// Outlines of leaves and objects.
const (
	outlineDisk = iota
	outlineSquare
	outlineTriangle
	outlineRing
	outlineCross
	outlineBar
)

// distance is the approximate signed distance of the point (u, v) from an outline of
// radius r around the origin; negative inside.
func distance(outline int, u, v, r float64) float64 {
	au, av := math.Abs(u), math.Abs(v)
	switch outline {
	case outlineDisk:
		return math.Sqrt(float64(u*u)+float64(v*v)) - float64(0.9*r)
	case outlineSquare:
		return max(au, av) - float64(0.8*r)
	case outlineTriangle:
		return max(v, float64(math.Sqrt(0.75)*au)-float64(0.5*v)) - float64(0.6*r)
	case outlineRing:
		return math.Abs(math.Sqrt(float64(u*u)+float64(v*v))-float64(0.72*r)) - float64(0.27*r)
	case outlineCross:
		thin := float64(0.32 * r)
		return min(max(au-r, av-thin), max(au-thin, av-r))
	default: // outlineBar
		return max(au-r, av-float64(0.35*r))
	}
}

// shape is one thing to paint.
type shape struct {
	outline       int
	x, y, r       float64 // centre and radius in pixels
	angle         float64
	colour        opponent
	gradX, gradY  float64 // change of brightness per pixel
	striped       bool
	wave, phase   float64  // stripes: radians per pixel, radians
	across        float64  // direction in which they vary
	stripesColour opponent // amplitude
}

// leavesCanvas is the memory for one picture.
type leavesCanvas struct {
	rgb [leavesSide * leavesSide]opponent
}

// paint covers the canvas with a shape.
func (canvas *leavesCanvas) paint(s shape) {
	cos, sin := math.Cos(s.angle), math.Sin(s.angle)
	cosAcross, sinAcross := math.Cos(s.across), math.Sin(s.across)
	colour, stripes := s.colour.rgb(), s.stripesColour.rgb()
	// Nothing reaches farther than the corners of the triangle, widened by half an edge:
	// 2(0.6 r + 1.25). One pixel more, to be safe from rounding.
	reach := float64(1.2*s.r) + leavesSoft + 1
	y0, y1 := pixels(s.y, reach)
	x0, x1 := pixels(s.x, reach)
	for i := y0; i < y1; i++ {
		dy := float64(i) + 0.5 - s.y
		for j := x0; j < x1; j++ {
			dx := float64(j) + 0.5 - s.x
			u, v := float64(cos*dx)+float64(sin*dy), float64(cos*dy)-float64(sin*dx)
			t := 0.5 - distance(s.outline, u, v, s.r)/leavesSoft
			if t <= 0 {
				continue
			}
			t = min(t, 1)
			alpha := float64(t * t * (3 - float64(2*t))) // smoothstep
			shade := float64(s.gradX*dx) + float64(s.gradY*dy)
			w := 0.0
			if s.striped {
				w = math.Sin(float64(s.wave*(float64(cosAcross*dx)+float64(sinAcross*dy))) + s.phase)
			}
			p := &canvas.rgb[i*leavesSide+j]
			for c := range p {
				p[c] = float64(p[c]*(1-alpha)) + float64(alpha*(colour[c]+shade+float64(w*stripes[c])))
			}
		}
	}
}

// pixels returns the range of pixels within reach of a coordinate.
func pixels(at, reach float64) (first, end int) {
	return max(0, int(math.Floor(at-reach))), min(leavesSide, int(math.Ceil(at+reach))+1)
}

// draw writes picture number index of a seed to out, 32×32×3 bytes, and returns its class.
func (canvas *leavesCanvas) draw(out []uint8, seed uint64, index int) int {
	d := newDrawing(seed, uint64(index))
	class := index % 10
	sd := opponent{0.20, 0.12, 0.07} // as far as colours of a picture lie apart
	palette := opponent{0.5, 0, 0}.plus(d.normals(0, opponent{0.12, 0.08, 0.05}))
	ground := palette.plus(d.normals(3, sd)).rgb()
	for i := range canvas.rgb {
		canvas.rgb[i] = ground
	}
	for j := uint64(1); j <= 8; j++ {
		canvas.paint(leaf(d, 16*j, palette, sd))
	}
	canvas.paint(object(d, class, palette, sd))

	contrast, brightness := d.uniform(528, 0.8, 1.2), float64(d.normal(529)*0.05)
	for i := range canvas.rgb {
		for c, p := range canvas.rgb[i] {
			noise := float64(d.normal(1024+uint64(i*3+c)) * 0.02)
			v := 0.5 + float64(contrast*(p-0.5)) + brightness + noise
			out[i*3+c] = uint8(math.Floor(float64(min(max(v, 0), 1)*255) + 0.5))
		}
	}
	return class
}

// leaf draws the numbers of a leaf from k on.
func leaf(d drawing, k uint64, palette, sd opponent) shape {
	const least, most = 1 / (2.5 * 2.5), 1 / (14.0 * 14.0) // radii 2.5 to 14 with density r⁻³
	return shape{
		outline: [4]int{outlineDisk, outlineSquare, outlineTriangle, outlineBar}[d.bits(k)>>62],
		r:       1 / math.Sqrt(least+float64(d.uniform(k+1, 0, 1)*(most-least))),
		x:       d.uniform(k+2, -2, 34),
		y:       d.uniform(k+3, -2, 34),
		angle:   d.uniform(k+4, 0, 2*math.Pi),
		colour:  palette.plus(d.normals(k+5, sd)),
		gradX:   float64(d.normal(k+8) * leavesGrad),
		gradY:   float64(d.normal(k+9) * leavesGrad),
	}
}

// object draws the numbers of the labelled object: class = 2*surface + family.
func object(d drawing, class int, palette, sd opponent) shape {
	const k = 512
	surface, family := class/2, class%2
	outlines := [2][2]int{{outlineDisk, outlineRing}, {outlineTriangle, outlineCross}}
	s := shape{
		outline: outlines[family][d.bits(k+14)>>32%2],
		r:       d.uniform(k, 9.5, 14),
		angle:   d.uniform(k+3, 0, 2*math.Pi),
		gradX:   float64(d.normal(k+12) * leavesGrad),
		gradY:   float64(d.normal(k+13) * leavesGrad),
		striped: surface > 0,
		wave:    2 * math.Pi / d.uniform(k+4, 4, 8),
		phase:   d.uniform(k+6, 0, 2*math.Pi),
	}
	s.x = 16 + float64((16-s.r)*d.uniform(k+1, -1, 1))
	s.y = 16 + float64((16-s.r)*d.uniform(k+2, -1, 1))

	offset := d.normals(k+7, sd) // its luminance differs from the palette by at least 0.18
	if offset[0] < 0 {
		offset[0] = min(offset[0], -0.18)
	} else {
		offset[0] = max(offset[0], 0.18)
	}
	s.colour = palette.plus(offset)

	t, q := d.uniform(k+5, 0, 1), d.uniform(k+10, 0, 1)
	tilt := float64(0.6 * (float64(2*t) - 1))
	switch surface {
	case 1: // horizontal stripes vary downwards
		s.across = math.Pi/2 + tilt
	case 2:
		s.across = tilt
	default:
		s.across = float64(math.Pi * t)
	}
	switch surface {
	case 3:
		s.stripesColour[1] = 0.20 + float64(q*(0.40-0.20))
	case 4:
		s.stripesColour[2] = 0.15 + float64(q*(0.30-0.15))
	default:
		s.stripesColour[0] = 0.12 + float64(q*(0.30-0.12))
	}
	return s
}
