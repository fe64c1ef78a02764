package lower

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strconv"
	"strings"
)

// Position marks. The interpreter reports a panic by the first statement of each function on the stack, never by the
// statement that failed. So every function has an integer variable, its mark, that statements which can panic set to their
// position; and the text of every function starts with a //line directive whose line number is that of the mark. When a
// panic unwinds, the interpreter names the functions and their marks hold the lines. A function that runs on several
// goroutines at once shares its mark, and an outer activation of a recursive function shows the line of the inner one.

// Lines of directives: FirstLine + LineStep*number of the function; one more for code that only forwards, such as the
// inside of a function with defer, which must not be listed twice.
const (
	FirstLine = 10_000_000
	LineStep  = 10
)

// function is a function, literal or cell body that is being lowered.
type function struct {
	sig     *types.Signature
	name    string
	pos     token.Pos
	body    *ast.BlockStmt
	results []string // names of the result variables, where the body needs them
	locals  bool     // results are ordinary variables: see results.go
	slot    string   // of a declared function: by which recover in it knows that it was deferred
	entered string   // the variable that holds what recover asks
	frame   string   // name of the defer stack when the function has defers
	outer   string   // the defer stack that runs this literal: recover() in it is that stack's
	rf      *rangeFunc
	long    bool // between Enter and Leave
	mark    int  // number of the mark plus one, 0 when there is none
}

// number gives the function its mark.
func (e *emitter) number() int {
	if e.fn.mark == 0 {
		e.marks = append(e.marks, Function{e.fn.name, e.fn.pos})
		e.fn.mark = len(e.marks)
		id := e.fn.mark - 1
		fmt.Fprintf(&e.vars, "var %s int\n", markName(id))
		e.spent = append(e.spent, markName(id))
		fmt.Fprintf(&e.init, "%s.Mark(%d, &%s)\n", Runtime, id, markName(id))
	}
	return e.fn.mark - 1
}

func markName(id int) string { return sep + "ln" + strconv.Itoa(id) }

// setMark is the statement that sets a mark.
func setMark(id int, p token.Pos) string {
	if markCalls {
		return fmt.Sprintf("%s.At(&%s, %d)\n", Runtime, markName(id), p)
	}
	return fmt.Sprintf("%s = %d\n", markName(id), p)
}

// directive starts the text of a function; the text that follows must be its first statement.
func (f *function) directive() string {
	if f.mark == 0 {
		return "\n"
	}
	return fmt.Sprintf("\n//line :%d:1\n", FirstLine+LineStep*(f.mark-1))
}

// open is the directive and a first statement that carries it.
func (e *emitter) open() string {
	if e.fn.mark == 0 {
		return "\n"
	}
	return e.fn.directive() + setMark(e.fn.mark-1, e.fn.pos)
}

// guard sets the mark to p when one of the nodes can fail at run time.
func (e *emitter) guard(b *strings.Builder, p token.Pos, nodes ...ast.Node) {
	if e.mayPanic(nodes...) && e.program.Files.Position(p).IsValid() {
		b.WriteString(setMark(e.number(), p))
	}
}

// mayPanic tells whether simple statements or expressions can fail at run time.
func (e *emitter) mayPanic(nodes ...ast.Node) bool {
	found := false
	for _, n := range nodes {
		if n == nil {
			continue
		}
		ast.Inspect(n, func(x ast.Node) bool {
			switch x := x.(type) {
			case *ast.FuncLit:
				return false
			case *ast.CallExpr:
				tv := e.info.Types[x.Fun]
				if !tv.IsType() {
					found = true
				} else if _, ok := tv.Type.Underlying().(*types.Basic); !ok {
					found = true
				}
			case *ast.IndexExpr, *ast.SliceExpr, *ast.StarExpr, *ast.TypeAssertExpr, *ast.SendStmt:
				found = true
			case *ast.SelectorExpr:
				if s := e.info.Selections[x]; s != nil && (s.Indirect() || s.Kind() == types.MethodVal) {
					found = true
				}
			case *ast.BinaryExpr:
				switch x.Op {
				case token.QUO, token.REM, token.SHL, token.SHR, token.EQL, token.NEQ:
					found = found || e.info.Types[x.Y].Value == nil
				}
			case *ast.AssignStmt:
				if x.Tok == token.QUO_ASSIGN || x.Tok == token.REM_ASSIGN {
					found = true
				}
			}
			return !found
		})
	}
	return found
}
