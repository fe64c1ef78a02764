package weights

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"
)

// A pickle is a program for a small stack machine. This one has values only: a class is a
// name, and a call of one of the names below makes a value; any other call, and any name that
// is not known, ends the reading. Numbers of opcodes are those of Python's pickletools.

type (
	pyNone   struct{}
	pyMark   struct{}
	pyBig    []byte // a whole number of more than 8 bytes, little-endian
	pyGlobal string // module.name
	pyOpaque string // an object of a class that is known to be harmless and is not read
	pyList   struct{ items []any }
	pyTuple  []any
	pyDict   struct{ keys, values []any }
	// pyStorage is a row of numbers that tensors are views of.
	pyStorage struct {
		class  string
		key    string
		el     element
		known  bool  // el is a kind of number that is read
		values int64 // that the pickle says it has
		raw    []byte
		from   *source // where raw is
	}
	pyTensor struct {
		storage     *pyStorage
		offset      int64
		size, steps []int
		at          int64 // of the call that made it
	}
)

// torchStorages are the kinds of numbers by torch's class.
var torchStorages = map[string]element{
	"DoubleStorage": f64, "FloatStorage": f32, "HalfStorage": f16, "BFloat16Storage": bf16,
	"LongStorage": i64, "IntStorage": i32, "ShortStorage": i16, "CharStorage": i8, "ByteStorage": u8, "BoolStorage": bool8,
	"ComplexFloatStorage": {"C64", 8, 'c'}, "ComplexDoubleStorage": {"C128", 16, 'c'},
}

// pickleCalls are the classes and functions that may be called; opaque ones make values that
// are not looked into.
var pickleCalls = map[string]string{
	"collections.OrderedDict": "dict", "builtins.dict": "dict", "__builtin__.dict": "dict",
	"torch._utils._rebuild_tensor":               "tensor",
	"torch._utils._rebuild_tensor_v2":            "tensor",
	"torch._utils._rebuild_parameter":            "first",
	"torch._utils._rebuild_parameter_with_state": "first",
	"torch.nn.parameter.Parameter":               "first",
	"torch.nn.parameter.Buffer":                  "first",
	"torch._tensor._rebuild_from_type_v2":        "type",
	"torch.Tensor":                               "opaque",
	"torch.Size":                                 "first",
	"torch.device":                               "opaque", "torch.dtype": "opaque",
	"argparse.Namespace": "opaque", "numpy.dtype": "opaque", "_codecs.encode": "opaque",
	"numpy.core.multiarray.scalar": "opaque", "numpy._core.multiarray.scalar": "opaque",
	"numpy.core.multiarray._reconstruct": "opaque", "numpy._core.multiarray._reconstruct": "opaque", "numpy.ndarray": "opaque",
	"builtins.set": "opaque", "__builtin__.set": "opaque", "collections.defaultdict": "opaque", "collections.Counter": "opaque",
}

// pickle is the machine.
type pickle struct {
	s        *source
	at       int64 // next opcode
	stack    []any
	memo     map[int64]any
	storages map[string]*pyStorage
	order    []string // keys of storages
}

func newPickle(s *source) *pickle { return &pickle{s: s, storages: map[string]*pyStorage{}} }

func (p *pickle) take(n int64, what string) ([]byte, error) {
	b, err := p.s.bytes(p.at, n, what)
	p.at += int64(len(b))
	return b, err
}

// number reads n little-endian bytes.
func (p *pickle) number(n int64) (uint64, error) {
	b, err := p.take(n, "argument of an opcode")
	var v uint64
	for i := len(b) - 1; i >= 0; i-- {
		v = v<<8 | uint64(b[i])
	}
	return v, err
}

// counted reads bytes after their number, which has n bytes itself.
func (p *pickle) counted(n int64) ([]byte, error) {
	size, err := p.number(n)
	if err != nil {
		return nil, err
	}
	if size > uint64(len(p.s.data)) {
		return nil, p.s.bad(p.at, "argument of %d bytes, the file has %d in all", size, len(p.s.data))
	}
	return p.take(int64(size), "argument of an opcode")
}

