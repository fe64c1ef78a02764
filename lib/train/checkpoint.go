package train

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"gonverge/lib/nn"
)

// state is all that changes while a net is trained. Draws need no state of their
// own (see source), so a run that continues from here takes the same steps, bit
// for bit, as one that was never stopped.
type state struct {
	Step    int        // steps taken
	LossSum float64    // over the steps of the current epoch
	Correct int        // pictures of the current epoch that were recognised
	History []nn.Epoch // finished epochs

	params   [][]float32 // as nn.Net.Params
	velocity [][]float32 // momentum, same lengths; with Adam the first moment
	second   [][]float32 // Adam's second moment, same lengths; nil without Adam
}

// groups returns all numbers of the state in the order of the file.
func (s *state) groups() [][][]float32 {
	g := [][][]float32{s.params, s.velocity}
	if s.second != nil {
		g = append(g, s.second)
	}
	return g
}

// checkpointFormat counts up with every change of encode.
const checkpointFormat = 1

// A checkpoint is, in little-endian order, the format and the length of a JSON
// header as uint32, the header, then all parameters, all velocities and, with Adam,
// all second moments as float32. The store around it adds version and checksum.

type checkpointHeader struct {
	Step     int
	LossBits uint64 // math.Float64bits: JSON would round
	Correct  int
	Lengths  []int       // floats per parameter
	History  []epochBits // finished epochs
}

type epochBits struct {
	Epoch          int
	Loss, Accuracy uint64
}

func (s *state) encode() ([]byte, error) {
	head := checkpointHeader{Step: s.Step, LossBits: math.Float64bits(s.LossSum), Correct: s.Correct}
	floats := 0
	for _, p := range s.params {
		head.Lengths = append(head.Lengths, len(p))
		floats += len(s.groups()) * len(p)
	}
	for _, e := range s.History {
		head.History = append(head.History, epochBits{e.Epoch, math.Float64bits(e.Loss), math.Float64bits(e.Accuracy)})
	}
	text, err := json.Marshal(head)
	if err != nil {
		return nil, fmt.Errorf("train: checkpoint: %w", err)
	}
	b := make([]byte, 0, 8+len(text)+4*floats)
	b = binary.LittleEndian.AppendUint32(b, checkpointFormat)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(text)))
	b = append(b, text...)
	for _, group := range s.groups() {
		for _, p := range group {
			for _, x := range p {
				b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
			}
		}
	}
	return b, nil
}

var errShortCheckpoint = errors.New("train: checkpoint ends early")

// decode fills s from a checkpoint. The slices params, velocity and, with Adam, second must
// have their lengths, and total is the number of steps of the training; on an error
// nothing of s has changed.
func (s *state) decode(b []byte, total int) error {
	if len(b) < 8 {
		return errShortCheckpoint
	}
	if f := binary.LittleEndian.Uint32(b); f != checkpointFormat {
		return fmt.Errorf("train: checkpoint has format %d, this program reads %d", f, checkpointFormat)
	}
	n := uint64(binary.LittleEndian.Uint32(b[4:]))
	b = b[8:]
	if n > uint64(len(b)) {
		return errShortCheckpoint
	}
	var head checkpointHeader
	dec := json.NewDecoder(bytes.NewReader(b[:n]))
	if err := dec.Decode(&head); err != nil {
		return fmt.Errorf("train: checkpoint header: %w", err)
	}
	b = b[n:]
	if head.Step < 0 || head.Step > total {
		return fmt.Errorf("train: checkpoint is of step %d of %d", head.Step, total)
	}
	if len(head.Lengths) != len(s.params) {
		return fmt.Errorf("train: checkpoint has %d parameters, the net %d", len(head.Lengths), len(s.params))
	}
	floats := 0
	for i, p := range s.params {
		if head.Lengths[i] != len(p) {
			return fmt.Errorf("train: parameter %d of the checkpoint has %d numbers, the net's %d", i, head.Lengths[i], len(p))
		}
		floats += len(s.groups()) * len(p)
	}
	if len(b) != 4*floats {
		return fmt.Errorf("train: checkpoint has %d bytes of numbers, want %d", len(b), 4*floats)
	}
	for _, group := range s.groups() {
		for _, p := range group {
			for i := range p {
				p[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
			}
			b = b[4*len(p):]
		}
	}
	s.Step, s.LossSum, s.Correct, s.History = head.Step, math.Float64frombits(head.LossBits), head.Correct, nil
	for _, e := range head.History {
		s.History = append(s.History, nn.Epoch{Epoch: e.Epoch, Loss: math.Float64frombits(e.Loss), Accuracy: math.Float64frombits(e.Accuracy)})
	}
	return nil
}
