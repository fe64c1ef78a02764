package weights

import (
	"fmt"
	"html"
	"os"
	"strings"
)

// Limits of what is read. Models of the ImageNet age have at most 600 MB.
const (
	maxFile    = 1 << 31  // bytes of a file
	maxNumbers = 1 << 30  // numbers in all tensors of a file
	maxTensors = 1 << 17  // tensors of a file
	maxRank    = 32       // dimensions of a tensor, as in NumPy
	maxInflate = 1032 + 1 // deflate makes at most 1032 bytes of one
)

// Tensor is an array of numbers with a name. Data is row-major: the last index of Shape runs
// fastest; a scalar has the shape []int{}.
type Tensor struct {
	Name  string
	Shape []int
	Data  []float32
	Type  string // of the numbers in the file: F64, F32, F16, BF16, I64, ..., BOOL; "" is F32
}

// File is what a file of parameters holds.
type File struct {
	Path     string            // as given to Read
	Format   string            // "safetensors", "npz", "torch (zip)", "Caffe", ...
	Tensors  []Tensor          // in the order of the file
	Graph    *Graph            // layers or operations and how they are joined; nil where the format has none
	Metadata map[string]string // safetensors: __metadata__; ONNX: producer and such; else nil
	Skipped  []string          // what the file also has and was not read, with the reason
}

// Graph lists the operations of a net in the order of the file.
type Graph struct {
	Name    string
	Nodes   []Node
	Inputs  []Port // of the whole net, if the file says them; ONNX may list initialisers too
	Outputs []Port
	Opset   int // ONNX: version of the default operator set; else 0
}

// Node is one operation: a layer of Caffe, a node of ONNX.
type Node struct {
	Name       string
	Op         string // "Convolution", "InnerProduct" in Caffe; "Conv", "MatMul" in ONNX
	Inputs     []string
	Outputs    []string
	Attributes []Attribute
}

// Attribute is a setting of a node. Which field holds it is its kind; a single number is a
// list of one.
type Attribute struct {
	Name   string
	Ints   []int64
	Floats []float32
	Texts  []string
	Tensor *Tensor
}

// Port is an input or an output of a net. A size that the file leaves open is −1.
type Port struct {
	Name  string
	Shape []int
}

// Attribute returns a setting by name, nil if the node has none of that name.
func (n *Node) Attribute(name string) *Attribute {
	for i := range n.Attributes {
		if n.Attributes[i].Name == name {
			return &n.Attributes[i]
		}
	}
	return nil
}

// Node returns a node by name, nil if there is none.
func (g *Graph) Node(name string) *Node {
	if g == nil {
		return nil
	}
	for i := range g.Nodes {
		if g.Nodes[i].Name == name {
			return &g.Nodes[i]
		}
	}
	return nil
}

// Len returns the number of values that the shape says, −1 if a size is negative or the
// product does not fit.
func (t *Tensor) Len() int {
	n, ok := product(t.Shape)
	if !ok {
		return -1
	}
	return n
}

// String returns name, shape and type in a line.
func (t *Tensor) String() string {
	if t == nil {
		return "no tensor"
	}
	return fmt.Sprintf("%s %s %s", t.Name, shapeText(t.Shape), typeText(t.Type))
}

// Tensor returns a tensor by name, nil if there is none of that name. The tensor is a view.
func (f *File) Tensor(name string) *Tensor {
	for i := range f.Tensors {
		if f.Tensors[i].Name == name {
			return &f.Tensors[i]
		}
	}
	return nil
}

// Lookup is [File.Tensor] with an error that lists the known names.
func (f *File) Lookup(name string) (*Tensor, error) {
	if t := f.Tensor(name); t != nil {
		return t, nil
	}
	return nil, fmt.Errorf("weights: %s: no tensor %q; have %s", f.Path, name, list(f.Names(), 40))
}

// Names returns the names of the tensors in the order of the file.
func (f *File) Names() []string {
	names := make([]string, len(f.Tensors))
	for i := range f.Tensors {
		names[i] = f.Tensors[i].Name
	}
	return names
}

