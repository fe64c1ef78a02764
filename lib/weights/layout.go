package weights

import "fmt"

// HWIO returns filters that are units × inputs × rows × columns (OIHW, as Caffe, torch and
// ONNX keep them) as rows × columns × inputs × units, as lib/nn and Keras do. The filters are
// not turned: all of these cross-correlate.
func HWIO(t *Tensor) (*Tensor, error) { return permute(t, "OIHW", 2, 3, 1, 0) }

// OIHW is the inverse of [HWIO].
func OIHW(t *Tensor) (*Tensor, error) { return permute(t, "HWIO", 3, 2, 0, 1) }

// Transpose returns a matrix with rows and columns exchanged: dense weights that are
// units × inputs, as in Caffe and torch, become inputs × units, as in lib/nn and Keras.
func Transpose(t *Tensor) (*Tensor, error) { return permute(t, "rows × columns", 1, 0) }

// RowsHWC reorders the rows of dense weights, inputs × units: a layer that read its input in
// the order channel, height, width (Caffe, torch, ONNX) becomes one that reads it in the order
// height, width, channel (lib/nn, Keras). The three sizes are those of the layer's input.
func RowsHWC(t *Tensor, channels, height, width int) (*Tensor, error) {
	return rows(t, []int{channels, height, width}, 1, 2, 0)
}

// RowsCHW is the inverse of [RowsHWC].
func RowsCHW(t *Tensor, channels, height, width int) (*Tensor, error) {
	return rows(t, []int{height, width, channels}, 2, 0, 1)
}

// ReverseInputs reverses the order of the inputs of filters that are HWIO: a first layer that
// wants blue, green, red becomes one that wants red, green, blue.
func ReverseInputs(t *Tensor) (*Tensor, error) {
	out, err := permute(t, "HWIO", 0, 1, 2, 3)
	if err != nil {
		return nil, err
	}
	in, units := t.Shape[2], t.Shape[3]
	for at := 0; at < len(t.Data); at += in * units {
		for i := range in {
			copy(out.Data[at+i*units:][:units], t.Data[at+(in-1-i)*units:])
		}
	}
	return out, nil
}

// rows permutes the rows of a matrix as the axes of the shape in that its rows stand for.
func rows(t *Tensor, in []int, axes ...int) (*Tensor, error) {
	n, ok := product(in)
	if !ok || len(t.Shape) != 2 || t.Shape[0] != n {
		return nil, fmt.Errorf("weights: tensor %q of shape %v: want %d × %d × %d rows × units", t.Name, t.Shape, in[0], in[1], in[2])
	}
	folded := *t
	folded.Shape = append(append([]int(nil), in...), t.Shape[1])
	out, err := permute(&folded, "", append(axes, 3)...)
	if err != nil {
		return nil, err
	}
	out.Shape = append([]int(nil), t.Shape...)
	return out, nil
}

// permute returns the tensor whose axis d is the axis axes[d] of t.
func permute(t *Tensor, want string, axes ...int) (*Tensor, error) {
	if len(t.Shape) != len(axes) {
		return nil, fmt.Errorf("weights: tensor %q of shape %v: want %s", t.Name, t.Shape, want)
	}
	if t.Len() != len(t.Data) {
		return nil, fmt.Errorf("weights: tensor %q of shape %v has %d values", t.Name, t.Shape, len(t.Data))
	}
	strides := make([]int, len(axes))
	step := 1
	for d := len(axes) - 1; d >= 0; d-- {
		strides[d] = step
		step *= t.Shape[d]
	}
	out := &Tensor{Name: t.Name, Shape: make([]int, len(axes)), Data: make([]float32, len(t.Data)), Type: t.Type}
	from := make([]int, len(axes))
	for d, a := range axes {
		out.Shape[d], from[d] = t.Shape[a], strides[a]
	}
	index := make([]int, len(axes))
	at := 0
	for i := range out.Data {
		out.Data[i] = t.Data[at]
		at = advance(index, out.Shape, from, at)
	}
	return out, nil
}
