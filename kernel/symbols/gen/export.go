package main

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"go/token"
	"go/types"
	"log"
	"os"

	"golang.org/x/tools/go/gcexportdata"
)

// writeExportData writes the types of all packages into one file: an index, then one deflated blob a package.
// Package symbols documents the format at ExportData. Positions are left out: the file changes with what is declared,
// not with where.
func writeExportData(name string, loaded []*types.Package) error {
	fset := token.NewFileSet() // knows no file of any package
	var index, body bytes.Buffer
	number := func(n int) { index.Write(binary.AppendUvarint(nil, uint64(n))) }
	number(len(loaded))
	raw := 0
	for _, p := range loaded {
		var data bytes.Buffer
		if err := gcexportdata.Write(&data, fset, p); err != nil {
			return fmt.Errorf("%s: %w", p.Path(), err)
		}
		before := body.Len()
		w, err := flate.NewWriter(&body, flate.BestCompression)
		if err != nil {
			return err
		}
		if _, err := w.Write(data.Bytes()); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		number(len(p.Path()))
		index.WriteString(p.Path())
		number(data.Len())
		number(body.Len() - before)
		raw += data.Len()
	}
	log.Printf("export data: %d packages, %d bytes, %d deflated", len(loaded), raw, index.Len()+body.Len())
	return os.WriteFile(name, append(index.Bytes(), body.Bytes()...), 0o644)
}
