package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

func count(n int) func(func(int) bool) {
	return func(yield func(int) bool) {
		defer fmt.Print("(end)")
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

func find(n int) (r int, err error) {
	defer func() { r *= 10 }()
outer:
	for i := range count(n) {
		for j := range count(n) {
			switch {
			case j == 1 && i == 0:
				continue outer
			case j == 2:
				break outer
			case i == 5:
				return i, nil
			}
			r += i + j
			func() {
				for k := range count(2) {
					if k == 1 {
						return
					}
				}
			}()
		}
	}
	return r, fmt.Errorf("none")
}

func deferOrder() (s string) {
	for i := range 3 {
		defer func() { s += fmt.Sprint(i) }()
	}
	for i := 0; i < 2; i++ {
		defer func(j int) { s += fmt.Sprint("<", i, j, ">") }(i * 10)
	}
	x := 1
	defer func(v int) { s += fmt.Sprint("v", v, "x", x, " ") }(x)
	x = 2
	return "r:"
}

func nested() (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("outer caught %v", r)
		}
	}()
	defer func() {
		defer func() {
			if r := recover(); r != nil {
				panic(fmt.Sprint("re-", r))
			}
		}()
		panic("second")
	}()
	panic("first")
}

type shape interface {
	area() float64
}
type sq struct{ s float64 }
type ci struct{ r float64 }

func (s sq) area() float64  { return s.s * s.s }
func (c *ci) area() float64 { return 3 * c.r * c.r }

func closures() {
	var fs []func() int
	for i := 0; i < 3; i++ {
		fs = append(fs, func() int { i *= 2; return i })
	}
	for _, f := range fs {
		fmt.Print(f(), f(), " ")
	}
	acc := 0
	add := func(n int) func() int { return func() int { acc += n; return acc } }
	a, b := add(1), add(10)
	fmt.Println(a(), b(), a(), acc)
	var fib func(int) int
	fib = func(n int) int {
		if n < 2 {
			return n
		}
		return fib(n-1) + fib(n-2)
	}
	fmt.Println(fib(15))
	x := 1
	{
		x := x + 1
		x++
		if x := x * 2; x > 5 {
			fmt.Print(x, " ")
		} else if y := x + 1; y > 0 {
			fmt.Print(y)
		}
		fmt.Print(x, " ")
	}
	fmt.Println(x)
}

type Matrix [2][2]int

func (m Matrix) T() Matrix { m[0][1], m[1][0] = m[1][0], m[0][1]; return m }
func (m *Matrix) Scale(k int) {
	for i := range m {
		for j := range m[i] {
			m[i][j] *= k
		}
	}
}

type Opt func(*cfg)
type cfg struct {
	name string
	n    int
	tags map[string]struct{}
}

func With(n int) Opt { return func(c *cfg) { c.n = n } }
func New(opts ...Opt) *cfg {
	c := &cfg{name: "d", tags: map[string]struct{}{}}
	for _, o := range opts {
		o(c)
	}
	return c
}

type state int

func (s state) next() state { return (s + 1) % 3 }

