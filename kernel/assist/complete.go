package assist

import (
	"go/ast"
	"go/scanner"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"gonverge/kernel/check"
)

// List is a list of completions and the part of the source that they replace.
type List struct {
	Start, End int
	Items      []Item
}

// Item is one completion.
type Item struct {
	Text string // what replaces the part
	Kind string // "var", "func", "type", "const", "package", "field", "method", "keyword"
	Type string // its type or signature, "" where there is none
}

// here is the name that stands at the cursor while the cell is checked.
const here = "__here"

var keywords = []string{"break", "case", "chan", "const", "continue", "default", "defer", "else", "fallthrough", "for", "func", "go", "goto",
	"if", "import", "interface", "map", "package", "range", "return", "select", "struct", "switch", "type", "var"}

// Complete lists what can stand at the cursor, best first.
func Complete(p *check.Program, src string, cursor int) List {
	cursor = max(0, min(cursor, len(src)))
	start := wordStart(src, cursor)
	list := List{Start: start, End: cursor}
	if quoted(src[:cursor]) {
		return list
	}
	prefix := src[start:cursor]
	// The cell up to the cursor, with its brackets closed, is enough to know the types there.
	pr := p.Probe(p.Files.ParseLoosely(src[:start] + here + block(src[:start]) + closing(src[:start])))
	around := path(pr)
	if around == nil { // the parser lost its way before the cursor: the line alone may do
		line := strings.TrimSpace(src[strings.LastIndexByte(src[:start], '\n')+1 : start])
		line = strings.TrimPrefix(strings.TrimPrefix(line, "defer "), "go ") + here
		pr = p.Probe(p.Files.ParseLoosely(line + block(line) + closing(line)))
		around = path(pr)
	}
	c := &collector{prefix: prefix, want: expected(pr, around), seen: defined(p, around)}
	sel, id, lit := find(around)
	switch {
	case sel != nil:
		c.members(pr, sel)
	case id != nil || prefix != "":
		if lit != nil {
			c.fields(pr, lit)
		}
		if c.want != nil {
			c.wanted(p, pr, c.want)
		}
		c.names(p, pr, id)
	}
	list.Items = c.sorted()
	return list
}

// wordStart is where the identifier that ends at the cursor begins.
func wordStart(src string, cursor int) int {
	for cursor > 0 {
		r, n := utf8.DecodeLastRuneInString(src[:cursor])
		if r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			break
		}
		cursor -= n
	}
	return cursor
}

// quoted tells whether the text ends inside a string, rune or comment.
func quoted(src string) bool {
	file := token.NewFileSet().AddFile("", -1, len(src))
	var sc scanner.Scanner
	open := false
	sc.Init(file, []byte(src), func(_ token.Position, msg string) { open = open || strings.Contains(msg, "not terminated") }, scanner.ScanComments)
	for {
		pos, t, lit := sc.Scan()
		if t == token.EOF {
			return open
		}
		if end := file.Offset(pos) + len(lit); end == len(src) {
			switch t {
			case token.COMMENT:
				return true
			case token.INT, token.FLOAT, token.IMAG:
				return true // a number is no name
			}
		}
	}
}

// block is the block that the text's last line wants, an if or for without one.
func block(src string) string {
	line := strings.TrimLeft(src[strings.LastIndexByte(src, '\n')+1:], "} \t")
	line = strings.TrimPrefix(line, "else ")
	if (strings.HasPrefix(line, "if ") || strings.HasPrefix(line, "for ")) && !strings.Contains(line, "{") {
		return " {}"
	}
	return ""
}

// defined are the names that the statement at the cursor defines, which its right side does not see unless the session
// has them already.
func defined(p *check.Program, around []ast.Node) map[string]bool {
	names := map[string]bool{}
	add := func(x ast.Expr) {
		if id, ok := x.(*ast.Ident); ok && id.Name != here && p.Scope()[id.Name] == nil {
			names[id.Name] = true
		}
	}
	for i := len(around) - 1; i >= 0; i-- {
		switch x := around[i].(type) {
		case *ast.BlockStmt: // of a function, which may call itself
			return names
		case *ast.ValueSpec:
			for _, id := range x.Names {
				add(id)
			}
		case *ast.AssignStmt:
			if x.Tok == token.DEFINE {
				for _, l := range x.Lhs {
					add(l)
				}
			}
		}
	}
	return names
}

// closing closes the brackets that the text opens.
func closing(src string) string {
	file := token.NewFileSet().AddFile("", -1, len(src))
	var sc scanner.Scanner
	sc.Init(file, []byte(src), func(token.Position, string) {}, 0)
	var open []string
	for {
		_, t, _ := sc.Scan()
		switch t {
		case token.EOF:
			slices.Reverse(open)
			return strings.Join(open, "")
		case token.LPAREN:
			open = append(open, ")")
		case token.LBRACK:
			open = append(open, "]")
		case token.LBRACE:
			open = append(open, "\n}")
		case token.RPAREN, token.RBRACK, token.RBRACE:
			open = open[:max(0, len(open)-1)]
		}
	}
}

// find tells what the cursor, at the end of the path, is: the name behind the dot of a selector, an identifier, an element
// of a literal.
func find(around []ast.Node) (sel *ast.SelectorExpr, id *ast.Ident, lit *ast.CompositeLit) {
	if len(around) == 0 {
		return nil, nil, nil
	}
	id = around[len(around)-1].(*ast.Ident)
	if len(around) > 1 {
		switch x := around[len(around)-2].(type) {
		case *ast.SelectorExpr:
			if x.Sel == id {
				sel = x
			}
		case *ast.CompositeLit:
			if x.Type != id {
				lit = x
			}
		}
	}
	return sel, id, lit
}