// Parameters returns the number of values in all tensors.
func (f *File) Parameters() int {
	n := 0
	for i := range f.Tensors {
		n += len(f.Tensors[i].Data)
	}
	return n
}

// title says what the table is about.
func (f *File) title() string {
	s := fmt.Sprintf("%s: %d tensors, %d values", f.Format, len(f.Tensors), f.Parameters())
	if f.Path != "" {
		s = f.Path + ", " + s
	}
	return s
}

// maxRows is how many tensors a table shows.
const maxRows = 200

// String returns a table: name, shape and type of each tensor.
func (f *File) String() string {
	if f == nil {
		return "no file"
	}
	rows := min(len(f.Tensors), maxRows)
	name, shape := len("name"), len("shape")
	for i := range f.Tensors[:rows] {
		t := &f.Tensors[i]
		name = max(name, len([]rune(t.Name)))
		shape = max(shape, len([]rune(shapeText(t.Shape))))
	}
	var b strings.Builder
	b.WriteString(f.title())
	fmt.Fprintf(&b, "\n%-*s  %*s  type", name, "name", shape, "shape")
	for i := range f.Tensors[:rows] {
		t := &f.Tensors[i]
		fmt.Fprintf(&b, "\n%-*s  %*s  %s", name, t.Name, shape, shapeText(t.Shape), typeText(t.Type))
	}
	if rows < len(f.Tensors) {
		fmt.Fprintf(&b, "\n... and %d more", len(f.Tensors)-rows)
	}
	for _, s := range f.Skipped {
		b.WriteString("\nnot read: " + s)
	}
	return b.String()
}

// MIMEBundle returns the table as text and as HTML.
func (f *File) MIMEBundle() map[string]any {
	bundle := map[string]any{"text/plain": f.String()}
	if f == nil {
		return bundle
	}
	var b strings.Builder
	fmt.Fprintf(&b, "<table><caption>%s</caption>\n<tr><th>name</th><th>shape</th><th>type</th></tr>\n", html.EscapeString(f.title()))
	rows := min(len(f.Tensors), maxRows)
	for i := range f.Tensors[:rows] {
		t := &f.Tensors[i]
		fmt.Fprintf(&b, "<tr><td style=\"text-align:left\">%s</td><td>%s</td><td>%s</td></tr>\n",
			html.EscapeString(t.Name), shapeText(t.Shape), html.EscapeString(typeText(t.Type)))
	}
	if rows < len(f.Tensors) {
		fmt.Fprintf(&b, "<tr><td>... and %d more</td><td></td><td></td></tr>\n", len(f.Tensors)-rows)
	}
	b.WriteString("</table>")
	for _, s := range f.Skipped {
		fmt.Fprintf(&b, "\n<div>not read: %s</div>", html.EscapeString(s))
	}
	bundle["text/html"] = b.String()
	return bundle
}

func shapeText(shape []int) string {
	if len(shape) == 0 {
		return "scalar"
	}
	parts := make([]string, len(shape))
	for i, n := range shape {
		parts[i] = fmt.Sprint(n)
	}
	return strings.Join(parts, " × ")
}

func typeText(t string) string {
	if t == "" {
		return f32.name
	}
	return t
}

// list joins names, at most n of them.
func list(names []string, n int) string {
	if len(names) == 0 {
		return "none"
	}
	if len(names) > n {
		return strings.Join(names[:n], ", ") + fmt.Sprintf(", ... (%d in all)", len(names))
	}
	return strings.Join(names, ", ")
}

// Read opens a file of parameters. Its format is recognised by its content, not by its name;
// the package documentation says which formats there are.
func Read(path string) (*File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("weights: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("weights: %s: not a regular file", path)
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("weights: %s: %d bytes (limit: %d)", path, info.Size(), int64(maxFile))
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("weights: %w", err)
	}
	return Decode(path, data)
}