func main() {
	fmt.Println(find(3))
	fmt.Println(find(1))
	fmt.Println(deferOrder())
	fmt.Println(nested())
	closures()
	shapes := []shape{sq{2}, &ci{1}, sq{1}}
	slices.SortFunc(shapes, func(a, b shape) int { return int(a.area() - b.area()) })
	for _, s := range shapes {
		switch s := s.(type) {
		case sq:
			fmt.Print("sq", s.s, " ")
		case *ci:
			s.r = 2
			fmt.Print("ci", s.area(), " ")
		}
	}
	fmt.Println()
	fmt.Printf("%T %T %v %+v\n", shapes[0], shapes[2], shapes[0], shapes[0])
	m := Matrix{{1, 2}, {3, 4}}
	t := m.T()
	m.Scale(10)
	f := m.T
	m[0][0] = 99
	fmt.Println(m, t, f(), m == Matrix{{99, 20}, {30, 40}})
	c := New(With(3), func(c *cfg) { c.tags["x"] = struct{}{} })
	fmt.Println(c.n, c.name, len(c.tags), *c)
	var st state = 2
	fmt.Println(st.next(), state.next(1))
	var once sync.Once
	var cnt atomic.Int32
	for range 3 {
		once.Do(func() { cnt.Add(1) })
	}
	lazy := sync.OnceValue(func() string { cnt.Add(1); return "lazy" })
	fmt.Println(lazy(), lazy(), cnt.Load())
	var pp atomic.Pointer[cfg]
	fmt.Println(pp.Load() == nil, pp.CompareAndSwap(nil, c), pp.Load().n)
	for l := range strings.Lines("a\nb\nc") {
		fmt.Printf("%q ", l)
	}
	for i, p := range slices.Collect(strings.SplitSeq("x,y", ",")) {
		fmt.Print(i, p)
	}
	fmt.Println()
	ch := make(chan int)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for v := range ch {
			fmt.Print(v, ",")
		}
	}()
L:
	for i := 0; ; i++ {
		select {
		case ch <- i:
			if i == 3 {
				break L
			}
		case <-time.After(5 * time.Second):
			fmt.Println("timeout")
		}
	}
	close(ch)
	<-done
	_, open := <-ch
	fmt.Println(open)
	var np *cfg
	func() {
		defer func() { fmt.Println("rec:", recover()) }()
		fmt.Println(np.n)
	}()
	func() {
		defer func() { fmt.Println("rec:", recover()) }()
		var mm map[string]int
		mm["a"] = 1
	}()
	func() {
		defer func() { fmt.Println("rec:", recover()) }()
		var e any = "str"
		fmt.Println(e.(int))
	}()
	func() {
		defer func() { fmt.Println("rec:", recover()) }()
		var e any = sq{1}
		fmt.Println(e.(fmt.Stringer))
	}()
	func() {
		defer func() { fmt.Println("rec:", recover()) }()
		z := 0
		fmt.Println(1 / z)
	}()
	i := 0
loop:
	if i < 3 {
		i++
		goto loop
	}
	fmt.Println(i)
	switch x := i; {
	case x > 2:
		fmt.Print("big ")
		fallthrough
	case x > 100:
		fmt.Print("fell ")
	case x > 1:
		fmt.Print("no")
	default:
		fmt.Print("default")
	}
	fmt.Println()
	arr := [...]string{2: "c", 0: "a"}
	sl := arr[:1:2]
	sl = append(sl, "X")
	sl = append(sl, "Y")
	fmt.Println(arr, sl, len(sl), cap(arr[1:]))
	bs := []byte("héllo")
	for i, r := range "hé\xffo" {
		fmt.Print(i, ":", string(r), " ")
	}
	fmt.Println(len(bs), []rune("hé"), string(bs[1:3]))
	a4 := [4]int(([]int{1, 2, 3, 4}))
	pa := (*[2]int)([]int{7, 8})
	pa[0]++
	fmt.Println(a4, *pa, min(3, 1, 2), max(2.5, 1))
	clear(c.tags)
	fmt.Println(len(c.tags), new(int) != nil, *new(5))
	var iface interface{ area() float64 }
	fmt.Println(iface == nil, shape(sq{1}) == shape(sq{1}), any(sq{1}) == any(sq{2}))
	type T = struct {
		A int `json:"a"`
		B []string
	}
	fmt.Printf("%v %+v %#v\n", T{1, nil}, T{2, []string{"q"}}, []int{1})
	const big = 1 << 100
	fmt.Println(big>>98, 'a'+1, "s"+"t", 7/2, -7/2, -7%3, 7.0/2, 1e3)
	var u8 uint8 = 250
	u8 += 10
	var i8 int8 = -128
	i8--
	fmt.Println(u8, i8, ^0, 5&^1, u8<<7, int8(u8)<<5)
	cplx := complex(1, 2)
	fmt.Println(real(cplx*cplx), imag(cplx), cplx)
	fmt.Fprintln(os.Stdout, "end")
}
