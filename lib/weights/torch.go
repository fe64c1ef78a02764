package weights

import (
	"archive/zip"
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// torchMagic is the pickled number that a legacy file begins with, little-endian.
var torchMagic = []byte{0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19}

// isLegacyTorch tells whether the data begin as a pickle of protocol 2 to 5.
func isLegacyTorch(data []byte) bool {
	return len(data) > 2 && data[0] == 0x80 && data[1] >= 2 && data[1] <= 5
}

// readTorchLegacy reads what torch.save wrote before version 1.6: pickles of a magic number,
// the version, the machine, the object and the list of storages, then each storage as an int64
// with its number of values and the values.
func readTorchLegacy(s *source) (*File, error) {
	p := newPickle(s)
	v, err := p.run()
	if err != nil {
		return nil, err
	}
	if magic, ok := v.(pyBig); !ok || !bytes.Equal(magic, torchMagic) {
		return nil, s.bad(0, "a pickle, but not torch's: want the number 0x1950a86a20f9469cfc6c first")
	}
	at := p.at
	if v, err = p.run(); err != nil {
		return nil, err
	}
	if n, ok := v.(int64); !ok || n != 1001 {
		return nil, s.bad(at, "version %v, want 1001", v)
	}
	at = p.at
	if v, err = p.run(); err != nil {
		return nil, err
	}
	if d, ok := v.(*pyDict); ok {
		if little, ok := d.get("little_endian").(bool); ok && !little {
			return nil, s.bad(at, "numbers are big-endian, want little-endian")
		}
	}
	root, err := p.run()
	if err != nil {
		return nil, err
	}
	at = p.at
	if v, err = p.run(); err != nil {
		return nil, err
	}
	keys, ok := v.(*pyList)
	if !ok {
		return nil, s.bad(at, "want the list of storages")
	}
	for _, k := range keys.items {
		key, ok := k.(string)
		if n, whole := k.(int64); whole {
			key, ok = strconv.FormatInt(n, 10), true
		}
		st := p.storages[key]
		if !ok || st == nil || st.from != nil {
			return nil, s.bad(at, "the list of storages has %v, which no tensor has or which was there before", k)
		}
		if st.el.size == 0 {
			return nil, s.bad(p.at, "storage %q of %s: the size of its numbers is not known", key, st.class)
		}
		begin := p.at
		n, err := p.number(8)
		if err != nil {
			return nil, err
		}
		if int64(n) != st.values {
			return nil, s.bad(begin, "storage %q has %d values, want %d", key, int64(n), st.values)
		}
		if st.values > int64(len(s.data)) {
			return nil, s.bad(begin, "storage %q of %d values, the file has %d bytes in all", key, st.values, len(s.data))
		}
		if st.raw, err = p.take(st.values*int64(st.el.size), fmt.Sprintf("storage %q", key)); err != nil {
			return nil, err
		}
		st.from = s
	}
	return p.file(root, false)
}

// readTorchZip reads what torch.save writes since version 1.6: a pickle in data.pkl, each
// storage as data/KEY beside it, the order of bytes in byteorder.
func readTorchZip(a *archive, e *zip.File) (*File, error) {
	s, err := a.read(e)
	if err != nil {
		return nil, err
	}
	folder := strings.TrimSuffix(e.Name, "data.pkl")
	p := newPickle(s)
	root, err := p.run()
	if err != nil {
		return nil, err
	}
	big := false
	if o := a.find(folder + "byteorder"); o != nil {
		order, err := a.read(o)
		if err != nil {
			return nil, err
		}
		switch string(order.data) {
		case "little":
		case "big":
			big = true
		default:
			return nil, order.bad(0, "byte order %.20q, want little or big", order.data)
		}
	}
	for _, key := range p.order {
		st := p.storages[key]
		if !st.known {
			continue
		}
		d := a.find(folder + "data/" + key)
		if d == nil {
			return nil, s.bad(0, "storage %q: no entry %s", key, folder+"data/"+key)
		}
		if st.from, err = a.read(d); err != nil {
			return nil, err
		}
		st.raw = st.from.data
		if st.values > int64(len(st.raw)) || st.values*int64(st.el.size) != int64(len(st.raw)) {
			return nil, st.from.bad(0, "%d bytes, want %d values of %d", len(st.raw), st.values, st.el.size)
		}
	}
	return p.file(root, big)
}

// get returns the value of a key, nil if there is none.
func (d *pyDict) get(key string) any {
	for i, k := range d.keys {
		if k == key {
			return d.values[i]
		}
	}
	return nil
}

// torchWalk collects tensors from nested dicts and lists.
type torchWalk struct {
	p     *pickle
	f     *File
	big   bool
	steps int // values that may still be looked at: shared dicts can make a small file endless
	names map[string]bool
}

// file makes the result of the unpickled object.
func (p *pickle) file(root any, big bool) (*File, error) {
	w := &torchWalk{p: p, f: &File{Metadata: map[string]string{}}, big: big, steps: 1 << 20, names: map[string]bool{}}
	if d, ok := root.(*pyDict); ok {
		for i, k := range d.keys {
			name, _ := k.(string)
			switch v := d.values[i].(type) {
			case bool, int64, float64, string:
				if name != "" && len(name) < 100 && len(fmt.Sprint(v)) < 1000 {
					w.f.Metadata[name] = fmt.Sprint(v)
				}
			}
		}
		for _, name := range [...]string{"state_dict", "model_state_dict", "model"} {
			inner, ok := d.get(name).(*pyDict)
			if !ok || !inner.hasTensor() {
				continue
			}
			for i, k := range d.keys {
				if k == name {
					continue
				}
				switch d.values[i].(type) {
				case *pyDict, *pyList, pyTuple, *pyTensor:
					w.f.Skipped = append(w.f.Skipped, fmt.Sprintf("%.100v: beside the parameters under %s", k, name))
				}
			}
			root = inner
			break
		}
	}
	if err := w.add("", root, 0); err != nil {
		return nil, err
	}
	return w.f, nil
}

// hasTensor tells whether a value of the dict is a tensor.
func (d *pyDict) hasTensor() bool {
	for _, v := range d.values {
		if _, ok := v.(*pyTensor); ok {
			return true
		}
	}
	return false
}

// add collects the tensors of a value; name is the way to it.
func (w *torchWalk) add(name string, v any, depth int) error {
	w.steps--
	if w.steps < 0 || depth > 64 {
		return w.p.s.bad(0, "the object is nested too deep or endless at %.100q", name)
	}
	join := func(key string) string {
		if name == "" {
			return key
		}
		return name + "." + key
	}
	switch v := v.(type) {
	case *pyTensor:
		return w.tensor(name, v)
	case *pyDict:
		for i, k := range v.keys {
			key, ok := k.(string)
			if n, whole := k.(int64); whole {
				key, ok = strconv.FormatInt(n, 10), true
			}
			if !ok {
				continue
			}
			if err := w.add(join(key), v.values[i], depth+1); err != nil {
				return err
			}
		}
	case *pyList:
		for i, x := range v.items {
			if err := w.add(join(strconv.Itoa(i)), x, depth+1); err != nil {
				return err
			}
		}
	case pyTuple:
		for i, x := range v {
			if err := w.add(join(strconv.Itoa(i)), x, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// tensor copies a view of a storage.
func (w *torchWalk) tensor(name string, v *pyTensor) error {
	s, st := w.p.s, v.storage
	what := fmt.Sprintf("tensor %q", name)
	if w.names[name] {
		return s.bad(v.at, "a second %s", what)
	}
	w.names[name] = true
	if !st.known || st.el.kind == 'c' {
		w.f.Skipped = append(w.f.Skipped, fmt.Sprintf("%s: numbers of %s", name, st.class))
		return nil
	}
	if st.from == nil {
		return s.bad(v.at, "%s: its storage %q is not in the file", what, st.key)
	}
	n, err := s.count(v.at, v.size, what)
	if err != nil {
		return err
	}
	// The last value's place; each product is compared so that the sum cannot run over.
	last, total := v.offset, st.values
	for d, size := range v.size {
		if size > 1 && n > 0 {
			if int64(v.steps[d]) > total/int64(size-1) || last > total {
				last = total
				break
			}
			last += int64(size-1) * int64(v.steps[d])
		}
	}
	if n > 0 && last >= total {
		return s.bad(v.at, "%s of sizes %v, steps %v from %d reaches beyond the %d values of its storage", what, v.size, v.steps, v.offset, total)
	}
	t := Tensor{Name: name, Shape: append([]int{}, v.size...), Data: make([]float32, n), Type: st.el.name}
	step, contiguous := 1, true
	for d := len(v.size) - 1; d >= 0; d-- {
		contiguous = contiguous && (v.size[d] <= 1 || v.steps[d] == step)
		step *= v.size[d]
	}
	switch {
	case n == 0:
	case contiguous:
		st.el.decode(t.Data, st.raw[v.offset*int64(st.el.size):], w.big)
	default:
		index := make([]int, len(v.size))
		at := int(v.offset)
		for i := range t.Data {
			st.el.decode(t.Data[i:i+1], st.raw[at*st.el.size:], w.big)
			at = advance(index, v.size, v.steps, at)
		}
	}
	w.f.Tensors = append(w.f.Tensors, t)
	return nil
}
