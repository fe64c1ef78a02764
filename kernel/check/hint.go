package check

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Hints. A diagnostic of the type checker gets one sentence that gets the user on, where one is known: here for names and
// operations that do not exist, in habit.go for what is written in a form of another language. Lines that are no Go at all have theirs
// in package cell.

// elsewhere says what stands here for names that other languages and their libraries have.
var elsewhere = map[string]string{
	"None": "the empty pointer, slice, map or error is nil", "True": "did you mean true?", "False": "did you mean false?",
	"np": "gonum has the arrays: mat.NewDense(rows, columns, data), floats.Sum(xs), stat.Mean(xs, nil)", "numpy": "gonum has the arrays: mat.NewDense(rows, columns, data), floats.Sum(xs), stat.Mean(xs, nil)",
	"torch": "nets are in package nn, training in train: %doc nn", "plt": "pictures are in package figure: %doc figure", "pd": "tables are read by csv.NewReader(f).ReadAll()",
	"range": "for i := range 10 { } counts", "enumerate": "for i, x := range xs { } has index and element", "zip": "for i := range xs { } has xs[i] and ys[i]",
	"input": "did you mean display.Input?", "open": "did you mean os.Open?", "str": "fmt.Sprint(x) makes a text of a value", "float": "did you mean float64?",
	"list": "a list is a slice: xs := []float64{1, 2}", "dict": `a dictionary is a map: m := map[string]int{"a": 1}`, "tuple": "a struct holds values of several types",
	"sum": "did you mean floats.Sum?", "mean": "stat.Mean(xs, nil) is the mean", "sorted": "slices.Sorted and slices.Sort sort",
	"abs": "did you mean math.Abs?", "sqrt": "did you mean math.Sqrt?", "exp": "did you mean math.Exp?", "log": "did you mean math.Log?", "pow": "did you mean math.Pow?",
	"sin": "did you mean math.Sin?", "cos": "did you mean math.Cos?", "tanh": "did you mean math.Tanh?", "floor": "did you mean math.Floor?", "round": "did you mean math.Round?", "pi": "did you mean math.Pi?",
	"sleep": "did you mean time.Sleep?", "self": "a method names its receiver: func (n *Net) Step() { }", "this": "a method names its receiver: func (n *Net) Step() { }",
	"help": "%doc NAME tells what a thing is, and Shift-Tab on it", "dir": "Tab behind a dot lists what a value has", "isinstance": "v, ok := x.(T) asks whether an interface holds a T", "printf": "did you mean fmt.Printf?",
	"Print": "did you mean fmt.Print?", "Println": "did you mean fmt.Println?", "Printf": "did you mean fmt.Printf?", "int32_t": "did you mean int32?", "double": "did you mean float64?", "char": "did you mean byte?", "object": "did you mean any?",
	"model": "nn.New(arch, seed) makes a net, train.Recipe{}.Ensemble(ctx, arch, set, seeds...) trains some", "optimizer": "train.Recipe{}.Ensemble(ctx, arch, set, seeds...) trains nets", "criterion": "train.Recipe trains with the cross-entropy",
	"loss": "train.Recipe{}.Ensemble(ctx, arch, set, seeds...) trains nets; a net's History has the losses", "optim": "train.Recipe{Adam: true} trains with Adam", "cuda": "nets run on the cores of the processor", "sns": "pictures are in package figure: %doc figure",
	"tf": "nets are in package nn, training in train: %doc nn", "keras": "nets are in package nn, training in train: %doc nn", "jax": "nets are in package nn, training in train: %doc nn", "sklearn": "matching and clusters are in package align: %doc align", "scipy": "gonum has it: packages stat, mat and floats",
	"tqdm": "bar := display.Progress(\"label\", total), then bar.Add(1)", "random": "did you mean rand? rand.Float64() draws one", "map": "for i, x := range xs { ys[i] = f(x) } maps", "filter": "for _, x := range xs { if keep(x) { ys = append(ys, x) } } filters", "reversed": "slices.Reverse(xs) turns a slice round",
	"exit": "did you mean os.Exit?", "pass": "an empty block { } does nothing", "null": "did you mean nil?",
}

