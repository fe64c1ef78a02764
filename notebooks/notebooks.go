// Package notebooks holds the figure notebooks, so that the one binary can
// reproduce the figures wherever it was copied to. It holds no code: the
// notebooks are read and run by kernel/notebook.
package notebooks

import "embed"

// Files are the notebooks beside this file, as they are committed.
//
//go:embed *.ipynb
var Files embed.FS
