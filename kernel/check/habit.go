package check

import (
	"go/ast"
	"go/token"
	"go/types"
	"regexp"
	"strconv"
	"strings"
)

// Habits. Hints (see hint.go) on what people write who come from Python and its libraries: calls, indices, literals and
// members in their form.

// instead says what stands here for members that packages of other languages, or of other versions, have.
var instead = map[string]string{
	"nn.Linear": "nn.Dense is the fully connected layer; the last of a net is Linear", "nn.ReLU": "layers end in a ReLU unless they are Linear; nn.Activation is another function",
	"nn.Module": "nn.Sequential(name, input, layers...) makes an architecture, nn.New(arch, seed) a net of it", "nn.Flatten": "nn.Dense takes pictures as they are",
	"nn.CrossEntropyLoss": "train.Recipe trains with the cross-entropy", "nn.BatchNorm2d": "did you mean nn.BatchNorm?",
	"rand.Seed": "rand.New(rand.NewPCG(1, 2)) draws from a seed", "rand.random": "did you mean rand.Float64?", "rand.randint": "did you mean rand.IntN?", "rand.Intn": "did you mean rand.IntN?",
	"rand.normal": "did you mean rand.NormFloat64?", "rand.shuffle": "did you mean rand.Shuffle?",
	"time.time": "did you mean time.Now?", "time.perf_counter": "time.Now() and time.Since(begun); %time code measures a cell",
	"os.path": "did you mean filepath.Join? paths are in package filepath", "os.listdir": "did you mean os.ReadDir?", "os.makedirs": "did you mean os.MkdirAll?",
	"json.loads": "json.Unmarshal([]byte(s), &v) reads", "json.dumps": "json.Marshal(v) writes", "math.inf": "math.Inf(1) is infinite", "math.nan": "did you mean math.NaN?",
	"strings.join": "strings.Join(words, \", \") joins", "figure.show": "a figure as the last expression of a cell shows itself",
	"torch.save": "weights.Save keeps a net", "torch.load": "weights.Load reads a net",
}

var (
	noNil      = regexp.MustCompile(`^invalid operation: (\S+) [!=]= nil \(mismatched types (.+) and untyped nil\)$`)
	mixed      = regexp.MustCompile(`^invalid operation: (.+) \(mismatched types (.+) and (.+)\)$`)
	noIndex    = regexp.MustCompile(`^(?:invalid operation: )?cannot index (.+) \((?:variable|value) of (?:\w+ )?type (.+)\)$`)
	noMaking   = regexp.MustCompile(`^(?:too many arguments in conversion to|cannot convert .+ to type) (\w+)\.(\w+)$`)
	noText     = regexp.MustCompile(`^cannot convert (.+) \(.*(?:untyped string constant.*|of type string)\) to type (\w+)$`)
	noNumber   = regexp.MustCompile(`^cannot use (.+) \(untyped (?:int|float) constant.*\) as string value in (?s:.*)$`)
	noValue    = regexp.MustCompile(`^cannot use .+ as .+ value in assignment$`)
	unnamed    = regexp.MustCompile(`^(?:cannot use .+ as .+ value in struct literal|too (?:few|many) values in struct literal.*)$`)
	noCall     = regexp.MustCompile(`^invalid operation: cannot call (?:non-function )?(\S+) \(`)
	wanted     = regexp.MustCompile(`^cannot use (.+) \((?:variable|value) of (?:\w+ )?type ([^)]+)\) as (\S+) value in `)
	withoutCtx = regexp.MustCompile(`^cannot use .+ as context\.Context value in argument to ([^:]+)`)
)

