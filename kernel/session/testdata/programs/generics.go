package main

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sort"
	"strings"
	"sync"
)

type Number interface {
	~int | ~int64 | ~float64
}

func Sum[T Number](xs ...T) (s T) {
	for _, x := range xs {
		s += x
	}
	return
}

func Map[T, U any](xs []T, f func(T) U) []U {
	out := make([]U, 0, len(xs))
	for _, x := range xs {
		out = append(out, f(x))
	}
	return out
}

func Filter[S ~[]E, E any](s S, ok func(E) bool) S {
	var out S
	for _, x := range s {
		if ok(x) {
			out = append(out, x)
		}
	}
	return out
}

func Reduce[T, A any](xs []T, init A, f func(A, T) A) A {
	for _, x := range xs {
		init = f(init, x)
	}
	return init
}

type Stack[T any] struct{ items []T }

func (s *Stack[T]) Push(x T) { s.items = append(s.items, x) }
func (s *Stack[T]) Pop() (T, error) {
	var zero T
	if len(s.items) == 0 {
		return zero, errors.New("empty")
	}
	x := s.items[len(s.items)-1]
	s.items = s.items[:len(s.items)-1]
	return x, nil
}
func (s *Stack[T]) All() iter.Seq2[int, T] {
	return func(yield func(int, T) bool) {
		for i, x := range s.items {
			if !yield(i, x) {
				return
			}
		}
	}
}

type List[T any] struct {
	head *node[T]
	n    int
}
type node[T any] struct {
	v    T
	next *node[T]
}

func (l *List[T]) Add(v T) *List[T] {
	l.head = &node[T]{v, l.head}
	l.n++
	return l
}
func (l *List[T]) Each(f func(T)) {
	for n := l.head; n != nil; n = n.next {
		f(n.v)
	}
}

type Tree[K cmp.Ordered, V any] struct {
	l, r *Tree[K, V]
	k    K
	v    V
}

func (t *Tree[K, V]) Put(k K, v V) *Tree[K, V] {
	if t == nil {
		return &Tree[K, V]{k: k, v: v}
	}
	switch c := cmp.Compare(k, t.k); {
	case c < 0:
		t.l = t.l.Put(k, v)
	case c > 0:
		t.r = t.r.Put(k, v)
	default:
		t.v = v
	}
	return t
}
func (t *Tree[K, V]) Walk(yield func(K, V) bool) bool {
	return t == nil || t.l.Walk(yield) && yield(t.k, t.v) && t.r.Walk(yield)
}

type Cache[K comparable, V any] struct {
	mu sync.Mutex
	m  map[K]V
}

func NewCache[K comparable, V any]() *Cache[K, V] { return &Cache[K, V]{m: map[K]V{}} }
func (c *Cache[K, V]) Get(k K, make func() V) V {
	c.mu.Lock()
	defer c.mu.Unlock()
	if v, ok := c.m[k]; ok {
		return v
	}
	v := make()
	c.m[k] = v
	return v
}

type MyInt int

func (m MyInt) String() string { return fmt.Sprintf("<%d>", int(m)) }

func Join[T fmt.Stringer](xs []T) string {
	var p []string
	for _, x := range xs {
		p = append(p, x.String())
	}
	return strings.Join(p, "+")
}

func Zero[T any]() (z T) { return }
func Ptr[T any](x T) *T  { return &x }
func Keys[M ~map[K]V, K cmp.Ordered, V any](m M) []K {
	var out []K
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func count(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

func firstOver(q iter.Seq[int], n int) (int, bool) {
	for v := range q {
		if v > n {
			return v, true
		}
	}
	return 0, false
}

func nested() (out []string) {
outer:
	for i := range count(4) {
		defer func() { out = append(out, fmt.Sprint("d", i)) }()
		for j := range count(4) {
			switch {
			case j == 2:
				continue outer
			case i == 2:
				break outer
			}
			out = append(out, fmt.Sprint(i, j))
		}
	}
	return out
}

func main() {
	fmt.Println(Sum(1, 2, 3), Sum(1.5, 2), Sum[MyInt](), Sum(MyInt(1), 2))
	fmt.Println(Map([]int{1, 2}, func(i int) string { return fmt.Sprint(i * i) }), Filter([]int{1, 2, 3, 4}, func(i int) bool { return i%2 == 0 }))
	fmt.Println(Reduce([]string{"a", "bb"}, 0, func(n int, s string) int { return n + len(s) }))
	s := &Stack[string]{}
	s.Push("a")
	s.Push("b")
	for i, x := range s.All() {
		fmt.Print(i, x, " ")
	}
	fmt.Println(s.Pop())
	fmt.Println(s.Pop())
	fmt.Println(s.Pop())
	l := (&List[float64]{}).Add(1).Add(2.5)
	t := 0.0
	l.Each(func(x float64) { t += x })
	fmt.Println(t, l.n)
	var tree *Tree[string, int]
	for i, w := range strings.Fields("the quick brown fox jumps over the lazy dog") {
		tree = tree.Put(w, i)
	}
	tree.Walk(func(k string, v int) bool { fmt.Print(k, "=", v, " "); return k < "lazy" })
	fmt.Println()
	c := NewCache[string, []int]()
	n := 0
	for range 3 {
		c.Get("k", func() []int { n++; return []int{n} })
	}
	fmt.Println(n, c.Get("k", nil))
	fmt.Println(Join([]MyInt{1, 2}), Zero[string]() == "", *Ptr(3), Keys(map[string]bool{"z": true, "a": false}))
	fmt.Println(firstOver(count(10), 4))
	fmt.Println(firstOver(count(3), 4))
	fmt.Println(nested())
	xs := []int{3, 1, 2}
	slices.SortFunc(xs, func(a, b int) int { return cmp.Compare(b, a) })
	fmt.Println(xs, slices.Max(xs), slices.Contains(xs, 2), slices.Index(xs, 1))
	fmt.Println(slices.Collect(maps.Values(map[int]string{1: "x"})), slices.Sorted(maps.Keys(map[int]bool{3: true, 1: true})))
	people := []struct {
		Name string
		Age  int
	}{{"A", 3}, {"B", 1}, {"C", 2}}
	sort.Slice(people, func(i, j int) bool { return people[i].Age < people[j].Age })
	fmt.Println(people)
	slices.SortStableFunc(people, func(a, b struct {
		Name string
		Age  int
	}) int {
		return strings.Compare(b.Name, a.Name)
	})
	fmt.Println(people[0].Name, slices.IsSorted(xs))
	f := Sum[int]
	g := Map[int, int]
	fmt.Println(f(1, 2), g(xs, func(x int) int { return -x }))
	for i, c := range slices.Backward([]string{"p", "q"}) {
		fmt.Print(i, c)
	}
	for chunk := range slices.Chunk([]int{1, 2, 3}, 2) {
		fmt.Print(chunk)
	}
	for line := range strings.Lines("a\nb") {
		fmt.Printf("%q", line)
	}
	for w := range strings.SplitSeq("x,y", ",") {
		fmt.Print(w)
	}
	fmt.Println()
}
