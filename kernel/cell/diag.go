package cell

import (
	"fmt"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Position is a place in a cell. Lines and columns (in bytes) count from 1; the zero value is unknown.
type Position struct {
	Cell         int
	Line, Column int
}

// IsValid reports whether the position is known.
func (p Position) IsValid() bool { return p.Line > 0 }

// Diagnostic says what is wrong with a cell, and where.
type Diagnostic struct {
	Position
	Message string
	Hint    string // one sentence that helps, or ""
}

// Diagnostics is the error of a cell that was rejected before anything ran, sorted by position.
type Diagnostics []Diagnostic

// Error gives one "line:column: message" a line.
func (l Diagnostics) Error() string {
	var b strings.Builder
	for i, d := range l {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "%d:%d: %s", d.Line, d.Column, d.Message)
	}
	return b.String()
}

// Sort puts the diagnostics in the order of their positions.
func (l Diagnostics) Sort() Diagnostics {
	slices.SortStableFunc(l, func(a, b Diagnostic) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return l
}

// Files are the sources of a session's cells: they turn positions in syntax into places in cells.
type Files struct {
	Set   *token.FileSet
	cells map[string]source // by file name in Set
}

type source struct {
	number int
	label  string
	lines  []string
}

// NewFiles returns an empty set.
func NewFiles() *Files { return &Files{Set: token.NewFileSet(), cells: map[string]source{}} }

func fileName(n int) string { return fmt.Sprintf("cell %d", n) }

// headerLines is what every parsed part has before the text of the cell.
const headerLines = 2

// Position finds the place of pos; the result is invalid for code that no cell wrote.
func (f *Files) Position(pos token.Pos) Position {
	if !pos.IsValid() {
		return Position{}
	}
	p := f.Set.PositionFor(pos, false)
	s, ok := f.cells[p.Filename]
	if !ok {
		return Position{}
	}
	return Position{Cell: s.number, Line: p.Line - headerLines, Column: p.Column}
}

// inner finds positions of parsed cells inside a message.
var inner = regexp.MustCompile(`cell (\d+):(\d+):(\d+)`)

// Relabel writes the places that a message names as users know them: In[2]:3:1.
func (f *Files) Relabel(msg string) string {
	return inner.ReplaceAllStringFunc(msg, func(at string) string {
		m := inner.FindStringSubmatch(at)
		number, _ := strconv.Atoi(m[1]) // digits
		line, _ := strconv.Atoi(m[2])
		return fmt.Sprintf("%s:%d:%s", f.Label(number), max(1, line-headerLines), m[3])
	})
}

// Line returns one line of a cell's source, from 1, or "".
func (f *Files) Line(cell, line int) string {
	s := f.cells[fileName(cell)]
	if line < 1 || line > len(s.lines) {
		return ""
	}
	return s.lines[line-1]
}

// Label returns what the cell is called.
func (f *Files) Label(cell int) string {
	if s, ok := f.cells[fileName(cell)]; ok {
		return s.label
	}
	return fmt.Sprintf("In[%d]", cell)
}
