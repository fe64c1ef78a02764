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
	pr := p.Probe(p.Files.ParseLoosely(src[:start] + here + closing(src[:start])))
	sel, id, lit := find(pr)
	c := &collector{prefix: prefix}
	switch {
	case sel != nil:
		c.members(pr, sel)
	case id != nil || prefix != "":
		if lit != nil {
			c.fields(pr, lit)
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

// find finds the cursor in the syntax: the selector or identifier there, and the composite literal whose element it is.
func find(pr *check.Probe) (sel *ast.SelectorExpr, id *ast.Ident, lit *ast.CompositeLit) {
	for _, n := range pr.Files {
		ast.Inspect(n, func(x ast.Node) bool {
			switch x := x.(type) {
			case *ast.SelectorExpr:
				if x.Sel.Name == here {
					sel = x
				}
			case *ast.CompositeLit:
				for _, el := range x.Elts {
					if e, ok := el.(*ast.Ident); ok && e.Name == here {
						lit = x
					}
				}
			case *ast.Ident:
				if x.Name == here {
					id = x
				}
			}
			return true
		})
	}
	return sel, id, lit
}

// collector gathers completions that begin with a prefix, in ranks.
type collector struct {
	prefix string
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
	if len(text) < len(c.prefix) || !strings.EqualFold(text[:len(c.prefix)], c.prefix) {
		return
	}
	if !strings.HasPrefix(text, c.prefix) {
		rank += 100 // only the case differs
	}
	if c.seen == nil {
		c.seen = map[string]bool{}
	}
	c.seen[text] = true
	c.items = append(c.items, ranked{Item{text, kind, typ}, rank})
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