// line reads up to the end of a line.
func (p *pickle) line() (string, error) {
	for i := p.at; i < int64(len(p.s.data)); i++ {
		if p.s.data[i] == '\n' {
			b := p.s.data[p.at:i]
			p.at = i + 1
			return string(b), nil
		}
	}
	return "", p.s.bad(p.at, "a line that does not end")
}

func (p *pickle) push(v any) { p.stack = append(p.stack, v) }

// pop takes the last n values, which must not be marks.
func (p *pickle) pop(n int) ([]any, error) {
	if len(p.stack) < n {
		return nil, p.s.bad(p.at-1, "opcode wants %d values, %d are on the stack", n, len(p.stack))
	}
	top := p.stack[len(p.stack)-n:]
	for _, v := range top {
		if _, ok := v.(pyMark); ok {
			return nil, p.s.bad(p.at-1, "opcode wants a value, a mark is on the stack")
		}
	}
	p.stack = p.stack[:len(p.stack)-n]
	return top, nil
}

// popMark takes the values above the last mark, and the mark. They are copied: the stack goes
// on in the place where they are.
func (p *pickle) popMark() ([]any, error) {
	for i := len(p.stack) - 1; i >= 0; i-- {
		if _, ok := p.stack[i].(pyMark); ok {
			top := append([]any(nil), p.stack[i+1:]...)
			p.stack = p.stack[:i]
			return top, nil
		}
	}
	return nil, p.s.bad(p.at-1, "opcode wants a mark, none is on the stack")
}

