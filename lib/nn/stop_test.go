package nn

import (
	"context"
	"errors"
	"testing"

	"gonverge/lib/internal/contexttest"
)

// everything has a layer of each operation that looks at the context.
func everything() *Arch {
	return Sequential("everything", Input{Shape: [3]int{13, 13, 3}},
		Conv{Units: 8, Kernel: 3, Pad: 1},
		BatchNorm{ReLU: true},
		MaxPool{Size: 3, Stride: 2},
		LRN{},
		Conv{Units: 8, Kernel: 3, Pad: 1},
		BatchNorm{},
		Dropout{Rate: 0.5},
		AvgPool{Size: 2, Stride: 2},
		Dense{Units: 12},
		Dense{Units: 4, Linear: true},
	)
}

// asksAfterTheEnd bounds how often a run that is stopped may still ask: a loop over pictures, the loop
// over the batch around it and its end, the operation, the machine's caller.
const asksAfterTheEnd = 8

// TestStoppedStepsLeaveNoTrace: a step that the context ends, wherever that is, asks no more pictures of any
// layer, and changes nothing: taken again it has the bits of one that was not disturbed.
func TestStoppedStepsLeaveNoTrace(t *testing.T) {
	arch := everything()
	x, labels := noise(arch, 9, 3)
	for _, workers := range []int{1, 2} {
		whole, net := New(arch, 1), New(arch, 1)
		straight, disturbed := must(whole.Trainer(9))(t), must(net.Trainer(9))(t)
		defer straight.Close()
		defer disturbed.Close()
		disturbed.SetWorkers(workers)
		wantLoss, _, err := straight.Step(x, labels)
		if err != nil {
			t.Fatal(err)
		}
		before := New(arch, 1).Params()
		polls := int64(0)
		for ; ; polls++ {
			ctx := contexttest.EndAfter(polls)
			disturbed.SetContext(ctx)
			loss, _, err := disturbed.Step(x, labels)
			if err == nil {
				if loss != wantLoss {
					t.Errorf("loss %v after stopped steps, want %v", loss, wantLoss)
				}
				break
			}
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("ended at poll %d: %v", polls, err)
			}
			if after := -ctx.Left(); workers == 1 && after > asksAfterTheEnd {
				t.Errorf("ended at poll %d: asked %d times more, want at most %d", polls, after, asksAfterTheEnd)
			}
			for i, p := range net.Params() {
				sameBits(t, "parameter "+p.Layer+"."+p.Name+" after a stopped step", p.Data, before[i].Data)
			}
		}
		if polls < 9*10 {
			t.Errorf("asked %d times in a step of 9 pictures and 10 layers, want more", polls)
		}
		grads := straight.Grads()
		for i, g := range disturbed.Grads() {
			sameBits(t, "gradient of "+g.Layer+"."+g.Name, g.Data, grads[i].Data)
		}
		params := whole.Params()
		for i, p := range net.Params() {
			sameBits(t, "parameter "+p.Layer+"."+p.Name, p.Data, params[i].Data)
		}
	}
}

func TestATrainerThatIsNotFinishedIsNone(t *testing.T) {
	net := New(everything(), 1)
	for polls := int64(0); ; polls += 5 {
		tr, err := net.TrainerContext(contexttest.EndAfter(polls), 9)
		if err == nil {
			defer tr.Close()
			break
		}
		if err != context.Canceled || tr != nil {
			t.Fatalf("ended at poll %d: %v, %v", polls, tr, err)
		}
	}
	for i, p := range New(everything(), 1).Params() {
		sameBits(t, p.Layer+"."+p.Name, net.Params()[i].Data, p.Data)
	}
}

func TestStoppedRunsHaveNoActivations(t *testing.T) {
	arch := everything()
	net, x := New(arch, 1), bytesOf(arch, 9, 3)
	whole := must(net.Evaluator(9))(t)
	defer whole.Close()
	if err := whole.Run(x); err != nil {
		t.Fatal(err)
	}
	e := must(net.Evaluator(9))(t)
	defer e.Close()
	for polls := int64(0); ; polls++ {
		e.SetContext(contexttest.EndAfter(polls))
		err := e.Run(x)
		if err == nil {
			break
		}
		if err != context.Canceled {
			t.Fatalf("ended at poll %d: %v", polls, err)
		}
		if a := e.Logits(); a != nil {
			t.Fatalf("ended at poll %d: logits %v", polls, a)
		}
	}
	sameBits(t, "logits after stopped runs", e.Logits(), whole.Logits())
}
