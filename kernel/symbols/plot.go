package symbols

import (
	// Plots show themselves in these formats once they are registered.
	_ "gonum.org/v1/plot/vg/vgimg"
	_ "gonum.org/v1/plot/vg/vgsvg"
)