// habit is one sentence on what people write who come from Python and its libraries, or "".
func (u *Unit) habit(msg string, pos token.Pos, line string) string {
	if m := noNil.FindStringSubmatch(msg); m != nil {
		if isNumber(m[2]) {
			return "numbers are never nil: " + m[1] + " == 0 compares"
		}
		if m[2] == "string" {
			return "texts are never nil: " + m[1] + ` == "" compares`
		}
		return "only pointers, slices, maps, functions, channels and interfaces can be nil"
	}
	if m := mixed.FindStringSubmatch(msg); m != nil {
		if h := u.mixture(m[1], strings.TrimPrefix(m[2], "untyped "), strings.TrimPrefix(m[3], "untyped ")); h != "" {
			return h
		}
	}
	if m := noIndex.FindStringSubmatch(msg); m != nil {
		switch {
		case strings.HasPrefix(m[2], "*mat.") || m[2] == "mat.Matrix":
			return m[1] + ".At(0, 1) is an element, " + m[1] + ".Set(0, 1, v) sets it"
		case m[2] == "*dataset.Set":
			return m[1] + ".Picture(0) has the bytes, " + m[1] + ".Image(0) shows, " + m[1] + ".Label(0) is the class"
		}
		if strings.HasPrefix(m[2], "func()") {
			return m[1] + "() calls it"
		}
		for _, name := range u.Program.fieldsAndMethods(u, m[2]) {
			if name == "Layer" {
				return m[1] + `.Layer("conv1") has one layer`
			}
		}
		return "Tab behind " + m[1] + ". lists what it has"
	}
	if m := wanted.FindStringSubmatch(msg); m != nil {
		if h := wantedType(m[1], m[2], m[3], msg); h != "" {
			return h
		}
	}
	if m := noMaking.FindStringSubmatch(msg); m != nil {
		return u.making(m[1], m[2])
	}
	if m := noText.FindStringSubmatch(msg); m != nil {
		switch m[2] {
		case "int":
			return "n, err := strconv.Atoi(" + m[1] + ") reads a number"
		case "float64":
			return "x, err := strconv.ParseFloat(" + m[1] + ", 64) reads a number"
		}
	}
	if m := noNumber.FindStringSubmatch(msg); m != nil && !strings.Contains(msg, "struct literal") {
		return strconv.Quote(m[1]) + " is a text; fmt.Sprint makes one of any value"
	}
	if m := withoutCtx.FindStringSubmatch(msg); m != nil {
		return "ctx comes first: " + m[1] + "(ctx, ...)"
	}
	if m := noCall.FindStringSubmatch(msg); m != nil {
		return m[1] + " is a value, without ( )"
	}
	switch {
	case strings.HasPrefix(msg, "cannot range over ") && strings.Contains(msg, " (value of type func() "):
		x, _, _ := strings.Cut(strings.TrimPrefix(msg, "cannot range over "), " ")
		return x + "() calls it"
	case strings.HasPrefix(msg, "invalid field name "):
		return "the names of fields stand without quotes: T{Field: 3}"
	case strings.HasPrefix(msg, "use of untyped nil in "):
		return "nil alone has no type: var p *T, var xs []float64"
	case strings.HasSuffix(msg, " is not a type") && u.untypedParameter(pos):
		name, _, _ := strings.Cut(msg, " ")
		return "a parameter has its type behind it: " + name + " float64"
	case unnamed.MatchString(msg):
		return u.fieldNames(pos)
	case noValue.MatchString(msg) && u.topLevel(pos) && !numbers(msg):
		name, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		if token.IsIdentifier(name) {
			return name + " := ... gives " + name + " a new type"
		}
	case strings.HasSuffix(msg, "truncated to int") || strings.HasSuffix(msg, "truncated to int)"):
		return "an int holds no fraction: float64(n) makes a float64 of the int beside it"
	case strings.Contains(msg, "must not be negative") && strings.Contains(line, ":-"):
		return "without the last one: a[:len(a)-1]"
	case strings.HasPrefix(msg, "label ") && strings.HasSuffix(msg, "declared and not used"):
		if name := strings.Fields(msg)[1]; name == "try" || name == "except" || name == "finally" {
			return "an error is a result: v, err := f(), then if err != nil { }"
		}
	case strings.HasPrefix(msg, "too many return values"):
		if u.topLevel(pos) {
			return "the last expression of a cell is its value, without return"
		}
		if strings.HasSuffix(msg, "want ()") {
			return "the type of a result stands before the {: func f() int { return 3 }"
		}
	case strings.HasPrefix(msg, "missing init expr for "):
		return "a constant has its value at once: const " + strings.TrimPrefix(msg, "missing init expr for ") + " = 3"
	case strings.HasPrefix(msg, "invalid argument: ") && strings.HasSuffix(msg, "cannot be ordered"):
		if x, typ, ok := strings.Cut(strings.TrimPrefix(msg, "invalid argument: "), " (variable of type []"); ok && typ != "" {
			if strings.Contains(line, "min(") {
				return "slices.Min(" + x + ") is the smallest"
			}
			return "slices.Max(" + x + ") is the largest"
		}
	}
	return ""
}

