package run

import "fmt"

// index is i, an index of n elements.
func index(i, n int) int {
	if i < 0 || i >= n {
		badIndex(i, n)
	}
	return i
}

// badIndex panics for an index that is out of range, in Go's words.
func badIndex(i, n int) {
	if i < 0 {
		panic(runtimeError(fmt.Sprintf("runtime error: index out of range [%d]", i)))
	}
	panic(runtimeError(fmt.Sprintf("runtime error: index out of range [%d] with length %d", i, n)))
}

// badSlice panics for x[low:high] or x[low:high:limit]; n is the capacity of a slice, or the length of what is none.
func badSlice(slice, three bool, low, high, limit, n int) {
	what := "length"
	if slice {
		what = "capacity"
	}
	text := ""
	switch {
	case three && limit < 0:
		text = fmt.Sprintf("[::%d]", limit)
	case three && limit > n:
		text = fmt.Sprintf("[::%d] with %s %d", limit, what, n)
	case three && high < 0:
		text = fmt.Sprintf("[:%d:]", high)
	case three && high > limit:
		text = fmt.Sprintf("[:%d:%d]", high, limit)
	case three && low < 0:
		text = fmt.Sprintf("[%d::]", low)
	case three:
		text = fmt.Sprintf("[%d:%d:]", low, high)
	case high < 0:
		text = fmt.Sprintf("[:%d]", high)
	case high > n:
		text = fmt.Sprintf("[:%d] with %s %d", high, what, n)
	case low < 0:
		text = fmt.Sprintf("[%d:]", low)
	default:
		text = fmt.Sprintf("[%d:%d]", low, high)
	}
	panic(runtimeError("runtime error: slice bounds out of range " + text))
}
