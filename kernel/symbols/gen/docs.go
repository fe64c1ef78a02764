package main

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"log"
	"os"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

// writeDocs writes the documentation of the preloaded packages and of those that are not the standard library's.
// Package symbols documents the format at Docs.
func writeDocs(name string, loaded []*packages.Package) error {
	docs := map[string]string{}
	for _, p := range loaded {
		if isStd(p.PkgPath) && !slices.Contains(preloadStd, p.PkgPath) {
			continue
		}
		if err := document(docs, p); err != nil {
			return fmt.Errorf("%s: %w", p.PkgPath, err)
		}
	}
	var raw, packed bytes.Buffer
	text := func(s string) {
		raw.Write(binary.AppendUvarint(nil, uint64(len(s))))
		raw.WriteString(s)
	}
	for _, key := range sorted(docs) {
		text(key)
		text(docs[key])
	}
	w, err := flate.NewWriter(&packed, flate.BestCompression)
	if err != nil {
		return err
	}
	if _, err := w.Write(raw.Bytes()); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	log.Printf("documentation: %d names, %d bytes, %d deflated", len(docs), raw.Len(), packed.Len())
	return os.WriteFile(name, packed.Bytes(), 0o644)
}

// document adds what is written about the exported names of a package.
func document(docs map[string]string, p *packages.Package) error {
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range p.GoFiles {
		f, err := parser.ParseFile(fset, name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		files = append(files, f)
	}
	d, err := doc.NewFromFiles(fset, files, p.PkgPath)
	if err != nil {
		return err
	}
	add := func(text string, names ...string) {
		if text = strings.TrimSpace(text); text != "" {
			docs[p.PkgPath+strings.Join(append([]string{""}, names...), ".")] = text
		}
	}
	values := func(list []*doc.Value) {
		for _, v := range list {
			for _, spec := range v.Decl.Specs {
				s := spec.(*ast.ValueSpec)
				for _, n := range s.Names {
					add(first(s.Doc.Text(), s.Comment.Text(), v.Doc), n.Name)
				}
			}
		}
	}
	funcs := func(list []*doc.Func, in ...string) {
		for _, f := range list {
			add(f.Doc, append(slices.Clip(in), f.Name)...)
		}
	}
	add(d.Doc)
	values(d.Consts)
	values(d.Vars)
	funcs(d.Funcs)
	for _, t := range d.Types {
		add(t.Doc, t.Name)
		values(t.Consts)
		values(t.Vars)
		funcs(t.Funcs)
		funcs(t.Methods, t.Name)
		for _, spec := range t.Decl.Specs {
			var fields *ast.FieldList
			switch typ := spec.(*ast.TypeSpec).Type.(type) {
			case *ast.StructType:
				fields = typ.Fields
			case *ast.InterfaceType:
				fields = typ.Methods
			default:
				continue
			}
			for _, f := range fields.List {
				for _, n := range f.Names {
					if n.IsExported() {
						add(first(f.Doc.Text(), f.Comment.Text()), t.Name, n.Name)
					}
				}
			}
		}
	}
	return nil
}

// first returns the first text that is not empty.
func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
