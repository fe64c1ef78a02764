// Package svg draws SVG pictures as pixels, so that a picture of which a cell has only the SVG also shows where front ends
// refuse SVG: in notebooks that they do not trust.
//
//	img, size, err := svg.Render(source)   // twice the size in CSS pixels, where the limits allow it
//
// It draws what plotting and drawing programs write: shapes, paths, text, groups, use, transformations, strokes with
// dashes, gradients, clip paths, and style sheets with simple selectors. What it cannot draw as a browser would (filters,
// masks, patterns, markers, embedded pictures, text along a path, glyphs that the fonts lack) it refuses whole, for a
// picture with something missing would mislead. Where it knows that it is less exact than a browser: the opacity of a
// group is that of each of its parts, text is set without kerning in the fonts that gonum's plots are set in, and motion
// stands still at its beginning.
//
// Size and time are bounded: a picture too large or with too much in it is refused, whatever the source. Nothing is read
// but the source.
package svg
