package cell

import (
	"go/scanner"
	"go/token"
	"strings"
)

// kind is what a piece of a cell is parsed as.
type kind int

const (
	importPiece kind = iota
	declPiece        // type, const, func with a name, method
	stmtPiece        // everything else, var included
)

// piece is one top-level import, declaration or statement.
type piece struct {
	kind       kind
	start, end int   // byte offsets in the cell
	list       bool  // a plain list of expressions, `a, b`
	seps       []int // offsets of the semicolons that follow it: those of a for clause are needed
}

// tok is a token and where it starts.
type tok struct {
	tok token.Token
	off int
}

// split cuts a cell at its top-level semicolons and classifies the pieces. A package clause is dropped.
func split(src string) []piece {
	file := token.NewFileSet().AddFile("", -1, len(src))
	var sc scanner.Scanner
	sc.Init(file, []byte(src), func(token.Position, string) {}, 0)
	var out []piece
	var cur []tok
	depth, end := 0, 0
	flush := func() {
		if len(cur) > 0 && cur[0].tok != token.PACKAGE {
			p := piece{kind: classify(cur), start: cur[0].off, end: end}
			p.list = p.kind == stmtPiece && isList(cur)
			out = append(out, p)
		}
		cur = cur[:0]
	}
	for {
		pos, t, lit := sc.Scan()
		if t == token.EOF {
			break
		}
		off := file.Offset(pos)
		if t == token.SEMICOLON && depth <= 0 {
			flush()
			depth = 0
			if lit == ";" && len(out) > 0 {
				last := &out[len(out)-1]
				last.seps = append(last.seps, off)
			}
			continue
		}
		switch t {
		case token.LPAREN, token.LBRACE, token.LBRACK:
			depth++
		case token.RPAREN, token.RBRACE, token.RBRACK:
			depth--
		}
		cur = append(cur, tok{t, off})
		switch {
		case t == token.SEMICOLON:
		case lit != "":
			end = off + len(lit)
		default:
			end = off + len(t.String())
		}
	}
	flush()
	return out
}

// classify tells what the tokens of a piece start.
func classify(cur []tok) kind {
	switch cur[0].tok {
	case token.IMPORT:
		return importPiece
	case token.TYPE, token.CONST:
		return declPiece
	case token.FUNC:
		if len(cur) > 1 && cur[1].tok == token.IDENT {
			return declPiece
		}
		if len(cur) > 1 && cur[1].tok == token.LPAREN && isMethod(cur) {
			return declPiece
		}
	}
	return stmtPiece
}

// isMethod tells `func (r T) name(` from the literal `func (r T) name {` that is called or assigned.
func isMethod(cur []tok) bool {
	depth := 0
	for i := 1; i < len(cur); i++ {
		switch cur[i].tok {
		case token.LPAREN:
			depth++
		case token.RPAREN:
			depth--
		}
		if depth == 0 {
			return i+2 < len(cur) && cur[i+1].tok == token.IDENT && cur[i+2].tok == token.LPAREN
		}
	}
	return false
}

// isList tells whether the piece is expressions parted by commas.
func isList(cur []tok) bool {
	depth, comma := 0, false
	for _, t := range cur {
		switch t.tok {
		case token.LPAREN, token.LBRACE, token.LBRACK:
			depth++
		case token.RPAREN, token.RBRACE, token.RBRACK:
			depth--
		case token.COMMA:
			comma = comma || depth == 0
		case token.FUNC, token.MAP, token.STRUCT, token.INTERFACE, token.CHAN: // may start an expression
		default:
			if depth == 0 && (t.tok >= token.ADD_ASSIGN && t.tok <= token.AND_NOT_ASSIGN || t.tok == token.ASSIGN || t.tok == token.DEFINE ||
				t.tok == token.INC || t.tok == token.DEC || t.tok.IsKeyword()) {
				return false
			}
		}
	}
	return comma
}

// blank keeps the pieces chosen by keep and replaces every other byte by a space, so that positions stay.
func blank(src string, ps []piece, keep func(i int, p piece) bool) string {
	b := []byte(src)
	kept := make([]bool, len(b))
	for i, p := range ps {
		if !keep(i, p) {
			continue
		}
		for j := p.start; j < p.end && j < len(b); j++ {
			kept[j] = true
		}
		for _, j := range p.seps {
			kept[j] = true
		}
	}
	for i := range b {
		if !kept[i] && b[i] != '\n' {
			b[i] = ' '
		}
	}
	return strings.TrimRight(string(b), " \n\t")
}
