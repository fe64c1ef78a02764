package assist

import (
	"go/ast"
	"go/scanner"
	"go/token"

	"gonverge/kernel/check"
)

// Text is a string literal that is being typed.
type Text struct {
	Start int    // offset of its first byte after the quote
	Value string // from there to the cursor, as it stands
	// Call are the variables in the call that the string is an argument of: of its receiver first, then of its arguments.
	Call []string
}

// TextAt finds the string literal that the cursor is in.
func TextAt(p *check.Program, src string, cursor int) (Text, bool) {
	cursor = max(0, min(cursor, len(src)))
	start, ok := openString(src[:cursor])
	if !ok {
		return Text{}, false
	}
	t := Text{Start: start, Value: src[start:cursor]}
	before := src[:start-1] + here
	c := p.Files.ParseLoosely(before + closing(before))
	seen := map[string]bool{}
	variables := func(x ast.Node) {
		ast.Inspect(x, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok { // of x.y only x is a variable
				ast.Inspect(sel.X, func(n ast.Node) bool {
					if id, ok := n.(*ast.Ident); ok && !seen[id.Name] && id.Name != here {
						seen[id.Name] = true
						t.Call = append(t.Call, id.Name)
					}
					return true
				})
				return false
			}
			if id, ok := n.(*ast.Ident); ok && !seen[id.Name] && id.Name != here {
				seen[id.Name] = true
				t.Call = append(t.Call, id.Name)
			}
			return true
		})
	}
	var nodes []ast.Node
	for _, d := range c.Decls {
		nodes = append(nodes, d)
	}
	var inner *ast.CallExpr
	for _, n := range append(nodes, c.Body) {
		ast.Inspect(n, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			for _, a := range call.Args {
				ast.Inspect(a, func(n ast.Node) bool {
					if id, ok := n.(*ast.Ident); ok && id.Name == here {
						inner = call // outer calls come first
					}
					return true
				})
			}
			return true
		})
	}
	if inner != nil {
		if sel, ok := inner.Fun.(*ast.SelectorExpr); ok {
			variables(sel.X)
		}
		for _, a := range inner.Args {
			variables(a)
		}
	}
	return t, true
}

// openString finds where the string literal begins that the text ends in, after its quote.
func openString(src string) (start int, ok bool) {
	file := token.NewFileSet().AddFile("", -1, len(src))
	var sc scanner.Scanner
	sc.Init(file, []byte(src), func(token.Position, string) {}, scanner.ScanComments)
	for {
		pos, t, lit := sc.Scan()
		switch {
		case t == token.EOF:
			return 0, false
		case t == token.STRING && file.Offset(pos)+len(lit) >= len(src):
			if len(lit) >= 2 && lit[len(lit)-1] == lit[0] && (lit[0] == '`' || lit[len(lit)-2] != '\\') {
				return 0, false // it is closed
			}
			return file.Offset(pos) + 1, true
		}
	}
}

// Variable is the global variable that stands alone at the cursor, or nil.
func Variable(p *check.Program, src string, cursor int) string {
	end := nameEnd(src, cursor)
	start := wordStart(src, end)
	if start > 0 && src[start-1] == '.' || start == end {
		return ""
	}
	if _, ok := p.Scope()[src[start:end]]; ok {
		return src[start:end]
	}
	return ""
}