var (
	mismatched  = regexp.MustCompile(`^invalid operation: (.+) \(mismatched types (untyped )?(\w+) and (untyped )?(\w+)\)$`)
	notDefined  = regexp.MustCompile(`^invalid operation: operator (\S+) not defined on (.+) \(variable of (?:\w+ )?type (.+)\)$`)
	cannotUse   = regexp.MustCompile(`^cannot use (.+) \((?:variable|value) of (?:\w+ )?type (.+)\) as (\S+) value in (?s:.*)$`)
	oneVariable = regexp.MustCompile(`^assignment mismatch: 1 variable but (.+) returns 2 values$`)
)

// declaredAgain says why two types of one name are different.
func declaredAgain(name string) string {
	return again + strings.TrimLeft(name, "*[]") + ": what was made before has the former type until its cell runs again"
}

const again = "a later cell declares another "

// advice is one sentence on a mistake that beginners make, or "". line is the line of the cell where it is.
func (u *Unit) advice(msg string, pos token.Pos, line string) string {
	if what, ok := strings.CutSuffix(msg, " is not used"); ok {
		return u.unused(what, pos)
	}
	if h := u.habit(msg, pos, line); h != "" {
		return h
	}
	if m := mismatched.FindStringSubmatch(msg); m != nil {
		if m[3] == m[5] {
			return declaredAgain(m[3])
		}
		return converted(m[1], m[3], m[5])
	}
	if m := notDefined.FindStringSubmatch(msg); m != nil {
		if m[1] == "-" && m[3] == "[]float64" && !strings.Contains(line, " - ") {
			return "in place: floats.Scale(-1, " + m[2] + ")"
		}
		return operator(m[1], m[2], m[3])
	}
	if m := cannotUse.FindStringSubmatch(msg); m != nil {
		switch {
		case m[2] == m[3]:
			return declaredAgain(m[2])
		case isNumber(m[2]) && isNumber(m[3]):
			return m[3] + "(" + m[1] + ") converts it"
		case isNumber(m[2]) && m[3] == "string":
			return "fmt.Sprint(" + m[1] + ") makes a text of it"
		case m[3] == "*"+m[2]:
			return "&" + m[1] + " is its address"
		}
	}
	if m := oneVariable.FindStringSubmatch(msg); m != nil {
		return "inside functions an error has to be named: v, err := " + m[1] + "(...)"
	}
	switch {
	case msg == "no new variables on left side of :=":
		return "= in place of := assigns to a variable that is there"
	case msg == "non-boolean condition in if statement" || msg == "non-boolean condition in for statement":
		return "a condition is true or false: x != 0, s != \"\", p != nil"
	case strings.Contains(msg, "cannot indirect") && strings.Contains(line, "**"):
		return "math.Pow(2, 3) is the power"
	case strings.Contains(msg, "slice can only be compared to nil"):
		return "slices.Equal(a, b) compares slices"
	case strings.HasPrefix(msg, "invalid argument: index -"):
		return "the last element is a[len(a)-1]"
	case msg == "missing return":
		return "a result wants return in front: return x"
	}
	return ""
}

// unused says what becomes of a value that stands alone.
func (u *Unit) unused(what string, pos token.Pos) string {
	x, _, _ := strings.Cut(what, " (")
	if call, err := parser.ParseExpr(x); err == nil {
		if c, ok := call.(*ast.CallExpr); ok && len(c.Args) > 0 && Text(c.Fun) == "append" {
			a := Text(c.Args[0])
			return "append returns the longer slice: " + a + " = " + x
		}
	}
	if u.Body == nil {
		return ""
	}
	if n := len(u.Body.List); n > 0 && u.Body.List[0].Pos() <= pos && pos < u.Body.List[n-1].End() {
		return "only the last expression of a cell is shown; Display(" + x + ") shows it from anywhere"
	}
	return "the result of a function wants return in front: return " + x
}

func isNumber(t string) bool {
	b, ok := types.Universe.Lookup(t).(*types.TypeName)
	if !ok {
		return false
	}
	basic, ok := b.Type().(*types.Basic)
	return ok && basic.Info()&types.IsNumeric != 0
}

