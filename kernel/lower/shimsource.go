package lower

// shimSources are the bodies of generic functions and types of std, in Go that the stenciller lowers.
// Their signatures, as users see them, come from the export data.
var shimSources = map[string]string{
	"cmp": `
func Compare[T cmp.Ordered](x, y T) int {
	if x != x { if y != y { return 0 }; return -1 }
	if y != y { return 1 }
	if x < y { return -1 }
	if x > y { return 1 }
	return 0
}
func Less[T cmp.Ordered](x, y T) bool { return x < y || x != x && y == y }
func Or[T comparable](vs ...T) T { var z T; for _, v := range vs { if v != z { return v } }; return z }
`,
	"slices": `
func Sort[S ~[]E, E cmp.Ordered](x S) { sort.Slice(x, func(i, j int) bool { return x[i] < x[j] || x[i] != x[i] && x[j] == x[j] }) }
func SortFunc[S ~[]E, E any](x S, c func(a, b E) int) { sort.Slice(x, func(i, j int) bool { return c(x[i], x[j]) < 0 }) }
func SortStableFunc[S ~[]E, E any](x S, c func(a, b E) int) { sort.SliceStable(x, func(i, j int) bool { return c(x[i], x[j]) < 0 }) }
func IsSorted[S ~[]E, E cmp.Ordered](x S) bool { for i := 1; i < len(x); i++ { if cmp.Less(x[i], x[i-1]) { return false } }; return true }
func Max[S ~[]E, E cmp.Ordered](x S) E { if len(x) == 0 { panic("slices.Max: empty list") }; m := x[0]; for _, v := range x { m = max(m, v) }; return m }
func Min[S ~[]E, E cmp.Ordered](x S) E { if len(x) == 0 { panic("slices.Min: empty list") }; m := x[0]; for _, v := range x { m = min(m, v) }; return m }
func MaxFunc[S ~[]E, E any](x S, c func(a, b E) int) E { if len(x) == 0 { panic("slices.MaxFunc: empty list") }; m := x[0]; for _, v := range x[1:] { if c(v, m) > 0 { m = v } }; return m }
func MinFunc[S ~[]E, E any](x S, c func(a, b E) int) E { if len(x) == 0 { panic("slices.MinFunc: empty list") }; m := x[0]; for _, v := range x[1:] { if c(v, m) < 0 { m = v } }; return m }
func Contains[S ~[]E, E comparable](s S, v E) bool { for i := range s { if s[i] == v { return true } }; return false }
func ContainsFunc[S ~[]E, E any](s S, f func(E) bool) bool { for i := range s { if f(s[i]) { return true } }; return false }
func Index[S ~[]E, E comparable](s S, v E) int { for i := range s { if s[i] == v { return i } }; return -1 }
func IndexFunc[S ~[]E, E any](s S, f func(E) bool) int { for i := range s { if f(s[i]) { return i } }; return -1 }
func Reverse[S ~[]E, E any](s S) { for i, j := 0, len(s)-1; i < j; i, j = i+1, j-1 { t := s[i]; s[i] = s[j]; s[j] = t } }
func Clone[S ~[]E, E any](s S) S { return append(s[:0:0], s...) }
func Equal[S ~[]E, E comparable](a, b S) bool { if len(a) != len(b) { return false }; for i := range a { if a[i] != b[i] { return false } }; return true }
func Insert[S ~[]E, E any](s S, i int, v ...E) S {
	_ = s[i:]
	n, m := len(s), len(v)
	if m == 0 { return s }
	if i == n { return append(s, v...) }
	if n+m > cap(s) {
		r := append(s[:i], make(S, n+m-i)...)
		copy(r[i:], v)
		copy(r[i+m:], s[i:])
		return r
	}
	w := append([]E(nil), v...)
	s = s[:n+m]
	copy(s[i+m:], s[i:n])
	copy(s[i:], w)
	return s
}
func Delete[S ~[]E, E any](s S, i, j int) S { _ = s[i:j:len(s)]; if i == j { return s }; r := append(s[:i], s[j:]...); clear(s[len(r):]); return r }
func DeleteFunc[S ~[]E, E any](s S, f func(E) bool) S { r := s[:0]; for _, v := range s { if !f(v) { r = append(r, v) } }; clear(s[len(r):]); return r }
func Compact[S ~[]E, E comparable](s S) S { if len(s) < 2 { return s }; r := s[:1]; for _, v := range s[1:] { if v != r[len(r)-1] { r = append(r, v) } }; clear(s[len(r):]); return r }
func Concat[S ~[]E, E any](ss ...S) S { n := 0; for _, s := range ss { n += len(s) }; r := Grow[S](nil, n); for _, s := range ss { r = append(r, s...) }; return r }
func Repeat[S ~[]E, E any](x S, n int) S {
	if n < 0 { panic("cannot be negative") }
	size := len(x) * n
	if n > 0 && size/n != len(x) { panic("the result of (len(x) * count) overflows") }
	r := make(S, size)
	for i := copy(r, x); i > 0 && i < size; i *= 2 { copy(r[i:], r[:i]) }
	return r
}
func BinarySearch[S ~[]E, E cmp.Ordered](x S, t E) (int, bool) { i, j := 0, len(x); for i < j { h := (i + j) / 2; if cmp.Less(x[h], t) { i = h + 1 } else { j = h } }; return i, i < len(x) && (x[i] == t || x[i] != x[i] && t != t) }
func SortedStableFunc[E any](q iter.Seq[E], c func(E, E) int) []E { r := Collect(q); SortStableFunc(r, c); return r }
func IsSortedFunc[S ~[]E, E any](x S, c func(a, b E) int) bool { for i := 1; i < len(x); i++ { if c(x[i], x[i-1]) < 0 { return false } }; return true }
func BinarySearchFunc[S ~[]E, E, T any](x S, t T, c func(E, T) int) (int, bool) { i, j := 0, len(x); for i < j { h := (i + j) / 2; if c(x[h], t) < 0 { i = h + 1 } else { j = h } }; return i, i < len(x) && c(x[i], t) == 0 }
func EqualFunc[S1 ~[]E1, S2 ~[]E2, E1, E2 any](a S1, b S2, eq func(E1, E2) bool) bool { if len(a) != len(b) { return false }; for i := range a { if !eq(a[i], b[i]) { return false } }; return true }
func CompactFunc[S ~[]E, E any](s S, eq func(E, E) bool) S { if len(s) < 2 { return s }; r, last := s[:1], s[0]; for _, v := range s[1:] { if !eq(v, last) { r = append(r, v) }; last = v }; clear(s[len(r):]); return r }
func Compare[S ~[]E, E cmp.Ordered](a, b S) int { for i := range a { if i >= len(b) { return 1 }; if c := cmp.Compare(a[i], b[i]); c != 0 { return c } }; if len(a) < len(b) { return -1 }; return 0 }
func CompareFunc[S1 ~[]E1, S2 ~[]E2, E1, E2 any](a S1, b S2, f func(E1, E2) int) int { for i := range a { if i >= len(b) { return 1 }; if c := f(a[i], b[i]); c != 0 { return c } }; if len(a) < len(b) { return -1 }; return 0 }
func Replace[S ~[]E, E any](s S, i, j int, v ...E) S {
	_ = s[i:j]
	if i == j { return Insert(s, i, v...) }
	n := i + len(v) + len(s) - j
	if n > cap(s) {
		r := append(s[:i], make(S, n-i)...)
		copy(r[i:], v)
		copy(r[i+len(v):], s[j:])
		return r
	}
	w := append([]E(nil), v...)
	r := s[:n]
	copy(r[i+len(v):], s[j:])
	copy(r[i:], w)
	if n < len(s) { clear(s[n:]) }
	return r
}
func Grow[S ~[]E, E any](s S, n int) S { if n < 0 { panic("cannot be negative") }; if n -= cap(s) - len(s); n > 0 { s = append(s[:cap(s)], make([]E, n)...)[:len(s)] }; return s }
func Clip[S ~[]E, E any](s S) S { return s[:len(s):len(s)] }
func All[S ~[]E, E any](s S) iter.Seq2[int, E] { return func(yield func(int, E) bool) { for i, v := range s { if !yield(i, v) { return } } } }
func Values[S ~[]E, E any](s S) iter.Seq[E] { return func(yield func(E) bool) { for _, v := range s { if !yield(v) { return } } } }
func Backward[S ~[]E, E any](s S) iter.Seq2[int, E] { return func(yield func(int, E) bool) { for i := len(s)-1; i >= 0; i-- { if !yield(i, s[i]) { return } } } }
func Collect[E any](q iter.Seq[E]) []E { var r []E; q(func(v E) bool { r = append(r, v); return true }); return r }
func AppendSeq[S ~[]E, E any](s S, q iter.Seq[E]) S { q(func(v E) bool { s = append(s, v); return true }); return s }
func Sorted[E cmp.Ordered](q iter.Seq[E]) []E { r := Collect(q); Sort(r); return r }
func SortedFunc[E any](q iter.Seq[E], c func(E, E) int) []E { r := Collect(q); SortFunc(r, c); return r }
func Chunk[S ~[]E, E any](s S, n int) iter.Seq[S] { if n < 1 { panic("cannot be less than 1") }; return func(yield func(S) bool) { for i := 0; i < len(s); i += n { if !yield(s[i:min(i+n, len(s)):min(i+n, len(s))]) { return } } } }
`,
	"maps": `
func Keys[M ~map[K]V, K comparable, V any](m M) iter.Seq[K] { return func(yield func(K) bool) { for k := range m { if !yield(k) { return } } } }
func Values[M ~map[K]V, K comparable, V any](m M) iter.Seq[V] { return func(yield func(V) bool) { for _, v := range m { if !yield(v) { return } } } }
func All[M ~map[K]V, K comparable, V any](m M) iter.Seq2[K, V] { return func(yield func(K, V) bool) { for k, v := range m { if !yield(k, v) { return } } } }
func Collect[K comparable, V any](q iter.Seq2[K, V]) map[K]V { m := map[K]V{}; q(func(k K, v V) bool { m[k] = v; return true }); return m }
func Insert[M ~map[K]V, K comparable, V any](m M, q iter.Seq2[K, V]) { q(func(k K, v V) bool { m[k] = v; return true }) }
func Clone[M ~map[K]V, K comparable, V any](m M) M { if m == nil { return nil }; r := make(M, len(m)); for k, v := range m { r[k] = v }; return r }
func Copy[M1 ~map[K]V, M2 ~map[K]V, K comparable, V any](d M1, s M2) { for k, v := range s { d[k] = v } }
func Equal[M1, M2 ~map[K]V, K, V comparable](a M1, b M2) bool { if len(a) != len(b) { return false }; for k, v := range a { if w, ok := b[k]; !ok || v != w { return false } }; return true }
func EqualFunc[M1 ~map[K]V1, M2 ~map[K]V2, K comparable, V1, V2 any](a M1, b M2, eq func(V1, V2) bool) bool { if len(a) != len(b) { return false }; for k, v := range a { if w, ok := b[k]; !ok || !eq(v, w) { return false } }; return true }
func DeleteFunc[M ~map[K]V, K comparable, V any](m M, f func(K, V) bool) { for k, v := range m { if f(k, v) { delete(m, k) } } }
`,
	"sync": `
func OnceValue[T any](f func() T) func() T {
	var r T
	do := sync.OnceFunc(func() { r = f() })
	return func() T { do(); return r }
}
func OnceValues[T1, T2 any](f func() (T1, T2)) func() (T1, T2) {
	var r T1
	var q T2
	do := sync.OnceFunc(func() { r, q = f() })
	return func() (T1, T2) { do(); return r, q }
}
`,
	"sync/atomic": `
type Pointer[T any] struct { mu sync.Mutex; p *T }
func (x *Pointer[T]) Load() *T { x.mu.Lock(); p := x.p; x.mu.Unlock(); return p }
func (x *Pointer[T]) Store(v *T) { x.mu.Lock(); x.p = v; x.mu.Unlock() }
func (x *Pointer[T]) Swap(v *T) *T { x.mu.Lock(); p := x.p; x.p = v; x.mu.Unlock(); return p }
func (x *Pointer[T]) CompareAndSwap(old, v *T) bool { x.mu.Lock(); ok := x.p == old; if ok { x.p = v }; x.mu.Unlock(); return ok }
`,
	"unique": `
type Handle[T comparable] struct { p *T }
func (h Handle[T]) Value() T { return *h.p }
func Make[T comparable](v T) Handle[T] {
	var key [2]any
	key[0], key[1] = reflect.TypeOf(&v), v
	return Handle[T]{kern.Only(key, any(&v)).(*T)}
}
`,
	"math/rand/v2": `
func N[I ~int | ~int64 | ~int32 | ~uint | ~uint64 | ~uint32 | ~int8 | ~int16 | ~uint8 | ~uint16 | ~uintptr](n I) I { if n <= 0 { panic("invalid argument to N") }; return I(rand.Uint64N(uint64(n))) }
`,
	"iter": `
func Pull[V any](seq iter.Seq[V]) (func() (V, bool), func()) {
	resume, out := make(chan bool), make(chan V)
	started, done, running, returned := false, false, false, false
	var failed any
	run := func() {
		defer func() { failed = recover(); close(out) }()
		seq(func(v V) bool {
			if done { return false }
			if !running { panic("iter.Pull: yield called again before next") }
			running = false
			out <- v
			return <-resume
		})
		returned = true
	}
	wait := func() (V, bool) {
		v, ok := <-out
		running = false
		if !ok {
			done = true
			if f := failed; f != nil { failed = nil; panic(f) }
			if !returned { runtime.Goexit() }
		}
		return v, ok
	}
	next := func() (V, bool) {
		var zero V
		if done { return zero, false }
		if running { panic("iter.Pull: next called again before yield") }
		running = true
		if !started { started = true; go run() } else { resume <- true }
		return wait()
	}
	stop := func() {
		if done { return }
		if running { panic("iter.Pull: stop called before yield") }
		done = true
		if started { resume <- false; wait() }
	}
	return next, stop
}
func Pull2[K, V any](seq iter.Seq2[K, V]) (func() (K, V, bool), func()) {
	type pair struct { k K; v V }
	next, stop := Pull(func(yield func(pair) bool) { seq(func(k K, v V) bool { return yield(pair{k, v}) }) })
	return func() (K, V, bool) { p, ok := next(); return p.k, p.v, ok }, stop
}
`,
	"crypto/hkdf": `
func Extract[H hash.Hash](h func() H, secret, salt []byte) ([]byte, error) {
	m := hmac.New(func() hash.Hash { return h() }, salt)
	m.Write(secret)
	return m.Sum(nil), nil
}
func Expand[H hash.Hash](h func() H, key []byte, info string, n int) ([]byte, error) {
	m := hmac.New(func() hash.Hash { return h() }, key)
	if n > 255*m.Size() { return nil, errors.New("hkdf: requested key length too large") }
	var out, last []byte
	for i := 1; len(out) < n; i++ {
		m.Reset()
		m.Write(last)
		m.Write([]byte(info))
		m.Write([]byte{byte(i)})
		last = m.Sum(nil)
		out = append(out, last...)
	}
	return out[:n], nil
}
func Key[H hash.Hash](h func() H, secret, salt []byte, info string, n int) ([]byte, error) {
	key, err := Extract(h, secret, salt)
	if err != nil { return nil, err }
	return Expand(h, key, info, n)
}
`,
	"crypto/pbkdf2": `
func Key[H hash.Hash](h func() H, password string, salt []byte, times, n int) ([]byte, error) {
	if n <= 0 { return nil, errors.New(/* Go says so */ "pkbdf2: keyLength must be larger than 0") }
	m := hmac.New(func() hash.Hash { return h() }, []byte(password))
	var out []byte
	for block := 1; len(out) < n; block++ {
		m.Reset()
		m.Write(salt)
		m.Write([]byte{byte(block >> 24), byte(block >> 16), byte(block >> 8), byte(block)})
		u := m.Sum(nil)
		sum := append([]byte(nil), u...)
		for i := 1; i < times; i++ {
			m.Reset()
			m.Write(u)
			u = m.Sum(u[:0])
			subtle.XORBytes(sum, sum, u)
		}
		out = append(out, sum...)
	}
	return out[:n], nil
}
`,
	"errors": `
func AsType[E error](err error) (E, bool) { var e E; ok := errors.As(err, &e); return e, ok }
`,
	"reflect": `
func TypeFor[T any]() reflect.Type { var p *T; return reflect.TypeOf(p).Elem() }
func TypeAssert[T any](v reflect.Value) (T, bool) { x, ok := v.Interface().(T); return x, ok }
`,
}