// numbers tells whether a message is about a number where another kind of number is wanted.
func numbers(msg string) bool {
	m := cannotUse.FindStringSubmatch(msg)
	return m != nil && isNumber(m[2]) && isNumber(m[3])
}

// wantedType helps where a value x of one type stands for another.
func wantedType(x, have, want, msg string) string {
	switch {
	case want == "[]"+have:
		return want + "{" + x + "} is a slice of one"
	case have == "[]"+want && strings.Contains(msg, " in argument to "):
		return x + "... hands over its elements, as the last argument"
	case have == "[]float64" && want == "mat.Matrix":
		return "mat.NewDense(1, len(" + x + "), " + x + ") is a matrix of one row"
	case want == "figure.Panel" && (strings.HasPrefix(have, "*mat.") || have == "mat.Matrix"):
		return "figure.Heatmap{Values: " + x + "} is a panel"
	case have == "*dataset.Data" && (want == "*dataset.Set" || want == "nn.Pictures"):
		return x + ".Train and " + x + ".Validation are sets"
	}
	return ""
}

// topLevel tells whether a position is in the statements of the cell, outside of functions.
func (u *Unit) topLevel(pos token.Pos) bool {
	if u.Body == nil || len(u.Body.List) == 0 {
		return false
	}
	inside := false
	for _, s := range u.Body.List {
		if s.Pos() <= pos && pos <= s.End() {
			inside = true
			ast.Inspect(s, func(x ast.Node) bool {
				if f, ok := x.(*ast.FuncLit); ok && f.Pos() <= pos && pos <= f.End() {
					inside = false
				}
				return inside
			})
		}
	}
	return inside
}

// mixture helps with an operation on values of types a and b of which one is no plain number.
func (u *Unit) mixture(operation, a, b string) string {
	x, op, y := "", "", ""
	for _, o := range []string{" * ", " + ", " - ", " / "} {
		if l, r, ok := strings.Cut(operation, o); ok {
			x, op, y = l, strings.TrimSpace(o), r
			break
		}
	}
	number := func(t string) bool { return isNumber(t) || t == "float" }
	matrix := func(t string) bool { return t == "*mat.Dense" || t == "mat.Matrix" }
	switch {
	case (a == "bool") != (b == "bool") && (strings.Contains(operation, " == ") || strings.Contains(operation, " != ")):
		return "what is true or false is a condition by itself: if ok { }, if !ok { }"
	case strings.Contains(operation, " && ") || strings.Contains(operation, " || "):
		return "both sides are true or false: x != 0"
	case op == "":
	case (op == "*" || op == "/") && matrix(a) && number(b), op == "*" && number(a) && matrix(b):
		return "matrices have methods: var c mat.Dense, then c.Scale(2, m)"
	case matrix(a) && number(b), number(a) && matrix(b):
		return "element by element: var c mat.Dense, then c.Apply(func(i, j int, v float64) float64 { return v + 1 }, m)"
	case op == "*" && a == "string" && number(b):
		return "strings.Repeat(" + x + ", " + y + ") repeats a text"
	case op == "*" && b == "string" && number(a):
		return "strings.Repeat(" + y + ", " + x + ") repeats a text"
	case op == "+" && a == "string" && isNumber(b) && token.IsIdentifier(y):
		return x + " + fmt.Sprint(" + y + ") makes a text of it"
	case op == "+" && b == "string" && isNumber(a) && token.IsIdentifier(x):
		return "fmt.Sprint(" + x + ") + " + y + " makes a text of it"
	case a == "[]float64" && number(b), b == "[]float64" && number(a):
		s, n := x, y
		if b == "[]float64" {
			s, n = y, x
		}
		switch op {
		case "*":
			return "element by element, in place: floats.Scale(" + n + ", " + s + ")"
		case "/":
			return "element by element, in place: floats.Scale(1.0/" + n + ", " + s + ")"
		case "-":
			n = "-" + n
		}
		return "element by element, in place: floats.AddConst(" + n + ", " + s + ")"
	}
	return ""
}

