package figure

import (
	"image/color"
	"strings"

	xfont "golang.org/x/image/font"
	_ "gonum.org/v1/plot" // fills font.DefaultCache with the Liberation fonts
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// px is one CSS pixel (1/96 inch) in the drawing's unit, the point (1/72 inch).
const px vg.Length = 0.75

// Sizes of the drawing, in CSS pixels.
const (
	pageWidth = 960 * px // greatest width of a figure
	// notebookWidth is the room of an output in JupyterLab with its side bar open in a window of 1280 pixels. It shrinks
	// a PNG that is wider, but cuts an SVG.
	notebookWidth = 840 * px
	pageEdge      = 8 * px // white round everything
	columnGap     = 18 * px
	rowGap        = 16 * px

	titleSize = 14 * px
	labelSize = 13 * px
	tickSize  = 11.5 * px

	tickLength = 4 * px
	textGap    = 4 * px // between a line and a text beside it
	titleGap   = 7 * px
	middle     = 0.8 * px // lifts a vertically centred text, whose line box counts the descenders
)

var (
	ink      = color.Gray{Y: 0x22} // text
	axisGrey = color.Gray{Y: 0x55} // axes and ticks
	gridGrey = color.Gray{Y: 0xe4}
	// badRed marks a value that is no number.
	badRed = color.NRGBA{R: 0xd0, G: 0x20, B: 0x20, A: 0xff}
)

// lineColors are given in turn to lines without a colour: the colours of Okabe
// and Ito that stay apart for colour-blind readers and from the paper's greens.
var lineColors = [...]color.NRGBA{
	{R: 0x00, G: 0x72, B: 0xb2, A: 0xff}, // blue
	{R: 0xd5, G: 0x5e, B: 0x00, A: 0xff}, // vermilion
	{R: 0x77, G: 0x77, B: 0x77, A: 0xff}, // grey
	{R: 0xcc, G: 0x79, B: 0xa7, A: 0xff}, // purple
	{R: 0xe6, G: 0x9f, B: 0x00, A: 0xff}, // orange
	{R: 0x56, G: 0xb4, B: 0xe9, A: 0xff}, // sky blue
}

// LightGreen returns the paper's colour of semi-matching, RGB (0.25, 1, 0.68):
// Figures 3 and 4 of Li et al., ICLR 2016.
func LightGreen() color.Color { return color.NRGBA{R: 64, G: 255, B: 173, A: 255} }

// DarkGreen returns the paper's colour of matching, RGB (0, 0.45, 0.25):
// Figures 3 and 4 of Li et al., ICLR 2016.
func DarkGreen() color.Color { return color.NRGBA{R: 0, G: 115, B: 64, A: 255} }

// Grey returns the colour for chance levels and other controls.
func Grey() color.Color { return color.NRGBA{R: 150, G: 150, B: 150, A: 255} }

// style is a text style of the given size and alignment in the figure's font.
func style(size vg.Length, x text.XAlignment, y text.YAlignment) text.Style {
	return text.Style{
		Color:   ink,
		Font:    font.Font{Typeface: "Liberation", Variant: "Sans", Size: size},
		XAlign:  x,
		YAlign:  y,
		Handler: text.Plain{Fonts: font.DefaultCache},
	}
}

// titleStyle is bold and stands on the line below it.
func titleStyle() text.Style {
	s := style(titleSize, draw.XCenter, draw.YBottom)
	s.Font.Weight = xfont.WeightBold
	return s
}

// lineHeight is the height from one line of text to the next.
func lineHeight(size vg.Length) vg.Length { return 1.25 * size }

// wrap breaks a text between words into lines that are at most width wide; a
// single word that is wider stays whole.
func wrap(s text.Style, words string, width vg.Length) []string {
	var lines []string
	for _, word := range strings.Fields(words) {
		if n := len(lines); n > 0 && s.Width(lines[n-1]+" "+word) <= width {
			lines[n-1] += " " + word
			continue
		}
		lines = append(lines, word)
	}
	return lines
}