// run executes opcodes until STOP and returns the value on top. The long switch is the
// machine's dispatch: a line or two for each opcode.
func (p *pickle) run() (any, error) {
	p.stack, p.memo = p.stack[:0], map[int64]any{}
	for {
		op, err := p.take(1, "opcode")
		if err != nil {
			return nil, err
		}
		var v uint64
		var b []byte
		var vs []any
		var text string
		switch op[0] {
		case '.': // STOP
			if vs, err = p.pop(1); err != nil {
				return nil, err
			}
			return vs[0], nil
		case 0x80: // PROTO
			if v, err = p.number(1); err == nil && v > 5 {
				err = p.s.bad(p.at-1, "pickle protocol %d, want at most 5", v)
			}
		case 0x95: // FRAME
			_, err = p.number(8)
		case '(':
			p.push(pyMark{})
		case '0': // POP
			if len(p.stack) == 0 {
				return nil, p.s.bad(p.at-1, "POP on an empty stack")
			}
			p.stack = p.stack[:len(p.stack)-1]
		case '1': // POP_MARK
			_, err = p.popMark()
		case '2': // DUP
			if vs, err = p.pop(1); err == nil {
				v := vs[0]
				p.push(v)
				p.push(v)
			}
		case 'N':
			p.push(pyNone{})
		case 0x88:
			p.push(true)
		case 0x89:
			p.push(false)
		case 'K', 'M': // BININT1, BININT2
			if v, err = p.number(map[byte]int64{'K': 1, 'M': 2}[op[0]]); err == nil {
				p.push(int64(v))
			}
		case 'J': // BININT
			if v, err = p.number(4); err == nil {
				p.push(int64(int32(v)))
			}
		case 0x8a, 0x8b: // LONG1, LONG4
			if b, err = p.counted(map[byte]int64{0x8a: 1, 0x8b: 4}[op[0]]); err == nil {
				p.push(pickleLong(b))
			}
		case 'I', 'L': // INT, LONG
			if text, err = p.line(); err == nil {
				err = p.decimal(text)
			}
		case 'G': // BINFLOAT, big-endian
			if b, err = p.take(8, "float"); err == nil {
				p.push(math.Float64frombits(binary.BigEndian.Uint64(b)))
			}
		case 'F':
			if text, err = p.line(); err == nil {
				var x float64
				if x, err = strconv.ParseFloat(text, 64); err != nil {
					return nil, p.s.bad(p.at, "float %q", text)
				}
				p.push(x)
			}
		case 'X', 'T', 'B': // BINUNICODE, BINSTRING, BINBYTES
			if b, err = p.counted(4); err == nil {
				p.push(string(b))
			}
		case 0x8c, 'U', 'C': // SHORT_BINUNICODE, SHORT_BINSTRING, SHORT_BINBYTES
			if b, err = p.counted(1); err == nil {
				p.push(string(b))
			}
		case 0x8d, 0x8e, 0x96: // BINUNICODE8, BINBYTES8, BYTEARRAY8
			if b, err = p.counted(8); err == nil {
				p.push(string(b))
			}
		case 'V', 'S': // UNICODE, STRING
			if text, err = p.line(); err == nil {
				if op[0] == 'S' {
					text = strings.Trim(text, `'"`)
				}
				p.push(text)
			}
		case ']', ')', '}', 0x8f: // EMPTY_LIST, EMPTY_TUPLE, EMPTY_DICT, EMPTY_SET
			p.push(map[byte]any{']': &pyList{}, ')': pyTuple{}, '}': &pyDict{}, 0x8f: &pyList{}}[op[0]])
		case 'l', 0x91: // LIST, FROZENSET
			if vs, err = p.popMark(); err == nil {
				p.push(&pyList{vs})
			}
		case 't': // TUPLE
			if vs, err = p.popMark(); err == nil {
				p.push(pyTuple(vs))
			}
		case 0x85, 0x86, 0x87: // TUPLE1 to TUPLE3
			if vs, err = p.pop(int(op[0] - 0x84)); err == nil {
				p.push(append(pyTuple(nil), vs...))
			}
		case 'd': // DICT
			if vs, err = p.popMark(); err == nil {
				d := &pyDict{}
				p.push(d)
				err = p.setItems(vs)
			}
		case 's': // SETITEM
			if vs, err = p.pop(2); err == nil {
				err = p.setItems(vs)
			}
		case 'u': // SETITEMS
			if vs, err = p.popMark(); err == nil {
				err = p.setItems(vs)
			}
		case 'a': // APPEND
			if vs, err = p.pop(1); err == nil {
				err = p.appendItems(vs)
			}
		case 'e', 0x90: // APPENDS, ADDITEMS
			if vs, err = p.popMark(); err == nil {
				err = p.appendItems(vs)
			}
		case 'p', 'g': // PUT, GET
			if text, err = p.line(); err == nil {
				n, e := strconv.ParseInt(text, 10, 64)
				if e != nil {
					return nil, p.s.bad(p.at, "memo %q", text)
				}
				err = p.remember(n, op[0] == 'p')
			}
		case 'q', 'h': // BINPUT, BINGET
			if v, err = p.number(1); err == nil {
				err = p.remember(int64(v), op[0] == 'q')
			}
		case 'r', 'j': // LONG_BINPUT, LONG_BINGET
			if v, err = p.number(4); err == nil {
				err = p.remember(int64(v), op[0] == 'r')
			}
		case 0x94: // MEMOIZE
			err = p.remember(int64(len(p.memo)), true)
		case 'c': // GLOBAL
			var name string
			if text, err = p.line(); err != nil {
				break
			}
			if name, err = p.line(); err == nil {
				err = p.global(text, name)
			}
		case 0x93: // STACK_GLOBAL
			if vs, err = p.pop(2); err == nil {
				module, ok1 := vs[0].(string)
				name, ok2 := vs[1].(string)
				if !ok1 || !ok2 {
					return nil, p.s.bad(p.at-1, "a class whose name is no text")
				}
				err = p.global(module, name)
			}
		case 'R', 0x81: // REDUCE, NEWOBJ: a call
			if vs, err = p.pop(2); err == nil {
				err = p.call(vs[0], vs[1])
			}
		case 'b': // BUILD: sets the state of the object below; no state is read
			_, err = p.pop(1)
		case 'Q': // BINPERSID
			if vs, err = p.pop(1); err == nil {
				err = p.persistent(vs[0])
			}
		default:
			err = p.s.bad(p.at-1, "opcode 0x%02x of the pickle is not known", op[0])
		}
		if err != nil {
			return nil, err
		}
	}
}

