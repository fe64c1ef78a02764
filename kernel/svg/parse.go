package svg

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// node is an element, or a piece of text, whose name is "".
type node struct {
	name     string
	attrs    map[string]string
	text     string
	children []*node
	parent   *node
	rules    *[]rule // of the document
}

const (
	svgSpace   = "http://www.w3.org/2000/svg"
	xlinkSpace = "http://www.w3.org/1999/xlink"
	xmlSpace   = "http://www.w3.org/XML/1998/namespace"
)

// parse reads a document; elements of other namespaces are left out.
func parse(source string) (*node, error) {
	if len(source) > mostBytes {
		return nil, fmt.Errorf("svg: %d bytes (at most %d)", len(source), mostBytes)
	}
	var root, at *node
	var rules []rule
	depth, count, foreign := 0, 0, 0
	dec := xml.NewDecoder(strings.NewReader(source))
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("svg: %w", err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			if foreign > 0 || t.Name.Space != svgSpace && t.Name.Space != "" {
				foreign++
				continue
			}
			n := &node{name: t.Name.Local, attrs: map[string]string{}, parent: at, rules: &rules}
			for _, a := range t.Attr {
				switch a.Name.Space {
				case "":
					n.attrs[a.Name.Local] = a.Value
				case xlinkSpace, "xlink": // undeclared prefixes stay as they are
					if _, ok := n.attrs[a.Name.Local]; !ok {
						n.attrs[a.Name.Local] = a.Value
					}
				case xmlSpace, "xml":
					n.attrs["xml:"+a.Name.Local] = a.Value
				}
			}
			if depth, count = depth+1, count+1; depth > mostDepth || count > mostNodes {
				return nil, fmt.Errorf("svg: more than %d elements, or %d within each other", mostNodes, mostDepth)
			}
			switch {
			case at != nil:
				at.children = append(at.children, n)
			case root == nil && n.name == "svg":
				root = n
			default:
				return nil, fmt.Errorf("svg: the document is a %s", n.name)
			}
			at = n
		case xml.EndElement:
			if foreign > 0 {
				foreign--
				continue
			}
			if at.name == "style" {
				if err := sheet(&rules, at.content()); err != nil {
					return nil, err
				}
			}
			at = at.parent
			depth--
		case xml.CharData:
			if at != nil && foreign == 0 {
				at.children = append(at.children, &node{text: string(t), parent: at, rules: &rules})
			}
		}
	}
	if root == nil {
		return nil, errors.New("svg: no svg element")
	}
	return root, nil
}

// content is the text within an element.
func (n *node) content() string {
	var s strings.Builder
	for _, c := range n.children {
		s.WriteString(c.text)
	}
	return s.String()
}

// target is the id that an attribute refers to: "#id" in a link; "" where there is none.
func (n *node) target() string {
	id, ok := strings.CutPrefix(strings.TrimSpace(n.attrs["href"]), "#")
	if !ok && n.attrs["href"] != "" {
		refuse("%s refers to another document", n.name)
	}
	return id
}

// reference is the id in url(#id), and what stands behind it.
func reference(text string) (id, rest string, ok bool) {
	text, ok = strings.CutPrefix(strings.TrimSpace(text), "url(")
	if !ok {
		return "", "", false
	}
	inner, rest, ok := strings.Cut(text, ")")
	id, isID := strings.CutPrefix(strings.Trim(strings.TrimSpace(inner), `"'`), "#")
	if !ok || !isID {
		refuse("a reference to another document: url(%s)", inner)
	}
	return id, strings.TrimSpace(rest), true
}

// numbers reads a list of numbers parted by blanks and commas, as far as it is one.
func numbers(text string) []float64 {
	var list []float64
	p := scanner{text: text}
	for {
		x, ok := p.number()
		if !ok {
			return list
		}
		list = append(list, x)
	}
}

// scanner reads numbers, which need nothing between them where it is clear: "1.5.5-3" are three.
type scanner struct {
	text string
	at   int
}

func (p *scanner) blanks() {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n\f,", p.text[p.at]) >= 0 {
		p.at++
	}
}

func (p *scanner) number() (float64, bool) {
	p.blanks()
	i := p.at
	digits := func() (any bool) {
		for i < len(p.text) && p.text[i] >= '0' && p.text[i] <= '9' {
			i++
			any = true
		}
		return any
	}
	if i < len(p.text) && (p.text[i] == '+' || p.text[i] == '-') {
		i++
	}
	whole := digits()
	if i < len(p.text) && p.text[i] == '.' {
		i++
		if !digits() && !whole {
			return 0, false
		}
	} else if !whole {
		return 0, false
	}
	if i < len(p.text) && (p.text[i] == 'e' || p.text[i] == 'E') {
		mantissa := i
		i++
		if i < len(p.text) && (p.text[i] == '+' || p.text[i] == '-') {
			i++
		}
		if !digits() {
			i = mantissa // the unit em, say
		}
	}
	x, err := strconv.ParseFloat(p.text[p.at:i], 64)
	if err != nil { // out of range
		refuse("the number %s", p.text[p.at:i])
	}
	p.at = i
	return x, true
}

// flag reads one digit, 0 or 1, as in the arcs of paths.
func (p *scanner) flag() (bool, bool) {
	p.blanks()
	if p.at < len(p.text) && (p.text[p.at] == '0' || p.text[p.at] == '1') {
		p.at++
		return p.text[p.at-1] == '1', true
	}
	return false, false
}

// units in CSS pixels.
var units = map[string]float64{"": 1, "px": 1, "pt": 4.0 / 3, "pc": 16, "mm": 96 / 25.4, "cm": 96 / 2.54, "in": 96, "q": 96 / 101.6}

// length reads a length in CSS pixels; whole is what 100 % are, em the size of the font.
func length(text string, whole, em float64) (float64, bool) {
	p := scanner{text: strings.TrimSpace(text)}
	x, ok := p.number()
	if !ok {
		return 0, false
	}
	switch unit := strings.ToLower(p.text[p.at:]); unit {
	case "%":
		return x / 100 * whole, true
	case "em":
		return x * em, true
	case "rem":
		return x * 16, true
	case "ex":
		return x * em / 2, true
	default:
		factor, known := units[unit]
		return x * factor, known
	}
}
