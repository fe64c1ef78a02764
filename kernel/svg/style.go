package svg

import (
	"cmp"
	"fmt"
	"image/color"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/image/colornames"
)

// state is how the element at hand is drawn.
type state struct {
	matrix   matrix
	viewport rect
	clip     clip

	opacity       float64 // of the element and all around it
	fill, stroke  paint
	fillOpacity   float64
	strokeOpacity float64
	evenOdd       bool
	clipEvenOdd   bool
	width         float64
	cap, join     string
	miter         float64
	dashes        []float64
	dashOffset    float64
	fixedWidth    bool // stroke width in CSS pixels whatever the transformation; not inherited
	color         color.NRGBA
	hidden        bool
	family        string
	size          float64
	bold, italic  bool
	anchor        string
	baseline      string
	stop          color.NRGBA // of a gradient; these two are not inherited
	stopOpacity   float64
	target        string // the clip path of this element; not inherited, nor is shown
	shown         bool   // not display: none
}

// paint is a colour, or a gradient by its id.
type paint struct {
	color color.NRGBA
	id    string
	none  bool
}

func initial(viewport rect) state {
	black := color.NRGBA{A: 255}
	return state{
		matrix: identity, viewport: viewport, opacity: 1, fill: paint{color: black}, stroke: paint{none: true}, fillOpacity: 1, strokeOpacity: 1,
		width: 1, cap: "butt", join: "miter", miter: 4, color: black, size: 16, anchor: "start", stop: black, stopOpacity: 1, shown: true,
	}
}

