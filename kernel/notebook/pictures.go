package notebook

import "fmt"

// Picture is a picture of a notebook's outputs, as a file.
type Picture struct {
	Name string // such as figure-1.png
	Data []byte
	Cell int // index of the cell that drew it
}

// Pictures returns the pictures of the outputs, each as PNG, SVG or both, in order.
// The first is called after base, base.png and base.svg; the others are numbered:
// base-2.png, base-3.png.
func Pictures(nb *Notebook, base string) []Picture {
	var all []Picture
	n := 0
	for i, c := range nb.Cells {
		for _, out := range c.Outputs {
			png, isPNG := out.Bundle.Data["image/png"].([]byte)
			svg, isSVG := out.Bundle.Data["image/svg+xml"].(string)
			if b, ok := out.Bundle.Data["image/svg+xml"].([]byte); ok {
				svg, isSVG = string(b), true
			}
			if !isPNG && !isSVG {
				continue
			}
			n++
			name := base
			if n > 1 {
				name = fmt.Sprintf("%s-%d", base, n)
			}
			if isPNG {
				all = append(all, Picture{Name: name + ".png", Data: png, Cell: i})
			}
			if isSVG {
				all = append(all, Picture{Name: name + ".svg", Data: []byte(svg), Cell: i})
			}
		}
	}
	return all
}
