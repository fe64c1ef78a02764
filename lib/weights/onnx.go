package weights

import (
	"fmt"
	"math"
)

// Field numbers are those of onnx.proto (version 3 of the IR and later).

// readONNX reads a ModelProto: IR version 1, producer 2 and its version 3, graph 7, operator
// sets 8.
func readONNX(s *source) (*File, error) {
	f := &File{Metadata: map[string]string{}}
	opset := 0
	m := s.message()
	for m.more() {
		fd, err := m.next()
		if err != nil {
			return nil, err
		}
		switch fd.number {
		case 1:
			f.Metadata["ir_version"] = fmt.Sprint(fd.value)
		case 2:
			f.Metadata["producer_name"], err = m.text(fd, "producer")
		case 3:
			f.Metadata["producer_version"], err = m.text(fd, "version of the producer")
		case 7:
			if err := m.want(fd, wireBytes, "graph"); err != nil {
				return nil, err
			}
			if f.Graph != nil {
				return nil, s.bad(m.fieldsAt, "a second graph")
			}
			f.Graph = &Graph{}
			err = onnxGraph(f, fd.body)
		case 8:
			if err := m.want(fd, wireBytes, "operator set"); err != nil {
				return nil, err
			}
			var domain string
			var version int
			if domain, version, err = onnxOpset(fd.body); err == nil && (domain == "" || domain == "ai.onnx") {
				opset = version
			}
		}
		if err != nil {
			return nil, err
		}
	}
	if f.Graph == nil {
		return nil, s.bad(0, "no graph (field 7)")
	}
	f.Graph.Opset = opset
	return f, nil
}

// onnxOpset reads an OperatorSetIdProto: domain 1, version 2.
func onnxOpset(m message) (domain string, version int, err error) {
	for m.more() {
		fd, err := m.next()
		if err != nil {
			return "", 0, err
		}
		switch fd.number {
		case 1:
			if domain, err = m.text(fd, "domain"); err != nil {
				return "", 0, err
			}
		case 2:
			if err := m.want(fd, wireVarint, "version of the operator set"); err != nil {
				return "", 0, err
			}
			if fd.value > math.MaxInt32 {
				return "", 0, m.s.bad(m.fieldsAt, "version %d of the operator set", fd.value)
			}
			version = int(fd.value)
		}
	}
	return domain, version, nil
}

