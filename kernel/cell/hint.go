package cell

import (
	"regexp"
	"strings"
)

// habit is how people write who come from another language, and what Go has in its place.
type habit struct {
	line    *regexp.Regexp // of the line that the parser refuses
	message string         // what the parser says there; "": anything
	hint    string
}

// habits are tried in order. They are asked only about lines that are no Go.
var habits = []habit{
	{regexp.MustCompile(`^#`), "", "a comment begins with //"},
	{regexp.MustCompile(`^:import\b`), "", `import "fmt" has no colon; most packages need no import here`},
	{regexp.MustCompile(`^from\s+\S+\s+import\b`), "", `packages are imported whole: import "math", then math.Sqrt(2); most need no import here`},
	{regexp.MustCompile(`^import\s+[^"` + "`" + `(]*$`), "", `an import names a path in quotes: import "math/rand/v2"; most packages need none here`},
	{regexp.MustCompile(`^(async\s+)?def\b`), "", "a function is func name(x float64) float64 { return x }"},
	{regexp.MustCompile(`^class\b`), "", "a type is type Name struct { Field int }, a method of it func (n *Name) Method() { }"},
	{regexp.MustCompile(`^while\b`), "", "Go's only loop is for: for x > 0 { }"},
	{regexp.MustCompile(`^for\s+\w+(\s*,\s*\w+)*\s+in\b`), "", "a loop is for i, x := range xs { }, over numbers for i := range 10 { }"},
	{regexp.MustCompile(`^(try|except|finally|raise)\b`), "", "an error is a result: v, err := f(), then if err != nil { }"},
	{regexp.MustCompile(`^with\b`), "", "what has to be closed is closed by defer: f, err := os.Open(name), then defer f.Close()"},
	{regexp.MustCompile(`^(}\s*)?elif\b`), "", "the next condition is } else if x > 2 {"},
	{regexp.MustCompile(`^else\b`), "", "else stands in the line of the brace before it: } else {"},
	{regexp.MustCompile(`^(if|for|else|switch)\b.*:$`), "", "a block stands in braces: if x > 2 { }"},
	{regexp.MustCompile(`\blambda\b`), "", "a function without a name is func(x float64) float64 { return x * 2 }"},
	{regexp.MustCompile(`\bfor\s+\w+(\s*,\s*\w+)*\s+in\b`), "", "a slice grows in a loop: for _, x := range xs { ys = append(ys, x*2) }"},
	{regexp.MustCompile(`\S\s+if\s.+\selse\s`), "", "Go has no conditional expression: if c { x = 3 } else { x = 4 }"},
	{regexp.MustCompile(`"""|'''`), "", "a text of several lines stands between backquotes"},
	{regexp.MustCompile(`\b[fF]["']`), "missing ',' in argument list", `fmt.Sprintf("%v and %.2f", a, b) puts values into a text`},
	{regexp.MustCompile(`\b[fF]["']`), "found", `fmt.Sprintf("%v and %.2f", a, b) puts values into a text`},
	{regexp.MustCompile(`\w\s+is(\s+not)?\s+\w`), "found is", "== and != compare: x == nil, x != nil"},
	{regexp.MustCompile(`^assert\b`), "found", "if !ok { panic(\"text\") } stops a cell"},
	{regexp.MustCompile(`^del\b`), "found", "delete(m, key) takes a key out of a map; a variable needs no end"},
	{regexp.MustCompile(`^(global|nonlocal)\b`), "found", "functions see the variables of the cells as they are"},
	{regexp.MustCompile(`^(print|echo)\s`), "found", "fmt.Println(x) prints"},
	{regexp.MustCompile(`^(let|auto|my)\s`), "found", "a new variable is defined by x := 3"},
	{regexp.MustCompile(`^import\s+"[^"]*"\s+as\b`), "found as", `another name stands before the path: import m "math"`},
	{regexp.MustCompile(`\btype\(`), "expected type", `fmt.Sprintf("%T", x) names the type of x; Shift-Tab shows it`},
	{regexp.MustCompile(`^range\b`), "found 'range'", "for i := range 10 { } counts"},
	{regexp.MustCompile(`^(for|if|switch)\b[^{]*$`), "expected '{', found newline", "the block stands in braces that begin on this line: for i := range 10 { }"},
	{regexp.MustCompile(`\w\[[^\]]*(:\s*,|,\s*:)`), "", "m.ColView(0) is a column of a matrix, m.RowView(0) a row, m.Slice(0, 2, 0, 2) a part"},
	{regexp.MustCompile(`\[""`), "expected type", `a slice is written with the type of its elements: []string{"a", "b"}`},
	{regexp.MustCompile(`^(for|if|switch)\b`), "found ':'", "a block stands in braces: if x > 2 { }"},
	{regexp.MustCompile(`^(if|for)\b`), "found assignment", "== compares: if x == 3 { }"},
	{regexp.MustCompile(`\w\(\s*\w+\s*:`), "missing ',' in argument list", "the fields of a struct stand in braces: T{Field: 3}; arguments have no names: f(3)"},
	{regexp.MustCompile(`\w\(.*\w\s*=`), "missing ',' in argument list", "arguments have no names: f(3); settings are a struct: T{Field: 3}"},
	{regexp.MustCompile(`{[^}]*\w\s*=`), "missing ',' in composite literal", "a field is set by a colon: T{Field: 3}"},
	{regexp.MustCompile(`{[^}]*\w\s*=`), "expected '==', found '='", "a field is set by a colon: T{Field: 3}"},
	{regexp.MustCompile(`\w\(.*\w\s*=`), "expected '==', found '='", "arguments have no names: f(3); settings are a struct: T{Field: 3}"},
	{regexp.MustCompile(`->`), "", "the type of a result stands before the {: func f(x float64) float64 { return x }"},
	{regexp.MustCompile(`^func\b.*\w\s*:`), "parameter list", "a parameter has its type behind it: x float64"},
	{regexp.MustCompile(`^type\b.*:`), "found ':'", "a field has its type behind it: type T struct { X int }"},
	{regexp.MustCompile(`^type\b.*,`), "found ','", "fields stand on lines of their own, or apart by semicolons: struct { X int; Y int }"},
	{regexp.MustCompile(`^type\b.*=\s*{`), "", "a struct is type T struct { X int }"},
	{regexp.MustCompile(`\.map\(`), "found 'map'", "for i, x := range xs { ys[i] = f(x) } maps"},
	{regexp.MustCompile(`\w\[[^\]]*,`), "expected type, found", "an element of a matrix is m.At(i, j), of a slice of slices x[i][j]"},
	{regexp.MustCompile(`\(\([^()]*,`), "expected ')', found ','", "there are no tuples: values stand one after the other, f(3, 3)"},
	{regexp.MustCompile(`^@`), "illegal character", "functions have no decorators; f = wrap(f) wraps one"},
	{regexp.MustCompile(`\S\s*@`), "illegal character", "matrices have methods: var c mat.Dense, then c.Mul(a, b)"},
	{regexp.MustCompile(`\?`), "illegal character", "Go has no conditional expression: if c { x = 3 } else { x = 4 }"},
	{regexp.MustCompile(``), "before newline in composite literal", "the last line of a list ends with a comma or with the closing bracket"},
	{regexp.MustCompile(``), "before newline in argument list", "the last line of the arguments ends with a comma or with the closing bracket"},
	{regexp.MustCompile(``), "string literal not terminated", "a text ends on its line; between backquotes it may have several"},
	{regexp.MustCompile(`\+\+|--`), "expected ';', found", "x++ and x-- are statements of their own, without a value"},
	{regexp.MustCompile(`'`), "rune literal", `a text stands in double quotes: "text"`},
	{regexp.MustCompile(`\b(not|and|or)\b`), "found", "the operators are !a, a && b and a || b"},
	{regexp.MustCompile(`\[`), "unexpected comma; expecting ]", "a slice is written with the type of its elements: []float64{1, 2, 3}"},
	{regexp.MustCompile(`{`), "expected operand, found '{'", `a map is written with its types: map[string]int{"a": 1}`},
	{regexp.MustCompile(`\+\+|--`), "found '++'", "x++ and x-- are statements of their own, without a value"},
	{regexp.MustCompile(`\+\+|--`), "found '--'", "x++ and x-- are statements of their own, without a value"},
	{regexp.MustCompile(`\[.*::`), "3-index slice", "slices have no step: for i := 0; i < len(a); i += 2 { }"},
}

// quoted finds texts, in which the habits look for nothing.
var quoted = regexp.MustCompile(`"(\\.|[^"\\])*"`)

// hint is one sentence for a line that is no Go, or "".
func hint(lines []string, d Diagnostic) string {
	if d.Line < 1 || d.Line > len(lines) {
		return ""
	}
	line := strings.TrimSpace(lines[d.Line-1])
	if strings.Contains(d.Message, "found newline") || d.Message == "missing function body" {
		for _, next := range lines[d.Line:] {
			if next = strings.TrimSpace(next); next != "" {
				if strings.HasPrefix(next, "{") {
					return "the { stands at the end of the line before"
				}
				break
			}
		}
	}
	line, _, _ = strings.Cut(quoted.ReplaceAllString(line, `""`), "//")
	line = strings.TrimSpace(line)
	if len(line) > 1000 { // nobody has written that by a habit
		return ""
	}
	for _, h := range habits {
		if strings.Contains(d.Message, h.message) && h.line.MatchString(line) {
			return h.hint
		}
	}
	return ""
}
