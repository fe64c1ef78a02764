package check

import (
	"go/ast"
	"go/token"
	"go/types"
	"strconv"
	"strings"

	"gonverge/kernel/cell"
)

// Cycles of initialization. In a cell that is a package, as for the order of initialization, a variable whose value needs a
// function that uses the variable is refused with Go's own words. Cells whose statements run from top to bottom have no such
// thing: the function sees what the variable held before. Nor has a variable that mentions itself or another without a
// function between them: that is the one of an earlier cell, as in var x, y = y, x.

// packageVars are the var declarations of a cell that is a package; nil for any other.
func packageVars(body *ast.BlockStmt) (vars []*ast.GenDecl) {
	for _, st := range body.List {
		if isProgramCall(st) {
			continue
		}
		d, ok := st.(*ast.DeclStmt)
		if !ok {
			return nil
		}
		g, ok := d.Decl.(*ast.GenDecl)
		if !ok || g.Tok != token.VAR {
			return nil
		}
		vars = append(vars, g)
	}
	return vars
}

// initCycles finds the cycles of a cell that was right otherwise; vars are the declarations of its variables.
func (u *Unit) initCycles(vars []*ast.GenDecl, c *cell.Cell) (errs []types.Error) {
	functions := map[string]bool{}
	declaredHere := map[string]bool{}
	for _, d := range c.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			functions[d.Name.Name] = true
		case *ast.GenDecl:
			for _, sp := range d.Specs {
				if t, ok := sp.(*ast.TypeSpec); ok {
					declaredHere[t.Name.Name] = true
				}
			}
		}
	}
	if !mayCycle(vars, c.Decls) {
		return nil
	}
	var file []ast.Decl
	for _, g := range vars {
		file = append(file, g)
	}
	for i, d := range c.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv != nil && !declaredHere[Receiver(f)] {
			d = AsFunc("i"+Mark+strconv.Itoa(i), f) // a method of a type that there is already
		}
		file = append(file, d)
	}
	_, all := u.Program.Pass(u.Scope, file, vars[0].Pos(), NewInfo(), false)
	for i := 0; i < len(all); i++ {
		if !strings.HasPrefix(all[i].Msg, "initialization cycle for ") {
			continue
		}
		end, through := i+1, false
		for ; end < len(all) && strings.HasPrefix(all[end].Msg, "\t"); end++ {
			name, _, _ := strings.Cut(strings.TrimPrefix(all[end].Msg, "\t"), " refers to ")
			through = through || functions[name]
		}
		if through {
			errs = append(errs, all[i:end]...)
		}
		i = end - 1
	}
	return errs
}

// mayCycle tells, by names alone, whether some variable mentions itself, through functions or other variables.
func mayCycle(vars []*ast.GenDecl, decls []ast.Decl) bool {
	mentions := map[string]map[string]bool{}
	add := func(name string, n ast.Node) {
		if mentions[name] == nil {
			mentions[name] = map[string]bool{}
		}
		ast.Inspect(n, func(x ast.Node) bool {
			if id, ok := x.(*ast.Ident); ok {
				mentions[name][id.Name] = true
			}
			return true
		})
	}
	for _, d := range decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Body != nil {
			add(f.Name.Name, f.Body)
		}
	}
	if len(mentions) == 0 {
		return false
	}
	var names []string
	for _, g := range vars {
		for _, sp := range g.Specs {
			sp := sp.(*ast.ValueSpec)
			for _, n := range sp.Names {
				names = append(names, n.Name)
				for _, v := range sp.Values {
					add(n.Name, v)
				}
			}
		}
	}
	for _, name := range names {
		seen, todo := map[string]bool{}, []string{name}
		for len(todo) > 0 {
			at := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			for to := range mentions[at] {
				if to == name {
					return true
				}
				if !seen[to] && mentions[to] != nil {
					seen[to] = true
					todo = append(todo, to)
				}
			}
		}
	}
	return false
}
