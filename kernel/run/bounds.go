package run

import (
	"fmt"
	"go/constant"
	"reflect"
	"strconv"
)

// indexValue is an index: negative, or the number n.
type indexValue struct {
	n        uint64
	negative bool
}

// indexOf is the value of an index.
func indexOf(v reflect.Value) (b indexValue, ok bool) {
	if !v.IsValid() {
		return b, false
	}
	if v.CanInterface() {
		if c, isConstant := v.Interface().(constant.Value); isConstant {
			b.n, ok = constant.Uint64Val(constant.ToInt(c))
			return b, ok
		}
	}
	switch {
	case v.CanInt():
		return indexValue{uint64(v.Int()), v.Int() < 0}, true
	case v.CanUint():
		return indexValue{v.Uint(), false}, true
	}
	return b, false
}

func (b indexValue) String() string {
	if b.negative {
		return strconv.FormatInt(int64(b.n), 10)
	}
	return strconv.FormatUint(b.n, 10)
}

// beyond tells an index that is no number from 0 to limit.
func (b indexValue) beyond(limit uint64) bool { return b.negative || b.n > limit }

// badIndex is what Go says of an index that is out of range, "" of another.
func badIndex(i indexValue, n int) string {
	switch {
	case i.negative:
		return fmt.Sprintf("index out of range [%v]", i)
	case i.n >= uint64(n):
		return fmt.Sprintf("index out of range [%v] with length %d", i, n)
	}
	return ""
}

// badSlice is what Go says of x[low:high] or x[low:high:limit] that is out of range, "" of another.
func badSlice(slice bool, at []indexValue, x reflect.Value) string {
	limit, what := uint64(x.Len()), "length"
	if slice {
		limit, what = uint64(x.Cap()), "capacity"
	}
	text := func(b indexValue, negative, format string, more any) string {
		if b.negative {
			return "slice bounds out of range " + fmt.Sprintf(negative, b)
		}
		return "slice bounds out of range " + fmt.Sprintf(format, b, more)
	}
	low, high := at[0], at[1]
	if len(at) == 3 {
		switch most := at[2]; {
		case most.beyond(limit):
			return text(most, "[::%v]", "[::%v] with "+what+" %d", limit)
		case high.beyond(most.n):
			return text(high, "[:%v:]", "[:%v:%v]", most)
		case low.beyond(high.n):
			return text(low, "[%v::]", "[%v:%v:]", high)
		}
		return ""
	}
	switch {
	case high.beyond(limit):
		return text(high, "[:%v]", "[:%v] with "+what+" %d", limit)
	case low.beyond(high.n):
		return text(low, "[%v:]", "[%v:%v]", high)
	}
	return ""
}
