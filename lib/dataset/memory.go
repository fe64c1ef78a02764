package dataset

import "context"

// lot is how many bytes are so many that the system takes a while to clear them.
const lot = 16 << 20

// bytesFor returns n bytes of 0. Clearing hundreds of megabytes that were in use before takes the system a tenth of a second
// and more, in which it cannot be stopped; when ctx ends meanwhile, the memory is left to the collector once it is there.
func bytesFor(ctx context.Context, n int) ([]uint8, error) {
	if n < lot {
		return make([]uint8, n), ctx.Err()
	}
	done := make(chan []uint8, 1)
	go func() { done <- make([]uint8, n) }() // all that may outlive the call
	select {
	case b := <-done:
		return b, ctx.Err()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
