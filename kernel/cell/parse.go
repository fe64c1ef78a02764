package cell

import (
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"strconv"
	"strings"
)

// ResultName is the name of the call that carries a final list of values: `a, b` parses as a call of it.
const ResultName = "__res"

// Cell is a parsed cell. Its nodes have positions in the Files that parsed it.
type Cell struct {
	Number  int
	Imports []*ast.ImportSpec
	Decls   []ast.Decl     // types, constants, functions and methods
	Body    *ast.BlockStmt // the statements, variable declarations included; never nil
	List    bool           // the last statement is a list of values, a call of ResultName
}

// Parse parses a cell. The error is a Diagnostics. Number must be new: it names the cell for as long as Files lives.
func (f *Files) Parse(number int, label, src string) (*Cell, error) {
	f.cells[fileName(number)] = source{number, label, strings.Split(src, "\n")}
	p := &parse{files: f, name: fileName(number), number: number}
	c := p.cell(src)
	if len(p.errs) == 0 {
		p.embeds()
	}
	if len(p.errs) > 0 {
		errs := p.errs.Sort().withoutEcho()
		for i := range errs[:min(20, len(errs))] {
			if errs[i].Hint = hint(f.cells[p.name].lines, errs[i]); errs[i].Hint != "" {
				return nil, errs[:i+1] // the parser lost its way there
			}
		}
		return nil, errs
	}
	return c, nil
}

// embeds refuses variables that the compiler would fill with a file: here they would be empty.
func (p *parse) embeds() {
	lines := p.files.cells[p.name].lines
	for i, l := range lines[:len(lines)-1] {
		if strings.HasPrefix(l, "//go:embed ") && strings.HasPrefix(lines[i+1], "var ") {
			p.errs = append(p.errs, Diagnostic{Position: Position{p.number, i + 1, 1}, Message: "go:embed is not available in cells, since nothing is built; os.ReadFile reads a file when the cell runs"})
		}
	}
}

// withoutEcho drops complaints about the end of the cell that follow from an earlier mistake.
func (l Diagnostics) withoutEcho() Diagnostics {
	kept := l[:1]
	for _, d := range l[1:] {
		if !strings.Contains(d.Message, "found end of cell") {
			kept = append(kept, d)
		}
	}
	return kept
}

// Reparse parses a cell again into fresh syntax.
func (f *Files) Reparse(number int) *Cell {
	p := &parse{files: f, name: fileName(number), number: number}
	return p.cell(strings.Join(f.cells[p.name].lines, "\n"))
}

// ParseLoosely parses what it can of a cell that is being typed; it keeps no record of it.
func (f *Files) ParseLoosely(src string) *Cell {
	p := &parse{files: f, name: "draft", loose: true}
	return p.cell(src)
}

type parse struct {
	files  *Files
	name   string
	number int
	loose  bool
	errs   Diagnostics
}

// part parses one text in which all that belongs to other parts is blank.
func (p *parse) part(before, text, after string) *ast.File {
	mode := parser.SkipObjectResolution
	if p.loose {
		mode |= parser.AllErrors
	}
	file, err := parser.ParseFile(p.files.Set, p.name, before+text+after, mode)
	if list, ok := err.(scanner.ErrorList); ok {
		for _, e := range list {
			msg := strings.NewReplacer("found '}'", "found end of cell", "found 'EOF'", "found end of cell").Replace(e.Msg)
			at := Position{p.number, max(1, e.Pos.Line-headerLines), e.Pos.Column}
			p.errs = append(p.errs, Diagnostic{Position: at, Message: msg})
		}
	}
	return file
}

