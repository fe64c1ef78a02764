package notebook

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// Notebook is a notebook in memory.
type Notebook struct {
	Cells []*Cell
	top   *object // the file as it was read, without its cells
}

// Cell is one cell of a notebook.
type Cell struct {
	Type   string // "code", "markdown" or "raw"
	ID     string
	Source string
	// Count is the number beside a code cell that has run; 0: it has not.
	Count   int
	Outputs []*Output
	fields  *object // the cell as it was read, without its outputs
}

// New returns a notebook without cells that this kernel runs.
func New() *Notebook {
	kernel, language := newObject(), newObject()
	kernel.set("display_name", "Go (gonverge)")
	kernel.set("language", "go")
	kernel.set("name", "gonverge")
	language.set("name", "go")
	language.set("file_extension", ".go")
	language.set("mimetype", "text/x-go")
	meta := newObject()
	meta.set("kernelspec", kernel)
	meta.set("language_info", language)
	top := newObject()
	top.set("cells", nil)
	top.set("metadata", meta)
	top.set("nbformat", json.Number("4"))
	top.set("nbformat_minor", json.Number("5"))
	return &Notebook{top: top}
}

// Add appends a cell of the given type, "code" or "markdown", and returns it.
func (nb *Notebook) Add(kind, source string) *Cell {
	c := &Cell{Type: kind, Source: source, fields: newObject()}
	c.fields.set("cell_type", kind)
	c.fields.set("metadata", newObject())
	c.fields.set("source", nil)
	nb.Cells = append(nb.Cells, c)
	nb.name()
	return c
}

// Read reads a notebook file.
func Read(path string) (*Notebook, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("notebook: %w", err)
	}
	nb, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return nb, nil
}

// Parse reads a notebook from the bytes of a file.
func Parse(data []byte) (*Notebook, error) {
	v, err := decode(bytes.TrimPrefix(data, []byte("\ufeff")))
	if err != nil {
		return nil, fmt.Errorf("notebook: not a notebook file: %w", err)
	}
	top, ok := v.(*object)
	if !ok {
		return nil, fmt.Errorf("notebook: not a notebook file: its top is no object")
	}
	major, err := integer(top.get("nbformat"))
	if err != nil {
		return nil, fmt.Errorf("notebook: not a notebook file: nbformat: %w", err)
	}
	if major != 4 {
		return nil, fmt.Errorf("notebook: nbformat %d (want 4; jupyter nbconvert --to notebook converts)", major)
	}
	if minor, err := integer(top.get("nbformat_minor")); err != nil || minor < 5 {
		top.set("nbformat_minor", json.Number("5"))
	}
	if _, ok := top.get("metadata").(*object); !ok {
		top.set("metadata", newObject())
	}
	list, ok := top.get("cells").([]any)
	if !ok {
		return nil, fmt.Errorf("notebook: no list of cells")
	}
	top.set("cells", nil)
	nb := &Notebook{top: top}
	for i, v := range list {
		c, err := parseCell(v)
		if err != nil {
			return nil, fmt.Errorf("notebook: cell %d of %d: %w", i+1, len(list), err)
		}
		nb.Cells = append(nb.Cells, c)
	}
	nb.name()
	return nb, nil
}

// integer reads a whole number of a file.
func integer(v any) (int, error) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, fmt.Errorf("%v is no number", v)
	}
	return strconv.Atoi(n.String())
}