// with is the state for a child.
func (s state) with(d *drawing, n *node) state {
	s.fixedWidth, s.stop, s.stopOpacity, s.target, s.shown = false, color.NRGBA{A: 255}, 1, "", true
	around := s
	declared := n.declarations()
	for _, name := range []string{"color", "font", "font-size"} { // others count in these
		if v, ok := declared[name]; ok {
			s.set(name, v, &around)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(declared)) {
		s.set(name, declared[name], &around)
	}
	transformation := n.attrs["transform"]
	if v, ok := declared["transform"]; ok {
		transformation = strings.ReplaceAll(strings.ReplaceAll(v, "px", ""), "deg", "")
	}
	s.matrix = s.matrix.times(transform(transformation))
	if s.target != "" {
		d.clipTo(&s, s.target)
	}
	return s
}

// properties are those that may be attributes.
var properties = strings.Fields(`clip-path clip-rule color display dominant-baseline fill fill-opacity fill-rule filter font-family
	font-size font-style font-weight marker-end marker-mid marker-start mask opacity stop-color stop-opacity stroke stroke-dasharray
	stroke-dashoffset stroke-linecap stroke-linejoin stroke-miterlimit stroke-opacity stroke-width text-anchor vector-effect visibility`)

// declarations are the properties of an element: attributes, overruled by style sheets, overruled by its style.
func (n *node) declarations() map[string]string {
	out := map[string]string{}
	for _, name := range properties {
		if v, ok := n.attrs[name]; ok {
			out[name] = strings.TrimSpace(v)
		}
	}
	var match []rule
	for _, r := range *n.rules {
		if r.matches(n) {
			match = append(match, r)
		}
	}
	slices.SortStableFunc(match, func(a, b rule) int { return cmp.Compare(a.weight, b.weight) })
	for _, r := range match {
		for _, d := range r.declarations {
			out[d[0]] = d[1]
		}
	}
	for _, d := range declarations(n.attrs["style"]) {
		out[d[0]] = d[1]
	}
	return out
}

// declarations reads "name: value; ...".
func declarations(text string) [][2]string {
	var list [][2]string
	for part := range strings.SplitSeq(text, ";") {
		if name, v, ok := strings.Cut(part, ":"); ok {
			v, _, _ = strings.Cut(v, "!important")
			list = append(list, [2]string{strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(v)})
		}
	}
	return list
}

// rule is one of a style sheet, for a selector made of an element's name, id and classes.
type rule struct {
	name, id     string
	classes      []string
	weight       int
	declarations [][2]string
}

func (r rule) matches(n *node) bool {
	if r.name != "" && r.name != n.name || r.id != "" && r.id != n.attrs["id"] {
		return false
	}
	have := strings.Fields(n.attrs["class"])
	for _, c := range r.classes {
		if !slices.Contains(have, c) {
			return false
		}
	}
	return true
}

// sheet reads a style sheet.
func sheet(rules *[]rule, text string) error {
	for {
		before, after, ok := strings.Cut(text, "/*")
		if !ok {
			break
		}
		_, after, _ = strings.Cut(after, "*/")
		text = before + " " + after
	}
	for strings.TrimSpace(text) != "" {
		selectors, rest, ok := strings.Cut(text, "{")
		body, after, closed := strings.Cut(rest, "}")
		if ok && closed && strings.TrimSpace(selectors) == "@font-face" { // the text is set in a font that is here
			text = after
			continue
		}
		if !ok || !closed || strings.Contains(body, "{") || strings.HasPrefix(strings.TrimSpace(selectors), "@") {
			return fmt.Errorf("svg: style sheet at %.20q", strings.TrimSpace(text))
		}
		list := declarations(body)
		for selector := range strings.SplitSeq(selectors, ",") {
			selector = strings.TrimSpace(selector)
			if strings.Contains(selector, ":") && !strings.Contains(selector, ":not") && !strings.Contains(selector, "-child") {
				continue // :hover and its kin
			}
			r := rule{declarations: list}
			for i, part := range parts(selector) {
				switch {
				case part[0] == '.':
					r.classes = append(r.classes, part[1:])
					r.weight += 10
				case part[0] == '#':
					r.id = part[1:]
					r.weight += 100
				case i == 0 && part == "*":
				case i == 0 && !strings.ContainsAny(part, " >+~[:"):
					r.name = part
					r.weight++
				default:
					return fmt.Errorf("svg: selector %q", selector)
				}
			}
			if len(*rules) >= 1000 {
				return fmt.Errorf("svg: more than 1000 rules of style")
			}
			*rules = append(*rules, r)
		}
		text = after
	}
	return nil
}

// parts cuts a selector before each point and hash.
func parts(selector string) []string {
	if strings.ContainsAny(selector, " >+~[:") {
		return []string{selector}
	}
	var list []string
	for start := 0; start < len(selector); {
		end := strings.IndexAny(selector[start+1:], ".#")
		if end < 0 {
			return append(list, selector[start:])
		}
		list = append(list, selector[start:start+1+end])
		start += 1 + end
	}
	return list
}

// set takes one property; a value that is none is ignored, as browsers do.
func (s *state) set(name, v string, around *state) {
	if strings.Contains(v, "var(") || strings.Contains(v, "calc(") {
		refuse("%s: %s", name, v)
	}
	if v == "inherit" && name != "opacity" {
		return
	}
	diagonal := math.Hypot(s.viewport.w, s.viewport.h) / math.Sqrt2
	share := func(to *float64) {
		if x, ok := length(v, 1, 0); ok {
			*to = max(0, min(1, x))
		}
	}
	long := func(to *float64) {
		if x, ok := length(v, diagonal, s.size); ok {
			*to = x
		}
	}
	switch name {
	case "fill":
		s.paint(&s.fill, v)
	case "stroke":
		s.paint(&s.stroke, v)
	case "color":
		if c, ok := parseColor(v, s.color); ok {
			s.color = c
		}
	case "opacity":
		own := 1.0
		share(&own)
		s.opacity *= own
	case "fill-opacity":
		share(&s.fillOpacity)
	case "stroke-opacity":
		share(&s.strokeOpacity)
	case "stop-opacity":
		share(&s.stopOpacity)
	case "stop-color":
		if c, ok := parseColor(v, s.color); ok {
			s.stop = c
		}
	case "fill-rule":
		s.evenOdd = v == "evenodd"
	case "clip-rule":
		s.clipEvenOdd = v == "evenodd"
	case "stroke-width":
		long(&s.width)
	case "stroke-linecap":
		s.cap = v
	case "stroke-linejoin":
		s.join = v
	case "stroke-miterlimit":
		long(&s.miter)
	case "stroke-dashoffset":
		long(&s.dashOffset)
	case "stroke-dasharray":
		s.dashes = nil
		sum := 0.0
		for part := range strings.FieldsFuncSeq(v, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\n' }) {
			x, ok := length(part, diagonal, s.size)
			if !ok || x < 0 {
				s.dashes = nil
				return
			}
			s.dashes = append(s.dashes, x)
			sum += x
		}
		if len(s.dashes)%2 == 1 {
			s.dashes = slices.Concat(s.dashes, s.dashes)
		}
		if sum == 0 {
			s.dashes = nil
		}
	case "vector-effect":
		s.fixedWidth = v == "non-scaling-stroke"
	case "visibility":
		s.hidden = v == "hidden" || v == "collapse"
	case "display":
		s.shown = v != "none"
	case "font-family":
		s.family = v
	case "font-weight":
		weight, err := strconv.Atoi(v)
		s.bold = v == "bold" || v == "bolder" || err == nil && weight >= 600
	case "font-style":
		s.italic = v == "italic" || strings.HasPrefix(v, "oblique")
	case "font-size":
		s.fontSize(v, around.size)
	case "font":
		s.font(v, around.size)
	case "text-anchor":
		s.anchor = v
	case "dominant-baseline", "alignment-baseline":
		s.baseline = v
	case "clip-path":
		if v != "none" {
			id, _, ok := reference(v)
			if !ok {
				refuse("clip-path: %s", v)
			}
			s.target = id
		}
	case "filter", "mask", "marker", "marker-start", "marker-mid", "marker-end":
		if v != "none" && v != "" {
			refuse("%s", name)
		}
	case "mix-blend-mode", "writing-mode", "text-orientation", "paint-order":
		if v != "normal" && v != "horizontal-tb" && v != "lr-tb" && v != "lr" {
			refuse("%s: %s", name, v)
		}
	}
}

var fontSizes = map[string]float64{"xx-small": 9, "x-small": 10, "small": 13, "medium": 16, "large": 18, "x-large": 24, "xx-large": 32}

func (s *state) fontSize(v string, around float64) {
	if x, ok := fontSizes[v]; ok {
		s.size = x
	} else if x, ok := length(v, around, around); ok && x >= 0 {
		s.size = x
	}
}

// font reads the short form: style, weight, size and family.
func (s *state) font(v string, around float64) {
	s.bold, s.italic = false, false
	words := strings.Fields(v)
	for i, word := range words {
		size, _, _ := strings.Cut(word, "/") // the height of a line
		if _, ok := length(size, 1, 1); ok && !(len(word) == 3 && strings.HasSuffix(word, "00")) || fontSizes[size] > 0 {
			s.fontSize(size, around)
			s.family = strings.Join(words[i+1:], " ")
			return
		}
		switch word {
		case "italic", "oblique":
			s.italic = true
		case "bold", "bolder", "600", "700", "800", "900":
			s.bold = true
		}
	}
}

func (s *state) paint(to *paint, v string) {
	if id, rest, ok := reference(v); ok {
		*to = paint{id: id, none: rest == "none"}
		if c, ok := parseColor(rest, s.color); ok {
			to.color = c
		} else {
			to.none = true // where the reference leads nowhere
		}
		return
	}
	if v == "none" {
		*to = paint{none: true}
	} else if c, ok := parseColor(v, s.color); ok {
		*to = paint{color: c}
	}
}

// parseColor reads a colour of CSS.
func parseColor(v string, current color.NRGBA) (color.NRGBA, bool) {
	v = strings.ToLower(strings.TrimSpace(v))
	switch v {
	case "":
		return color.NRGBA{}, false
	case "currentcolor":
		return current, true
	case "transparent":
		return color.NRGBA{}, true
	}
	if named, ok := colornames.Map[v]; ok {
		return color.NRGBA(named), true // they are opaque
	}
	if hex, ok := strings.CutPrefix(v, "#"); ok {
		if len(hex) == 3 || len(hex) == 4 {
			wide := ""
			for _, r := range hex {
				wide += string(r) + string(r)
			}
			hex = wide
		}
		if len(hex) == 6 {
			hex += "ff"
		}
		x, err := strconv.ParseUint(hex, 16, 32)
		return color.NRGBA{uint8(x >> 24), uint8(x >> 16), uint8(x >> 8), uint8(x)}, err == nil && len(hex) == 8
	}
	name, inner, ok := strings.Cut(v, "(")
	inner, closed := strings.CutSuffix(inner, ")")
	fields := strings.FieldsFunc(inner, func(r rune) bool { return r == ',' || r == ' ' || r == '/' })
	if !ok || !closed || len(fields) < 3 || len(fields) > 4 {
		return color.NRGBA{}, false
	}
	alpha := 1.0
	if len(fields) == 4 {
		if alpha, ok = length(fields[3], 1, 0); !ok {
			return color.NRGBA{}, false
		}
	}
	var c [3]float64 // from 0 to 1
	whole := [3]float64{255, 255, 255}
	if strings.HasPrefix(name, "hsl") {
		whole = [3]float64{360, 1, 1}
		fields[0] = strings.TrimSuffix(fields[0], "deg")
	} else if !strings.HasPrefix(name, "rgb") {
		return color.NRGBA{}, false
	}
	for i := range c {
		x, ok := length(fields[i], whole[i], 0)
		if !ok {
			return color.NRGBA{}, false
		}
		c[i] = x / whole[i]
	}
	if strings.HasPrefix(name, "hsl") {
		hue, saturation, light := c[0]*12, c[1], c[2]
		a := saturation * min(light, 1-light)
		for i, n := range [3]float64{0, 8, 4} {
			k := math.Mod(math.Mod(n+hue, 12)+12, 12)
			c[i] = light - a*max(-1, min(k-3, 9-k, 1))
		}
	}
	return color.NRGBA{eight(c[0]), eight(c[1]), eight(c[2]), eight(alpha)}, true
}

// eight is a share of one as eight bits.
func eight(x float64) uint8 { return uint8(math.Round(255 * max(0, min(1, x)))) }
