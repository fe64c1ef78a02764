// Package figure draws the pictures of a study for print and screen: heat maps,
// curves, contact sheets, histograms, scatter plots and trees, side by side in one
// figure, as PNG (two pixels a CSS pixel) and SVG of the same drawing; and
// small tables of results.
//
// It takes matrices, slices and pictures only and knows nothing of nets or
// statistics; what is computed, is computed elsewhere. Axes, text and curves
// are drawn with gonum.org/v1/plot.
//
//	between := stats.Layer("conv1").Between(0, 1)
//	figure.Row(
//		figure.Heatmap{Title: "between", Values: between},
//		figure.Heatmap{Title: "between, matched", Values: align.Permute(between, match)},
//	)
//
// A figure in the last line of a cell shows itself; Save writes it to a file.
//
// # Shapes and ownership
//
// A panel is a struct; its fields are the options, and their zero values the
// defaults. Row and Grid copy all values, so matrices, slices and pictures may
// change afterwards without changing the figure. A *Figure is immutable and may
// be drawn from several goroutines at once. The same panels give the same bytes.
//
// Values that are NaN or infinite are drawn in red where a cell is expected and
// as gaps in curves, and the text of the figure says how many there are.
//
// # Panics
//
// Misuse panics with the numbers: no panel, a heat map without values, curves
// whose X, Names, Low and High differ in length.
package figure