func parseCell(v any) (*Cell, error) {
	o, ok := v.(*object)
	if !ok {
		return nil, fmt.Errorf("no object")
	}
	c := &Cell{Type: o.text("cell_type"), ID: o.text("id"), fields: o}
	if c.Type == "" {
		return nil, fmt.Errorf("no cell_type")
	}
	if c.Source, ok = join(o.get("source")); !ok {
		return nil, fmt.Errorf("source is neither text nor a list of lines")
	}
	if _, ok := o.get("metadata").(*object); !ok {
		o.set("metadata", newObject())
	}
	if c.Type != "code" {
		return c, nil
	}
	if n := o.get("execution_count"); n != nil {
		count, err := integer(n)
		if err != nil {
			return nil, fmt.Errorf("execution_count: %w", err)
		}
		c.Count = count
	}
	outputs, _ := o.get("outputs").([]any)
	for i, v := range outputs {
		out, err := parseOutput(v)
		if err != nil {
			return nil, fmt.Errorf("output %d of %d: %w", i+1, len(outputs), err)
		}
		c.Outputs = append(c.Outputs, out)
	}
	o.set("outputs", nil)
	return c, nil
}

// name gives ids to cells without one, and new ones to those that share one: 4.5
// wants them, each once. They follow from place and source, so that the same file
// always gets the same.
func (nb *Notebook) name() {
	used := map[string]bool{}
	for _, c := range nb.Cells {
		if !validID(c.ID) || used[c.ID] {
			c.ID = ""
			continue
		}
		used[c.ID] = true
	}
	for i, c := range nb.Cells {
		for n := 0; c.ID == ""; n++ {
			sum := sha256.Sum256(fmt.Appendf(nil, "%d/%d/%s", i, n, c.Source))
			if id := hex.EncodeToString(sum[:4]); !used[id] {
				c.ID, used[id] = id, true
			}
		}
	}
}

// validID reports whether nbformat takes the id: 1 to 64 letters, digits, - and _.
func validID(id string) bool {
	for _, c := range []byte(id) {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return len(id) >= 1 && len(id) <= 64
}

// Encode returns the notebook as the bytes of a file.
func (nb *Notebook) Encode() ([]byte, error) {
	nb.name()
	cells := []any{}
	for i, c := range nb.Cells {
		v, err := c.encode()
		if err != nil {
			return nil, fmt.Errorf("notebook: cell %d of %d: %w", i+1, len(nb.Cells), err)
		}
		cells = append(cells, v)
	}
	nb.top.set("cells", cells)
	var b bytes.Buffer
	encode(&b, nb.top, 0)
	b.WriteByte('\n')
	nb.top.set("cells", nil)
	return b.Bytes(), nil
}

// encode brings the fields of a cell up to date and returns them.
func (c *Cell) encode() (*object, error) {
	o := &object{keys: append([]string(nil), c.fields.keys...), values: map[string]any{}}
	for k, v := range c.fields.values {
		o.values[k] = v
	}
	o.set("id", c.ID)
	_, isList := o.get("source").([]any)
	if s, ok := join(o.get("source")); !isList || !ok || s != c.Source {
		o.set("source", lines(c.Source))
	}
	if c.Type != "code" {
		return o, nil
	}
	o.set("execution_count", nil)
	if c.Count > 0 {
		o.set("execution_count", json.Number(strconv.Itoa(c.Count)))
	}
	outputs := []any{}
	for _, out := range c.Outputs {
		v, err := out.encode()
		if err != nil {
			return nil, err
		}
		outputs = append(outputs, v)
	}
	o.set("outputs", outputs)
	return o, nil
}

// WriteFile writes the notebook to a file, under a temporary name first: an old
// file is never half overwritten.
func (nb *Notebook) WriteFile(path string) error {
	data, err := nb.Encode()
	if err != nil {
		return err
	}
	return WriteFile(path, data)
}

// WriteFile writes data to a file, under a temporary name beside it first, so that
// a full disk or an interrupt leaves the old file.
func WriteFile(path string, data []byte) error {
	mode := os.FileMode(0o644)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	t, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("notebook: write %s: %w", path, err)
	}
	_, err = t.Write(data)
	if err == nil {
		err = t.Sync()
	}
	if err == nil {
		err = t.Chmod(mode)
	}
	if e := t.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(t.Name(), path)
	}
	if err != nil {
		os.Remove(t.Name()) // the error that matters is err
		return fmt.Errorf("notebook: write %s: %w", path, err)
	}
	return nil
}