// pickleLong reads a two's complement number.
func pickleLong(b []byte) any {
	if len(b) > 8 {
		return pyBig(b)
	}
	var v uint64
	for i := len(b) - 1; i >= 0; i-- {
		v = v<<8 | uint64(b[i])
	}
	if len(b) == 0 {
		return int64(0)
	}
	shift := 64 - 8*len(b)
	return int64(v<<shift) >> shift
}

// decimal pushes a number of a text opcode; 01 and 00 are truth values.
func (p *pickle) decimal(text string) error {
	switch text {
	case "01":
		p.push(true)
		return nil
	case "00":
		p.push(false)
		return nil
	}
	n, err := strconv.ParseInt(strings.TrimSuffix(text, "L"), 10, 64)
	if err != nil {
		return p.s.bad(p.at, "whole number %.40q", text)
	}
	p.push(n)
	return nil
}

// remember puts the top of the stack in the memo or pushes what is there.
func (p *pickle) remember(n int64, put bool) error {
	if !put {
		v, ok := p.memo[n]
		if !ok {
			return p.s.bad(p.at-1, "nothing is in memo %d", n)
		}
		p.push(v)
		return nil
	}
	vs, err := p.pop(1)
	if err != nil {
		return err
	}
	p.memo[n] = vs[0]
	p.push(vs[0])
	return nil
}

// setItems puts keys and values in the dict on top of the stack.
func (p *pickle) setItems(vs []any) error {
	top, err := p.pop(1)
	if err != nil {
		return err
	}
	// pop leaves vs and top in the stack's memory; push would write over them.
	below := top[0]
	if len(vs)%2 != 0 {
		return p.s.bad(p.at-1, "a key without a value")
	}
	switch d := below.(type) {
	case *pyDict:
		for i := 0; i < len(vs); i += 2 {
			d.keys = append(d.keys, vs[i])
			d.values = append(d.values, vs[i+1])
		}
	case pyOpaque:
	default:
		return p.s.bad(p.at-1, "items for what is no dict")
	}
	p.push(below)
	return nil
}

// appendItems appends to the list on top of the stack.
func (p *pickle) appendItems(vs []any) error {
	vs = append([]any(nil), vs...)
	top, err := p.pop(1)
	if err != nil {
		return err
	}
	switch l := top[0].(type) {
	case *pyList:
		l.items = append(l.items, vs...)
	case pyOpaque:
	default:
		return p.s.bad(p.at-1, "items for what is no list")
	}
	p.push(top[0])
	return nil
}

