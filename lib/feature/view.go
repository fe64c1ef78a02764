package feature

import (
	"context"
	"fmt"
	"image"

	"gonverge/lib/nn"
)

// View says how figures show a unit. The zero value shows all patches that were collected, in
// a square (nine as 3×3).
type View struct {
	// Patches is how many patches a unit shows, 1 for the paper's notebook; 0: all that were
	// collected.
	Patches int
	// Deconv shows the same places below, projected back to the picture by the deconvolution
	// of Zeiler and Fergus.
	Deconv bool
	// Guided shows the same by guided backpropagation, below.
	Guided bool
	// Columns is how many units a row shows: of Pairs the best, and as many of the worst; 0: 8.
	Columns int
}

func (v View) columns() int {
	if v.Columns < 0 || v.Patches < 0 {
		panic(fmt.Sprintf("feature: View{Patches: %d, Columns: %d} (valid: 0 or more)", v.Patches, v.Columns))
	}
	if v.Columns == 0 {
		return 8
	}
	return v.Columns
}

// montageGap is what keeps large montages apart, in CSS pixels.
const montageGap = 12

func (v View) gap() float64 {
	if v.Patches == 1 {
		return 0
	}
	return montageGap
}

// rules are the projections that a view shows.
func (v View) rules() []nn.BackRule {
	var rules []nn.BackRule
	if v.Deconv {
		rules = append(rules, nn.Deconvolution)
	}
	if v.Guided {
		rules = append(rules, nn.Guided)
	}
	return rules
}

// who is a unit of a net.
type who struct{ net, unit int }

// pictures returns the picture of each unit of a layer; a negative unit has none.
func (u *Units) pictures(ctx context.Context, layer string, units []who, v View) ([]image.Image, error) {
	if err := u.projectAll(ctx, layer, units, v.rules(), v.Patches); err != nil {
		return nil, err
	}
	out := make([]image.Image, len(units))
	for i, w := range units {
		if w.unit < 0 {
			continue
		}
		parts := []image.Image{u.Patches(layer, w.net, w.unit).Montage(v.Patches)}
		for _, r := range v.rules() {
			p, err := u.project(ctx, layer, w.net, w.unit, r, v.Patches)
			if err != nil {
				return nil, err
			}
			parts = append(parts, p.Montage(v.Patches))
		}
		out[i] = stack(parts...)
	}
	return out, nil
}