// making says how a value of a type of a package is made, where it was called.
func (u *Unit) making(pkg, name string) string {
	of := u.imported(pkg)
	if of == nil {
		return ""
	}
	if f, ok := of.Scope().Lookup("New" + name).(*types.Func); ok {
		return pkg + ".New" + name + " makes one: func " + pkg + "." + f.Name() + strings.TrimPrefix(types.TypeString(f.Type(), byName), "func")
	}
	if t, ok := of.Scope().Lookup(name).(*types.TypeName); ok {
		if st, ok := t.Type().Underlying().(*types.Struct); ok {
			return literal(pkg+"."+name, st)
		}
	}
	return ""
}

// literal shows a struct literal with its first fields.
func literal(name string, st *types.Struct) string {
	var fields []string
	for i := range st.NumFields() {
		if f := st.Field(i); (f.Exported() || InSession(f)) && f.Name() != "Name" && len(fields) < 2 {
			fields = append(fields, f.Name()+": ...")
		}
	}
	return "fields have names: " + name + "{" + strings.Join(fields, ", ") + "}"
}

// fieldNames shows the struct literal at a position with its first fields.
func (u *Unit) fieldNames(pos token.Pos) (hint string) {
	for x, tv := range u.Info.Types {
		lit, ok := x.(*ast.CompositeLit)
		if !ok || lit.Pos() > pos || pos > lit.End() || tv.Type == nil {
			continue
		}
		if st, ok := tv.Type.Underlying().(*types.Struct); ok && lit.Type != nil {
			hint = literal(Text(lit.Type), st)
		}
	}
	return hint
}

// imported is the package that a name stands for in the cell, or nil.
func (u *Unit) imported(name string) *types.Package {
	if pn, ok := u.Scope[name].(*types.PkgName); ok {
		return pn.Imported()
	}
	if u.Scope[name] == nil {
		return u.Program.autoImport(name)
	}
	return nil
}

// byName writes packages as cells do.
func byName(p *types.Package) string {
	if p.Path() == Path {
		return ""
	}
	return p.Name()
}

// nilLast shows a call whose last argument, which may be nil, is missing: want is the list of types in the message.
func nilLast(name, msg string, call string) string {
	_, have, ok := strings.Cut(msg, "have (")
	have, rest, ok2 := strings.Cut(have, ")\n\twant (")
	want := strings.TrimSuffix(rest, ")")
	if !ok || !ok2 {
		return ""
	}
	h, w := strings.Split(have, ", "), strings.Split(want, ", ")
	if w[0] == "context.Context" && h[0] != w[0] && (len(h) == len(w)-1 || have == "") {
		return "ctx comes first: " + name + "(ctx, ...)"
	}
	last := w[len(w)-1]
	if len(h) == len(w)-1 && have != "" && (strings.HasPrefix(last, "[]") || strings.HasPrefix(last, "*") || strings.HasPrefix(last, "map[")) {
		if inner, ok := strings.CutSuffix(call, ")"); ok {
			return inner + ", nil) leaves it out"
		}
	}
	if len(h) == len(w)-1 && have != "" && strings.HasSuffix(last, "Config") {
		if inner, ok := strings.CutSuffix(call, ")"); ok {
			return inner + ", " + last + "{}) takes the defaults"
		}
	}
	return ""
}

// ofElement helps with a member that not a slice but each of its elements has.
func (p *Program) ofElement(u *Unit, x, typeName, name string) string {
	element, ok := strings.CutPrefix(typeName, "[]")
	if !ok {
		return ""
	}
	for _, m := range p.fieldsAndMethods(u, element) {
		if strings.EqualFold(m, name) {
			return "each element has it: " + x + "[0]." + m
		}
	}
	return ""
}