// global pushes a class or function if it is one that is known.
func (p *pickle) global(module, name string) error {
	full := module + "." + name
	_, call := pickleCalls[full]
	isStorage := strings.HasSuffix(name, "Storage") && (module == "torch" || module == "torch.cuda" || module == "torch.storage")
	isType := module == "torch" && strings.IndexFunc(name, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_' }) < 0
	if !call && !isStorage && !isType {
		return p.s.bad(p.at-1, "the pickle wants %.80q, which is not called here; save only the parameters, torch.save(model.state_dict(), path)", full)
	}
	p.push(pyGlobal(full))
	return nil
}

// call pushes what a known class or function makes of its arguments.
func (p *pickle) call(what, with any) error {
	at := p.at - 1
	name, ok := what.(pyGlobal)
	args, isTuple := with.(pyTuple)
	if !ok || !isTuple {
		return p.s.bad(at, "a call of what is no known class or function, or without arguments")
	}
	switch pickleCalls[string(name)] {
	case "dict":
		d := &pyDict{}
		if len(args) == 1 { // Python 2: OrderedDict([[key, value], ...])
			pairs, ok := args[0].(*pyList)
			if !ok {
				return p.s.bad(at, "%s made of what is no list", name)
			}
			for _, pair := range pairs.items {
				var kv []any
				switch x := pair.(type) {
				case *pyList:
					kv = x.items
				case pyTuple:
					kv = x
				}
				if len(kv) != 2 {
					return p.s.bad(at, "%s made of what are no pairs", name)
				}
				d.keys, d.values = append(d.keys, kv[0]), append(d.values, kv[1])
			}
		}
		p.push(d)
	case "tensor":
		t, err := p.tensor(args)
		if err != nil {
			return err
		}
		p.push(t)
	case "first":
		if len(args) == 0 {
			return p.s.bad(at, "%s without arguments", name)
		}
		p.push(args[0])
	case "type": // (function, type, its arguments, state)
		if len(args) < 3 {
			return p.s.bad(at, "%s with %d arguments, want 4", name, len(args))
		}
		if g, ok := args[0].(pyGlobal); !ok || pickleCalls[string(g)] != "tensor" {
			return p.s.bad(at, "%s of what is no tensor", name)
		}
		return p.call(args[0], args[2])
	case "opaque":
		p.push(pyOpaque(name))
	default:
		return p.s.bad(at, "a call of %.80q, which is not called here", string(name))
	}
	return nil
}

// persistent pushes the storage of an identifier: ("storage", class, key, place, values) and,
// in the legacy stream, a view: (key, offset, values) or None.
func (p *pickle) persistent(id any) error {
	at := p.at - 1
	t, ok := id.(pyTuple)
	if !ok || len(t) < 5 {
		return p.s.bad(at, "a reference to what is no storage")
	}
	kind, _ := t[0].(string)
	class, ok1 := t[1].(pyGlobal)
	key, ok2 := t[2].(string)
	if n, whole := t[2].(int64); whole {
		key, ok2 = strconv.FormatInt(n, 10), true
	}
	values, ok3 := t[4].(int64)
	if kind != "storage" || !ok1 || !ok2 || !ok3 || values < 0 {
		return p.s.bad(at, "want a reference (storage, class, key, place, number of values)")
	}
	st := p.storages[key]
	if st == nil {
		name := string(class)[strings.LastIndexByte(string(class), '.')+1:]
		el, known := torchStorages[name]
		st = &pyStorage{class: string(class), key: key, el: el, known: known, values: values}
		p.storages[key] = st
		p.order = append(p.order, key)
	} else if st.class != string(class) || st.values != values {
		return p.s.bad(at, "storage %q is %d values of %s here and %d of %s before", key, values, class, st.values, st.class)
	}
	if len(t) > 5 {
		if view, ok := t[5].(pyTuple); ok {
			if offset, ok := second(view); ok && offset == 0 {
				p.push(st)
				return nil
			}
			return p.s.bad(at, "storage %q is a view of another, as before torch 0.4; that is not read", key)
		}
	}
	p.push(st)
	return nil
}

// second returns the whole number in the second place.
func second(t pyTuple) (int64, bool) {
	if len(t) < 2 {
		return 0, false
	}
	n, ok := t[1].(int64)
	return n, ok
}

// tensor makes a view of a storage: (storage, offset, sizes, steps, ...).
func (p *pickle) tensor(args pyTuple) (*pyTensor, error) {
	at := p.at - 1
	bad := p.s.bad(at, "want a tensor of storage, offset, sizes and steps")
	if len(args) < 4 {
		return nil, bad
	}
	st, ok1 := args[0].(*pyStorage)
	offset, ok2 := args[1].(int64)
	size, ok3 := wholes(args[2])
	steps, ok4 := wholes(args[3])
	if !ok1 || !ok2 || !ok3 || !ok4 || offset < 0 || len(size) != len(steps) || len(size) > maxRank {
		return nil, bad
	}
	return &pyTensor{storage: st, offset: offset, size: size, steps: steps, at: at}, nil
}

// wholes returns a tuple of whole numbers, none negative.
func wholes(v any) ([]int, bool) {
	t, ok := v.(pyTuple)
	out := make([]int, 0, len(t))
	for _, x := range t {
		n, whole := x.(int64)
		if !whole || n < 0 || n > math.MaxInt {
			return nil, false
		}
		out = append(out, int(n))
	}
	return out, ok
}
