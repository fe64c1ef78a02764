package check

import (
	"bytes"
	"go/ast"
	"go/printer"
	"go/token"
	"reflect"
	"strconv"
)

// Ident makes an identifier at a position.
func Ident(p token.Pos, name string) *ast.Ident { return &ast.Ident{NamePos: p, Name: name} }

// Text prints a node as Go source.
func Text(n any) string {
	var b bytes.Buffer
	if err := printer.Fprint(&b, token.NewFileSet(), n); err != nil {
		return "?" // only nodes that no parser makes cannot be printed
	}
	return b.String()
}

// Receiver is the name of the base type of a method's receiver, or "".
func Receiver(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return ""
	}
	e := d.Recv.List[0].Type
	for {
		switch x := e.(type) {
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.IndexListExpr:
			e = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

// AsFunc turns a method into a function with the receiver as first parameter; it shares the nodes of d.
func AsFunc(name string, d *ast.FuncDecl) *ast.FuncDecl {
	ft := &ast.FuncType{Func: d.Type.Func, Params: d.Type.Params, Results: d.Type.Results, TypeParams: d.Type.TypeParams}
	if d.Recv != nil {
		r := *d.Recv.List[0]
		if len(r.Names) == 0 {
			r.Names = []*ast.Ident{Ident(r.Type.Pos(), "_")}
		}
		params := d.Type.Params.List
		if len(params) > 0 && len(params[0].Names) == 0 { // names for all or for none
			var named []*ast.Field
			for _, p := range params {
				c := *p
				c.Names = []*ast.Ident{Ident(p.Type.Pos(), "_")}
				named = append(named, &c)
			}
			params = named
		}
		ft.Params = &ast.FieldList{Opening: d.Type.Params.Opening, Closing: d.Type.Params.Closing, List: append([]*ast.Field{&r}, params...)}
	}
	return &ast.FuncDecl{Name: Ident(d.Name.NamePos, name), Type: ft, Body: d.Body}
}

// ReceiverTypeParams writes the type parameters of a generic receiver as those of a function; nil when they do not fit.
func ReceiverTypeParams(spec *ast.TypeSpec, d *ast.FuncDecl) *ast.FieldList {
	args := receiverArgs(d)
	list := &ast.FieldList{Opening: d.Pos(), Closing: d.Pos()}
	i := 0
	for _, f := range spec.TypeParams.List {
		for range f.Names {
			if i >= len(args) {
				return nil
			}
			id, ok := args[i].(*ast.Ident)
			if !ok {
				return nil
			}
			list.List = append(list.List, &ast.Field{Names: []*ast.Ident{Ident(id.Pos(), id.Name)}, Type: Clone(f.Type)})
			i++
		}
	}
	return list
}

// receiverArgs are the type parameters that a receiver names.
func receiverArgs(d *ast.FuncDecl) []ast.Expr {
	e := d.Recv.List[0].Type
	for {
		switch x := e.(type) {
		case *ast.ParenExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.IndexExpr:
			return []ast.Expr{x.Index}
		case *ast.IndexListExpr:
			return x.Indices
		default:
			return nil
		}
	}
}

// nameBlanks gives names to the type parameters of a receiver that have none: the method is checked as a function, too, whose
// first parameter is of the receiver's type, and that must be written.
func nameBlanks(d *ast.FuncDecl) {
	for i, x := range receiverArgs(d) {
		if id, ok := x.(*ast.Ident); ok && id.Name == "_" {
			id.Name += Mark + strconv.Itoa(i)
		}
	}
}

// Clone copies a syntax tree deeply; resolver links are dropped and positions kept.
func Clone[N ast.Node](n N) N { return cloneValue(reflect.ValueOf(n)).Interface().(N) }

var (
	//lint:ignore SA1019 syntax trees still have these fields, and Clone must not follow them
	objectType = reflect.TypeFor[*ast.Object]()
	//lint:ignore SA1019 as above
	scopeType = reflect.TypeFor[*ast.Scope]()
)

func cloneValue(v reflect.Value) reflect.Value {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() || v.Type() == objectType || v.Type() == scopeType {
			return reflect.Zero(v.Type())
		}
		p := reflect.New(v.Type().Elem())
		p.Elem().Set(cloneValue(v.Elem()))
		return p
	case reflect.Interface:
		if v.IsNil() {
			return v
		}
		r := reflect.New(v.Type()).Elem()
		r.Set(cloneValue(v.Elem()))
		return r
	case reflect.Slice:
		if v.IsNil() {
			return v
		}
		s := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			s.Index(i).Set(cloneValue(v.Index(i)))
		}
		return s
	case reflect.Struct:
		r := reflect.New(v.Type()).Elem()
		for i := range v.NumField() {
			r.Field(i).Set(cloneValue(v.Field(i)))
		}
		return r
	}
	return v
}
