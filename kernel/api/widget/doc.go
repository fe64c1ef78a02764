// Package widget gives cells controls to play with: sliders, a dropdown and a bar of ipywidgets, and Interact, which runs a
// function again when a control moves and draws its result in the same place. It stands ready in every cell.
//
//	widget.Interact(func(unit int) any {
//		return filters[unit]
//	}, widget.IntSlider{Label: "unit", Max: 31})
//
//	level := widget.Show(widget.FloatSlider{Label: "level", Max: 1, Value: 0.5})
//	level.Float()                                      // in a later cell: where the user left it
//
// A front end without ipywidgets, and a notebook that runs without one, shows the same once, for the values at the start.
//
// The function runs between cells, never beside one: a moved slider waits for the cell that is running.
package widget
