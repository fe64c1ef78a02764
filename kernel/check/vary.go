package check

import (
	"go/ast"
	"go/token"
)

// Constants of instances. What is a constant only in an instance of a generic function (uint(T(-1)), sizes of T) is computed when
// it runs, as Go does, and not refused as a constant.

// varyName is the function around values that are constants only in an instance.
const varyName = "__vary"

// Vary keeps the values of a generic function from being constants in an instance: a conversion to one of its type parameters is
// none, so that uint(T(-1)) is computed when it runs, though uint(int(-1)) is an error.
func Vary(d *ast.FuncDecl, params map[string]bool) {
	seen := map[*ast.CallExpr]bool{}
	ast.Inspect(d.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GenDecl:
			return n.Tok != token.CONST
		case *ast.ArrayType:
			return n.Len == nil
		case *ast.CallExpr:
			if !seen[n] && varies(n, params) {
				c := *n
				seen[&c] = true
				*n = ast.CallExpr{Fun: Ident(c.Pos(), varyName), Lparen: c.Lparen, Args: []ast.Expr{&c}, Rparen: c.Rparen}
			}
		}
		return true
	})
}

// Varied is the value inside what Vary wrote.
func Varied(c *ast.CallExpr) (ast.Expr, bool) {
	if id, ok := c.Fun.(*ast.Ident); ok && id.Name == varyName {
		return c.Args[0], true
	}
	return nil, false
}

// varies tells a conversion to a type parameter, and what package unsafe says of a value, which may be of one.
func varies(c *ast.CallExpr, params map[string]bool) bool {
	if len(c.Args) != 1 {
		return false
	}
	switch f := ast.Unparen(c.Fun).(type) {
	case *ast.Ident:
		return params[f.Name]
	case *ast.SelectorExpr:
		id, ok := f.X.(*ast.Ident)
		return ok && id.Name == "unsafe" && (f.Sel.Name == "Sizeof" || f.Sel.Name == "Alignof")
	}
	return false
}

// Negates tells a minus in front of a conversion to a type parameter, which for a zero of a float type is not that of a
// constant.
func Negates(d *ast.FuncDecl, params map[string]bool) (found bool) {
	ast.Inspect(d.Body, func(n ast.Node) bool {
		if u, ok := n.(*ast.UnaryExpr); ok && u.Op == token.SUB {
			c, ok := ast.Unparen(u.X).(*ast.CallExpr)
			found = found || ok && varies(c, params)
		}
		return !found
	})
	return found
}
