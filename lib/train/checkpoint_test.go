package train

import (
	"math"
	"reflect"
	"testing"

	"gonverge/lib/nn"
)

func someState() *state {
	return &state{
		Step: 7, LossSum: 0.1 + 0.2, Correct: 5,
		History:  []nn.Epoch{{Epoch: 1, Loss: 1.0 / 3, Accuracy: 0.25}, {Epoch: 2, Loss: math.SmallestNonzeroFloat64, Accuracy: 1}},
		params:   [][]float32{{1, -2, 3e-45}, {float32(math.Copysign(0, -1))}},
		velocity: [][]float32{{4, 5, 6}, {math.MaxFloat32}},
	}
}

func emptyState() *state {
	return &state{params: [][]float32{make([]float32, 3), make([]float32, 1)}, velocity: [][]float32{make([]float32, 3), make([]float32, 1)}}
}

func TestCheckpointKeepsEveryBit(t *testing.T) {
	want := someState()
	b, err := want.encode()
	if err != nil {
		t.Fatal(err)
	}
	got := emptyState()
	if err := got.decode(b, 10); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) || !math.Signbit(float64(got.params[1][0])) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestCheckpointThatDoesNotFitIsRefused(t *testing.T) {
	good, err := someState().encode()
	if err != nil {
		t.Fatal(err)
	}
	other := someState()
	other.params, other.velocity = other.params[:1], other.velocity[:1]
	fewer, err := other.encode()
	if err != nil {
		t.Fatal(err)
	}
	version := append([]byte{9}, good[1:]...)
	tests := []struct {
		name  string
		data  []byte
		total int
	}{
		{"empty", nil, 10},
		{"cut in the header", good[:30], 10},
		{"cut in the numbers", good[:len(good)-1], 10},
		{"a byte too many", append(good[:len(good):len(good)], 0), 10},
		{"another format", version, 10},
		{"another net", fewer, 10},
		{"a longer training", good, 6},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := emptyState()
			if err := got.decode(test.data, test.total); err == nil {
				t.Error("no error")
			}
			if !reflect.DeepEqual(got, emptyState()) {
				t.Errorf("the state has changed: %+v", got)
			}
		})
	}
}

func FuzzDecodeCheckpoint(f *testing.F) {
	b, err := someState().encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(b[:20])
	f.Fuzz(func(t *testing.T, data []byte) {
		s := emptyState()
		if err := s.decode(data, 10); err != nil && !reflect.DeepEqual(s, emptyState()) {
			t.Error("refused, but the state has changed")
		}
	})
}
