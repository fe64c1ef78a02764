// gonum's plots show themselves as PNG and SVG once these writers are linked in.

package symbols

import (
	_ "gonum.org/v1/plot/vg/vgimg"
	_ "gonum.org/v1/plot/vg/vgsvg"
)
