package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"sort"
	"strings"
)

type Number interface {
	~int | ~int64 | ~float64
}

type Stack[T any] struct{ items []T }

func (s *Stack[T]) Push(x ...T) *Stack[T] { s.items = append(s.items, x...); return s }
func (s *Stack[T]) Pop() (x T, ok bool) {
	if len(s.items) == 0 {
		return
	}
	x = s.items[len(s.items)-1]
	s.items = s.items[:len(s.items)-1]
	return x, true
}
func (s Stack[T]) Len() int { return len(s.items) }
func (s *Stack[T]) All() iter.Seq2[int, T] {
	return func(yield func(int, T) bool) {
		for i := len(s.items) - 1; i >= 0; i-- {
			if !yield(len(s.items)-1-i, s.items[i]) {
				return
			}
		}
	}
}

type Pair[K cmp.Ordered, V any] struct {
	Key K
	Val V
}

func (p Pair[K, V]) String() string { return fmt.Sprintf("<%v=%v>", p.Key, p.Val) }

func SortedPairs[M ~map[K]V, K cmp.Ordered, V any](m M) []Pair[K, V] {
	r := make([]Pair[K, V], 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		r = append(r, Pair[K, V]{k, m[k]})
	}
	return r
}

func Reduce[T, A any](xs []T, a A, f func(A, T) A) A {
	for _, x := range xs {
		a = f(a, x)
	}
	return a
}
func SumOf[T Number](xs ...T) (s T) {
	for _, x := range xs {
		s += x
	}
	return
}

type List[T any] struct {
	head *node[T]
	n    int
}
type node[T any] struct {
	v    T
	next *node[T]
}

func (l *List[T]) Add(v T) { l.head = &node[T]{v, l.head}; l.n++ }
func (l *List[T]) Each(f func(T)) {
	for n := l.head; n != nil; n = n.next {
		f(n.v)
	}
}

type Tree[T cmp.Ordered] struct {
	l, r *Tree[T]
	v    T
}

func (t *Tree[T]) Insert(v T) *Tree[T] {
	if t == nil {
		return &Tree[T]{v: v}
	}
	switch c := cmp.Compare(v, t.v); {
	case c < 0:
		t.l = t.l.Insert(v)
	case c > 0:
		t.r = t.r.Insert(v)
	}
	return t
}
func (t *Tree[T]) Walk(yield func(T) bool) bool {
	return t == nil || t.l.Walk(yield) && yield(t.v) && t.r.Walk(yield)
}
func (t *Tree[T]) Values() iter.Seq[T] { return func(y func(T) bool) { t.Walk(y) } }

type Celsius float64
type Weekday int

const (
	Sunday Weekday = iota
	Monday
	Tuesday
	_
	Thursday
)

func (d Weekday) String() string {
	return [...]string{"Sun", "Mon", "Tue", "Wed", "Thu"}[d]
}

const (
	_  = iota
	KB = 1 << (10 * iota)
	MB
	GB
)
const (
	a1, b1 = iota, iota * 10
	a2, b2
	a3, b3
)

type Animal interface {
	Name() string
	Sound() string
}
type Loud interface {
	Animal
	fmt.Stringer
}
type base struct{ name string }

func (b *base) Name() string  { return b.name }
func (b base) String() string { return "base:" + b.name }

type Dog struct {
	*base
	age int
}

func (d Dog) Sound() string { return "woof" }

type Puppy struct {
	Dog
	toys []string
}

func (p Puppy) Sound() string { return p.Dog.Sound() + "!" }

type upper struct{ r io.Reader }

func (u upper) Read(p []byte) (int, error) {
	n, err := u.r.Read(p)
	copy(p, strings.ToUpper(string(p[:n])))
	return n, err
}

type MyErr struct{ Code int }

func (e MyErr) Error() string        { return fmt.Sprint("code ", e.Code) }
func (e MyErr) Is(target error) bool { return target == io.ErrUnexpectedEOF }

type byLen []string

func (b byLen) Len() int           { return len(b) }
func (b byLen) Less(i, j int) bool { return len(b[i]) < len(b[j]) }
func (b byLen) Swap(i, j int)      { b[i], b[j] = b[j], b[i] }

func main() {
	s := &Stack[string]{}
	s.Push("a", "b").Push("c")
	for i, v := range s.All() {
		fmt.Print(i, v, " ")
	}
	x, ok := s.Pop()
	fmt.Println(x, ok, s.Len())
	push := s.Push
	push("z")
	lenf := (*Stack[string]).Len
	fmt.Println(lenf(s), Stack[string].Len(*s))
	fmt.Println(SortedPairs(map[string]int{"x": 1, "b": 2}))
	fmt.Printf("%v %+v %T\n", Pair[string, int]{"k", 1}, Pair[int, bool]{1, true}, Pair[string, []int]{})
	fmt.Println(Reduce([]int{1, 2, 3}, "", func(a string, x int) string { return a + fmt.Sprint(x) }))
	fmt.Println(SumOf(1, 2, 3), SumOf(1.5, 2), SumOf[Celsius](1, 2.5), SumOf[int64]())
	fmt.Printf("%T %T\n", SumOf[Celsius](1), SumOf[int])
	var l List[Pair[string, int]]
	l.Add(Pair[string, int]{"q", 1})
	l.Add(Pair[string, int]{"r", 2})
	l.Each(func(p Pair[string, int]) { fmt.Print(p, ";") })
	fmt.Println(l.n)
	var t *Tree[string]
	for _, w := range strings.Fields("the quick brown fox jumps over the lazy dog") {
		t = t.Insert(w)
	}
	for v := range t.Values() {
		if v == "over" {
			break
		}
		fmt.Print(v, " ")
	}
	fmt.Println()
	fmt.Println(Sunday, Thursday, Weekday(1), KB, MB, GB, a2, b2, a3, b3)
	fmt.Printf("%d %v %s %x %q %T\n", Tuesday, Tuesday, Tuesday, Tuesday, Tuesday, Tuesday)
	p := Puppy{Dog{&base{"rex"}, 3}, []string{"ball"}}
	var an Animal = p
	fmt.Println(an.Name(), an.Sound(), p.name, p.age, p.base.name)
	if l, ok := an.(Loud); ok {
		fmt.Println("loud", l.String())
	}
	_, isSt := an.(interface{ Bark() })
	fmt.Println(isSt)
	switch v := an.(type) {
	case Dog:
		fmt.Println("dog", v.age)
	case Puppy:
		fmt.Println("puppy", v.toys)
	}
	b, _ := io.ReadAll(upper{strings.NewReader("hello")})
	fmt.Println(string(b))
	var err error = fmt.Errorf("wrap: %w", MyErr{7})
	var me MyErr
	fmt.Println(errors.As(err, &me), me.Code, errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), err)
	j := errors.Join(io.EOF, MyErr{1})
	fmt.Println(errors.Is(j, io.EOF), strings.ReplaceAll(j.Error(), "\n", "|"))
	w := byLen{"ccc", "a", "bb"}
	sort.Sort(sort.Reverse(w))
	fmt.Println(w, sort.IsSorted(w))
	type local struct {
		A int
		b string
	}
	m := map[local][]local{{1, "x"}: {{2, "y"}}}
	fmt.Println(m, m[local{1, "x"}][0].b, local{1, "x"} == local{1, "x"})
	fmt.Printf("%v %+v\n", local{3, "z"}, &local{4, "w"})
}