// collector gathers completions that begin with a prefix, in ranks.
type collector struct {
	prefix string
	want   types.Type // what fits comes first; nil: nothing is known
	items  []ranked
	seen   map[string]bool
}

type ranked struct {
	Item
	rank int
}

// add adds an item when its name fits the prefix; a lower rank comes first.
func (c *collector) add(rank int, text, kind, typ string) {
	if strings.HasPrefix(text, "__") || strings.Contains(text, check.Mark) || text == "_" || c.seen[text] {
		return
	}
	name := text
	if _, behind, ok := strings.Cut(text, "."); ok && !begins(text, c.prefix) {
		name = behind // Cos for train.Cosine
	}
	if !begins(name, c.prefix) {
		return
	}
	if !strings.HasPrefix(name, c.prefix) {
		rank += 100 // only the case differs
	}
	c.seen[text] = true
	c.items = append(c.items, ranked{Item{text, kind, typ}, rank})
}

// begins tells whether a text begins with a prefix, whatever the case.
func begins(text, prefix string) bool {
	return len(text) >= len(prefix) && strings.EqualFold(text[:len(prefix)], prefix)
}

func (c *collector) sorted() []Item {
	slices.SortStableFunc(c.items, func(a, b ranked) int {
		if a.rank != b.rank {
			return a.rank - b.rank
		}
		return strings.Compare(a.Text, b.Text)
	})
	out := make([]Item, len(c.items))
	for i, r := range c.items {
		out[i] = r.Item
	}
	return out
}

func (c *collector) object(rank int, o types.Object) {
	kind, typ := describe(o)
	if fits(o, c.want) {
		rank -= 40
		if kind == "func" || kind == "method" || kind == "type" {
			rank += 10
		}
	}
	c.add(rank, o.Name(), kind, typ)
}

// members adds what can follow the dot of a selector.
func (c *collector) members(pr *check.Probe, sel *ast.SelectorExpr) {
	if id, ok := sel.X.(*ast.Ident); ok {
		_, isPkg := pr.Info.Uses[id].(*types.PkgName)
		if _, isObj := pr.Info.Uses[id]; isPkg || !isObj {
			if pkg := pr.Package(id.Name); pkg != nil {
				for _, name := range pkg.Scope().Names() {
					if o := pkg.Scope().Lookup(name); o.Exported() {
						c.object(0, o)
					}
				}
				return
			}
		}
	}
	t := pr.Info.Types[sel.X].Type
	if t == nil || t == types.Typ[types.Invalid] {
		return
	}
	if tp, ok := t.(*types.Tuple); ok { // a checked call
		if tp.Len() != 2 || !check.EndsInError(tp) {
			return
		}
		t = tp.At(0).Type()
	}
	for _, o := range check.Members(t) {
		c.object(0, o)
	}
}

// fields adds the fields of a struct literal that it does not set yet.
func (c *collector) fields(pr *check.Probe, lit *ast.CompositeLit) {
	t := pr.Info.Types[lit].Type
	if t == nil {
		return
	}
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	st, ok := t.Underlying().(*types.Struct)
	if !ok {
		return
	}
	set := map[string]bool{}
	for _, el := range lit.Elts {
		if kv, ok := el.(*ast.KeyValueExpr); ok {
			if k, ok := kv.Key.(*ast.Ident); ok {
				set[k.Name] = true
			}
		}
	}
	for i := range st.NumFields() {
		if f := st.Field(i); !set[f.Name()] && (f.Exported() || check.InSession(f)) {
			c.add(-1, f.Name(), "field", types.TypeString(f.Type(), Qualify))
		}
	}
}

// names adds locals, globals, packages, keywords and predeclared names.
func (c *collector) names(p *check.Program, pr *check.Probe, at *ast.Ident) {
	if at != nil {
		for _, o := range pr.Locals(at.Pos()) {
			c.object(1, o)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(pr.Scope)) {
		o := pr.Scope[name]
		if pn, ok := o.(*types.PkgName); ok {
			c.add(3, name, "package", pn.Imported().Path())
			continue
		}
		c.object(2, o)
	}
	if c.prefix == "" {
		return // all names there are would help nobody
	}
	for name, path := range p.Auto() {
		c.add(4, name, "package", path)
	}
	for _, k := range keywords {
		c.add(5, k, "keyword", "")
	}
	for _, name := range types.Universe.Names() {
		c.object(6, types.Universe.Lookup(name))
	}
}

// describe says what an object is, and its type.
func describe(o types.Object) (kind, typ string) {
	typ = types.TypeString(o.Type(), Qualify)
	switch o := o.(type) {
	case *types.Func:
		if o.Signature().Recv() != nil {
			return "method", typ
		}
		return "func", typ
	case *types.Var:
		if o.IsField() {
			return "field", typ
		}
		return "var", typ
	case *types.Const:
		return "const", typ
	case *types.TypeName:
		return "type", strings.TrimPrefix(types.TypeString(o.Type().Underlying(), Qualify), "untyped ")
	case *types.Builtin:
		return "func", ""
	case *types.Nil:
		return "const", ""
	}
	return "var", typ
}

// Qualify writes package names as cells do: session types without one.
func Qualify(p *types.Package) string {
	if p.Path() == check.Path {
		return ""
	}
	return p.Name()
}
