package assist

import (
	"go/scanner"
	"go/token"
	"go/types"
	"strings"

	"gonverge/kernel/check"
)

// Comments of cells: what Shift-Tab shows of names that cells declare, as documentation of compiled packages does of theirs.

// comment is what a cell, or the text that is being typed, says about an object that it declares: the comment right above,
// else the one behind it on its line.
func comment(p *check.Program, draft string, o types.Object) string {
	if !check.InSession(o) || !o.Pos().IsValid() {
		return ""
	}
	var line func(n int) string
	at := p.Files.Position(o.Pos())
	if at.IsValid() {
		line = func(n int) string { return p.Files.Line(at.Cell, n) }
	} else {
		lines := strings.Split(draft, "\n")
		at.Line = p.Files.Set.PositionFor(o.Pos(), false).Line - headerLines
		line = func(n int) string {
			if n < 1 || n > len(lines) {
				return ""
			}
			return lines[n-1]
		}
	}
	if above := commentAbove(line, at.Line); above != "" {
		return above
	}
	return commentBehind(line(at.Line))
}

// commentAbove is the comment that ends on the line before.
func commentAbove(line func(int) string, n int) string {
	var lines []string
	if last := strings.TrimSpace(line(n - 1)); strings.HasSuffix(last, "*/") {
		for n--; n > 0; n-- {
			text := strings.TrimSpace(line(n))
			lines = append([]string{strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(text, "/*"), "*/"))}, lines...)
			if strings.HasPrefix(text, "/*") {
				return strings.TrimSpace(strings.Join(lines, "\n"))
			}
		}
		return ""
	}
	for n--; n > 0; n-- {
		text, ok := strings.CutPrefix(strings.TrimSpace(line(n)), "//")
		if !ok || strings.HasPrefix(text, " %%") {
			break
		}
		if strings.HasPrefix(text, "go:") {
			continue // a directive
		}
		lines = append([]string{strings.TrimPrefix(text, " ")}, lines...)
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// commentBehind is the comment that a line ends in.
func commentBehind(line string) string {
	file := token.NewFileSet().AddFile("", -1, len(line))
	var sc scanner.Scanner
	sc.Init(file, []byte(line), func(token.Position, string) {}, scanner.ScanComments)
	for {
		switch _, t, text := sc.Scan(); t {
		case token.EOF:
			return ""
		case token.COMMENT:
			text = strings.TrimSuffix(strings.TrimPrefix(text, "/*"), "*/")
			return strings.TrimSpace(strings.TrimPrefix(text, "//"))
		}
	}
}
