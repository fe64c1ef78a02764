package feature

import (
	"context"
	"errors"
	"image"
	"testing"

	"gonverge/lib/activation"
	"gonverge/lib/internal/contexttest"
	"gonverge/lib/nn"
)

// TestContextsReachEveryPass: a context that ends within the work ends it, wherever that is, and work that
// is done again afterwards gives the same.
func TestContextsReachEveryPass(t *testing.T) {
	net, set := small(1), noise(40, [3]int{12, 11, 3}, 3)
	u := collect(t, activation.Stream([]*nn.Net{net}, set), 6)
	back, err := net.Backprop(1, "conv2")
	if err != nil {
		t.Fatal(err)
	}
	defer back.Close()
	works := map[string]func(ctx context.Context) error{
		"maximisation": func(ctx context.Context) error {
			_, err := Maximise(ctx, net, "conv2", 1, Ascent{Steps: 6, Seed: 2})
			return err
		},
		"ways back": func(ctx context.Context) error { // deconvolution, guided and plain
			rules := []nn.BackRule{nn.Deconvolution, nn.Guided, nn.Gradient}
			return u.perform(ctx, back, "conv2", 0, &task{who: who{0, 1}, rules: rules, found: make([][]image.Image, 3)})
		},
	}
	for name, work := range works {
		polls := int64(0)
		for ; ; polls++ {
			err := work(contexttest.EndAfter(polls))
			if err == nil {
				break
			}
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("%s, ended at poll %d: %v", name, polls, err)
			}
		}
		// Before and after each of six passes through the net.
		if polls < 12 {
			t.Errorf("%s: asked %d times whether it shall go on, want 12 or more", name, polls)
		}
	}
}