// converted says how the two sides of an operation on values of types a and b become one type.
func converted(operation, a, b string) string {
	text := func(t string) bool { return t == "string" }
	number := func(t string) bool { return isNumber(t) || t == "float" }
	if text(a) && number(b) || number(a) && text(b) {
		return "fmt.Sprint(a, b) makes a text of values, strconv.ParseFloat(s, 64) a number of a text"
	}
	if !isNumber(a) || !isNumber(b) {
		return ""
	}
	whole := func(t string) bool { return !strings.HasPrefix(t, "float") && !strings.HasPrefix(t, "complex") }
	for _, op := range []string{" += ", " -= ", " *= ", " /= "} {
		if x, y, ok := strings.Cut(operation, op); ok {
			if whole(a) && !whole(b) {
				return x + " has to be a " + b + ": " + x + " := 0.0 begins one"
			}
			return a + "(" + y + ") converts it"
		}
	}
	e, err := parser.ParseExpr(operation)
	if err != nil {
		return ""
	}
	o, ok := e.(*ast.BinaryExpr)
	switch {
	case !ok:
		return ""
	case whole(a) && !whole(b), a == "float32" && b == "float64", a == "int" == (b == "int64") && a == "int":
		return b + "(" + Text(o.X) + ") converts it"
	}
	return a + "(" + Text(o.Y) + ") converts it"
}

// operator says what stands for an operator that a type does not have.
func operator(op, x, t string) string {
	switch {
	case t == "*mat.Dense" || t == "mat.Matrix" || t == "*mat.VecDense":
		method := map[string]string{"+": "Add", "-": "Sub", "*": "Mul", "/": "DivElem"}[op]
		if method == "" {
			return ""
		}
		hint := "matrices have methods: var c mat.Dense, then c." + method + "(a, b)"
		if op == "*" {
			hint += "; MulElem multiplies elements"
		}
		return hint
	case t == "[]float64":
		if f := map[string]string{"+": "AddTo", "-": "SubTo", "*": "MulTo", "/": "DivTo"}[op]; f != "" {
			return "element by element: floats." + f + "(make([]float64, len(a)), a, b)"
		}
	case op == "!" && isNumber(t):
		return x + " == 0 compares"
	case (op == "||" || op == "&&") && isNumber(t):
		return "both sides are true or false: x != 0"
	}
	return ""
}

// habits says what stands for a field or method that values of other languages have.
func habits(x, typeName, name string) string {
	name = strings.ToLower(name)
	switch {
	case strings.HasPrefix(typeName, "[]"):
		switch name {
		case "append", "add", "push":
			return x + " = append(" + x + ", v) adds v"
		case "shape", "size", "length", "len":
			return "did you mean len(" + x + ")?"
		case "sort", "reverse", "index", "contains", "max", "min":
			return "functions on slices are in package slices: slices." + strings.ToUpper(name[:1]) + name[1:]
		case "sum", "mean":
			return "floats.Sum(" + x + ") and stat.Mean(" + x + ", nil)"
		}
	case strings.HasPrefix(typeName, "map["):
		switch name {
		case "keys", "values", "items", "get":
			return "for k, v := range " + x + " { } has them all; v, ok := " + x + "[k] has one"
		}
	case strings.Contains(typeName, "mat.Dense") && (name == "shape" || name == "size"):
		return x + ".Dims() gives rows and columns"
	case typeName == "string" || strings.HasSuffix(typeName, " string"):
		return "functions on texts are in package strings: strings.ToUpper(s), strings.Split(s, \",\")"
	}
	return ""
}

// untypedParameter tells whether a name stands alone in a list of parameters, where Go reads it as a type.
func (u *Unit) untypedParameter(pos token.Pos) (found bool) {
	look := func(x ast.Node) bool {
		if f, ok := x.(*ast.FuncType); ok && f.Params != nil {
			for _, p := range f.Params.List {
				found = found || len(p.Names) == 0 && p.Type.Pos() == pos
			}
		}
		return !found
	}
	if u.Body != nil {
		ast.Inspect(u.Body, look)
	}
	for _, f := range u.Funcs {
		if !found {
			ast.Inspect(f.Decl, look)
		}
	}
	return found
}

// sameBase finds the package of this kernel whose path ends like one that it does not have.
func sameBase(p string, known []string) string {
	slices.Sort(known)
	for _, k := range known {
		if path.Base(k) == path.Base(p) {
			return "did you mean " + k + "?"
		}
	}
	return ""
}

// ofPackage helps with a name that is like none that a package has.
func ofPackage(pkg string, names []string) string {
	switch {
	case len(names) == 0:
		return elsewhere[pkg]
	case len(names) > 12:
		return "%doc " + pkg + " tells what there is; Tab behind " + pkg + ". lists it"
	}
	return pkg + " has " + strings.Join(names, ", ")
}
