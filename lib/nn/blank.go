package nn

import "fmt"

// Blank returns a net to be filled through [Net.Params]: weights are 0, everything else is as
// it begins. Nothing is drawn, so it is the way to nets from files.
func Blank(arch *Arch) (*Net, error) { return blank(arch) }

// Outline returns the blocks of parameters that a net of the architecture has, in the order
// of [Net.Params], without their Data.
func (a *Arch) Outline() ([]Param, error) {
	steps, err := a.steps()
	if err != nil {
		return nil, err
	}
	var out []Param
	for _, s := range steps {
		for _, p := range s.layer.params(s.in) {
			out = append(out, Param{Layer: s.name, Name: p.name, Shape: append([]int(nil), p.shape...), Fixed: p.fixed})
		}
	}
	return out, nil
}

// LayerInput returns the shape height × width × channels of what a layer takes, that of a
// residual block's first layer for a block. An unknown name is an error that lists the known ones.
func (a *Arch) LayerInput(name string) ([3]int, error) {
	steps, err := a.steps()
	if err != nil {
		return [3]int{}, err
	}
	for i, s := range steps {
		if s.name != name {
			continue
		}
		if r, ok := s.layer.(Residual); ok {
			return a.LayerInput(fmt.Sprintf("%s/%s", name, r.Layers[0].name()))
		}
		return steps[i].in, nil
	}
	return [3]int{}, unknownLayer(name, stepNames(steps))
}