// onnxGraph reads a GraphProto: nodes 1, name 2, initialisers 5, inputs 11, outputs 12.
func onnxGraph(f *File, m message) error {
	names := map[string]bool{}
	for m.more() {
		fd, err := m.next()
		if err != nil {
			return err
		}
		switch fd.number {
		case 1, 5, 11, 12:
			if err := m.want(fd, wireBytes, "part of the graph"); err != nil {
				return err
			}
		}
		switch fd.number {
		case 1:
			var n Node
			if len(f.Graph.Nodes) == maxTensors {
				return m.s.bad(m.fieldsAt, "more than %d nodes", maxTensors)
			}
			if n, err = onnxNode(f, fd.body); err == nil {
				f.Graph.Nodes = append(f.Graph.Nodes, n)
			}
		case 2:
			f.Graph.Name, err = m.text(fd, "name of the graph")
		case 5:
			at := m.fieldsAt
			t, why, e := onnxTensor(fd.body, "initialiser")
			switch {
			case e != nil:
				err = e
			case names[t.Name]:
				err = m.s.bad(at, "a second initialiser %q", t.Name)
			case why != "":
				f.Skipped = append(f.Skipped, t.Name+": "+why)
			default:
				f.Tensors = append(f.Tensors, *t)
			}
			if t != nil {
				names[t.Name] = true
			}
		case 11, 12:
			var p Port
			if p, err = onnxPort(fd.body); err == nil {
				if fd.number == 11 {
					f.Graph.Inputs = append(f.Graph.Inputs, p)
				} else {
					f.Graph.Outputs = append(f.Graph.Outputs, p)
				}
			}
		case 15:
			f.Skipped = append(f.Skipped, "a sparse initialiser")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// onnxNode reads a NodeProto: inputs 1, outputs 2, name 3, operator 4, attributes 5, domain 7.
func onnxNode(f *File, m message) (Node, error) {
	var n Node
	var domain string
	for m.more() {
		fd, err := m.next()
		if err != nil {
			return n, err
		}
		switch fd.number {
		case 1:
			err = m.texts(&n.Inputs, fd, "input of a node")
		case 2:
			err = m.texts(&n.Outputs, fd, "output of a node")
		case 3:
			n.Name, err = m.text(fd, "name of a node")
		case 4:
			n.Op, err = m.text(fd, "operator of a node")
		case 5:
			if err := m.want(fd, wireBytes, "attribute"); err != nil {
				return n, err
			}
			var a Attribute
			var why string
			if a, why, err = onnxAttribute(fd.body); why != "" {
				f.Skipped = append(f.Skipped, fmt.Sprintf("attribute %s of node %s: %s", a.Name, n.Name, why))
			}
			n.Attributes = append(n.Attributes, a)
		case 7:
			domain, err = m.text(fd, "domain of a node")
		}
		if err != nil {
			return n, err
		}
	}
	if domain != "" && domain != "ai.onnx" {
		n.Op = domain + "." + n.Op
	}
	return n, nil
}

// onnxAttribute reads an AttributeProto: name 1, float 2, integer 3, text 4, tensor 5, graph
// 6, floats 7, integers 8, texts 9, tensors 10, graphs 11. A text may be any bytes. why says
// what of it is not read.
func onnxAttribute(m message) (a Attribute, why string, err error) {
	for m.more() {
		fd, err := m.next()
		if err != nil {
			return a, "", err
		}
		switch fd.number {
		case 1:
			a.Name, err = m.text(fd, "name of an attribute")
		case 2, 7:
			a.Floats, err = m.floats(a.Floats, fd, "numbers of an attribute")
		case 3, 8:
			a.Ints, err = m.integers(a.Ints, fd, "whole numbers of an attribute")
		case 4, 9:
			if err = m.want(fd, wireBytes, "text of an attribute"); err == nil {
				a.Texts = append(a.Texts, string(fd.bytes()))
			}
		case 5:
			if err = m.want(fd, wireBytes, "tensor of an attribute"); err == nil {
				a.Tensor, why, err = onnxTensor(fd.body, "tensor of an attribute")
				if why != "" {
					a.Tensor = nil
				}
			}
		case 6, 10, 11:
			why = "graphs and lists of tensors as attributes are not read"
		}
		if err != nil {
			return a, "", err
		}
	}
	return a, why, nil
}

// onnxPort reads a ValueInfoProto: name 1, type 2 { tensor 1 { shape 2 { size 1 { value 1 }}}}.
func onnxPort(m message) (Port, error) {
	p := Port{Shape: []int{}}
	for m.more() {
		fd, err := m.next()
		if err != nil {
			return p, err
		}
		switch {
		case fd.number == 1:
			if p.Name, err = m.text(fd, "name of an input or output"); err != nil {
				return p, err
			}
		case fd.number == 2 && fd.wire == wireBytes:
			if err := onnxShape(&p, fd.body, 0); err != nil {
				return p, err
			}
		}
	}
	return p, nil
}

// onnxShape goes down from a TypeProto to the sizes.
func onnxShape(p *Port, m message, level int) error {
	down := [...]int{1, 2, 1} // tensor type, shape, size
	if level == len(down) {
		size := -1 // also for a size that has a name only
		for m.more() {
			fd, err := m.next()
			if err != nil {
				return err
			}
			if fd.number == 1 && fd.wire == wireVarint && fd.value <= math.MaxInt32 {
				size = int(fd.value)
			}
		}
		if len(p.Shape) == maxRank {
			return m.s.bad(m.end, "more than %d sizes", maxRank)
		}
		p.Shape = append(p.Shape, size)
		return nil
	}
	for m.more() {
		fd, err := m.next()
		if err != nil {
			return err
		}
		if fd.number == down[level] && fd.wire == wireBytes {
			if err := onnxShape(p, fd.body, level+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// onnxTypes are the numbers of TensorProto.DataType that are read.
var onnxTypes = map[uint64]element{1: f32, 2: u8, 3: i8, 4: u16, 5: i16, 6: i32, 7: i64, 9: bool8, 10: f16, 11: f64, 12: u32, 13: u64, 16: bf16}

// onnxTensor reads a TensorProto: sizes 1, type 2, float32 4, int32 5, int64 7, name 8, raw
// bytes 9, float64 10, uint64 11, external data 13 and their place 14. A tensor that is whole
// but of another kind is returned with its name and the reason why it was not read.
func onnxTensor(m message, what string) (t *Tensor, why string, err error) {
	start := m.at
	t = &Tensor{Shape: []int{}}
	var sizes, whole []int64
	var raw []byte
	var kind uint64
	var values []float32
	hasRaw, external := false, false
	for m.more() {
		fd, err := m.next()
		if err != nil {
			return nil, "", err
		}
		switch fd.number {
		case 1:
			sizes, err = m.integers(sizes, fd, what+": sizes")
		case 2:
			err = m.want(fd, wireVarint, what+": type")
			kind = fd.value
		case 4:
			values, err = m.floats(values, fd, what+": numbers")
		case 5, 7, 11:
			whole, err = m.integers(whole, fd, what+": whole numbers")
		case 8:
			t.Name, err = m.text(fd, what+": name")
		case 9:
			err = m.want(fd, wireBytes, what+": bytes")
			if err == nil {
				raw, hasRaw = fd.bytes(), true
			}
		case 10:
			values, err = m.doubles(values, fd, what+": numbers")
		case 13, 14:
			external = external || fd.number == 13 || fd.value == 1
		}
		if err != nil {
			return nil, "", err
		}
	}
	if t.Name != "" {
		what = fmt.Sprintf("%s %q", what, t.Name)
	}
	el, ok := onnxTypes[kind]
	if !ok {
		return t, fmt.Sprintf("numbers of ONNX type %d", kind), nil
	}
	if external {
		return t, "data in another file", nil
	}
	for _, d := range sizes {
		if d < 0 || d > math.MaxInt32 || len(t.Shape) == maxRank {
			return nil, "", m.s.bad(start, "%s: shape %v, want at most %d sizes up to %d", what, sizes[:min(len(sizes), maxRank)], maxRank, math.MaxInt32)
		}
		t.Shape = append(t.Shape, int(d))
	}
	n, err := m.s.count(start, t.Shape, what)
	if err != nil {
		return nil, "", err
	}
	t.Type = el.name
	switch {
	case hasRaw:
		if len(raw) != n*el.size {
			return nil, "", m.s.bad(start, "%s of shape %v and type %s has %d bytes, want %d", what, t.Shape, el.name, len(raw), n*el.size)
		}
		t.Data = make([]float32, n)
		el.decode(t.Data, raw, false)
		return t, "", nil
	case whole != nil:
		values = make([]float32, len(whole))
		for i, v := range whole {
			switch { // halves are kept as the number that their bits are
			case el == f16:
				values[i] = half(uint16(v))
			case el == bf16:
				values[i] = math.Float32frombits(uint32(uint16(v)) << 16)
			case el.kind == 'u':
				values[i] = float32(uint64(v))
			default:
				values[i] = float32(v)
			}
		}
	case values == nil:
		values = []float32{}
	}
	if len(values) != n {
		return nil, "", m.s.bad(start, "%s of shape %v has %d values, want %d", what, t.Shape, len(values), n)
	}
	t.Data = values
	return t, "", nil
}