func (p *parse) cell(src string) *Cell {
	c := &Cell{Number: p.number, Body: &ast.BlockStmt{}}
	pieces := split(src)
	only := func(k kind) string {
		return blank(src, pieces, func(_ int, q piece) bool { return q.kind == k })
	}
	has := map[kind]bool{}
	last := -1
	for i, q := range pieces {
		has[q.kind] = true
		if q.kind == stmtPiece {
			last = i
		}
	}
	if has[importPiece] {
		if f := p.part("package main\n\n", only(importPiece), "\n"); f != nil {
			c.Imports = f.Imports
		}
	}
	if has[declPiece] {
		if f := p.part(declHeader, only(declPiece), "\n"); f != nil {
			c.Decls = f.Decls
		}
	}
	if has[stmtPiece] {
		list := pieces[last].list
		text := blank(src, pieces, func(i int, q piece) bool { return q.kind == stmtPiece && !(list && i == last) })
		c.Body.List = p.body("package main\nfunc _() {\n", text, "\n}")
		if list {
			text := blank(src, pieces, func(i int, _ piece) bool { return i == last })
			c.Body.List = append(c.Body.List, p.body("package main\nfunc _() { "+ResultName+"(\n", strings.TrimSuffix(text, ";"), ")\n}")...)
		}
		c.List = list && last == len(pieces)-1
	}
	if len(p.errs) == 0 {
		for _, d := range c.Decls {
			switch d := d.(type) {
			case *ast.BadDecl:
				p.errs = append(p.errs, Diagnostic{Position: Position{p.number, 1, 1}, Message: "bad declaration"})
			case *ast.FuncDecl:
				if d.Recv != nil && d.Recv.NumFields() != 1 {
					at := p.files.Set.Position(d.Recv.Pos())
					message := "method has no receiver"
					if d.Recv.NumFields() > 1 {
						message = "method has multiple receivers"
					}
					p.errs = append(p.errs, Diagnostic{Position: Position{p.number, max(1, at.Line-headerLines), at.Column}, Message: message})
				}
				if d.Body == nil && strings.HasPrefix(strings.TrimLeft(src[min(len(src), p.end(d)):], " \t\r\n"), "{") {
					at := p.files.Set.Position(d.Name.Pos())
					p.errs = append(p.errs, Diagnostic{Position: Position{p.number, max(1, at.Line-headerLines), at.Column}, Message: "missing function body"})
				} else if d.Body == nil {
					d.Body = absent(d)
				}
			}
		}
	}
	return c
}

// declHeader stands before the declarations of a cell.
const declHeader = "package main\n\n"

// end is where a declaration ends in the cell, a byte offset.
func (p *parse) end(d *ast.FuncDecl) int {
	return p.files.Set.Position(d.Type.End()).Offset - len(declHeader)
}

// absent is the body of a function that is declared without one, as cells do which document a package. Go wants it
// elsewhere, in assembly; here it is nowhere, and a call says so.
func absent(d *ast.FuncDecl) *ast.BlockStmt {
	at, end := d.Name.Pos(), d.Type.End()-1
	call := &ast.CallExpr{Fun: &ast.Ident{NamePos: at, Name: "panic"}, Lparen: at, Rparen: at,
		Args: []ast.Expr{&ast.BasicLit{ValuePos: at, Kind: token.STRING, Value: strconv.Quote(d.Name.Name + " was declared without a body")}}}
	return &ast.BlockStmt{Lbrace: end, Rbrace: end, List: []ast.Stmt{&ast.ExprStmt{X: call}}}
}

// body parses statements inside a function and returns them.
func (p *parse) body(before, text, after string) []ast.Stmt {
	f := p.part(before, text, after)
	if f == nil || len(p.errs) > 0 && !p.loose {
		return nil
	}
	for _, d := range f.Decls {
		if fd, ok := d.(*ast.FuncDecl); ok && fd.Body != nil {
			return fd.Body.List
		}
	}
	return nil
}

// EndsWithValue reports whether the last statement is an expression whose values are the cell's, and returns it.
func (c *Cell) EndsWithValue() ast.Expr {
	if n := len(c.Body.List); n > 0 {
		if es, ok := c.Body.List[n-1].(*ast.ExprStmt); ok {
			return es.X
		}
	}
	return nil
}
