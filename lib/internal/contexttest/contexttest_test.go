package contexttest

import (
	"context"
	"errors"
	"testing"
)

func TestEndsAtTheQuestion(t *testing.T) {
	c := EndAfter(2)
	for i, want := range []error{nil, nil, context.Canceled, context.Canceled} {
		if got := c.Err(); !errors.Is(got, want) {
			t.Errorf("question %d: %v, want %v", i+1, got, want)
		}
	}
	if c.Left() != -2 {
		t.Errorf("%d questions left after four of two", c.Left())
	}
}
