package main

import "fmt"
import "time"

type P struct{ X, y int }
type N struct {
	P
	Q *P
	M map[string]P
	S []P
	I any
	E error
	F func()
}
type St struct{ n int }

func (s St) String() string { return fmt.Sprint("St", s.n) }

type Pst struct{ n int }

func (s *Pst) String() string { return fmt.Sprint("Pst", s.n) }

type W int

func (w W) String() string { return fmt.Sprint("W", int(w)) }

type Fm struct{}

func (Fm) Format(f fmt.State, c rune) { fmt.Fprintf(f, "<%c>", c) }

type Gs struct{ a int }

func (Gs) GoString() string { return "GS!" }

type Temp float64
type Name string
type L []int
type Mp map[string]int

func main() {
	p := P{1, 2}
	fmt.Printf("%v %+v %#v %T\n", p, p, p, p)
	fmt.Printf("%v %+v %T\n", &p, &p, &p)
	fmt.Printf("%#v\n", &p)
	n := N{P: p, M: map[string]P{"a": p}, S: []P{p}, I: p}
	fmt.Printf("%v\n%+v\n", n, n)
	fmt.Printf("%v %s %d %+v\n", St{1}, St{1}, St{1}, St{1})
	fmt.Printf("%v %v\n", []St{{1}, {2}}, map[string]St{"a": {3}})
	fmt.Printf("%v %s\n", &Pst{1}, &Pst{2})
	fmt.Printf("%v\n", Pst{1})
	fmt.Printf("%v %d %x %s %q %05d|%6v|%-6v|\n", W(3), W(3), W(255), W(3), W(3), W(3), W(3), W(3))
	fmt.Printf("%v %s\n", Fm{}, Fm{})
	fmt.Printf("%#v %v\n", Gs{1}, Gs{1})
	fmt.Printf("%.2f %v %T %e\n", Temp(1.5), Temp(1.5), Temp(1), Temp(3))
	fmt.Printf("%s %q %v %x %T %#v\n", Name("a"), Name("a"), Name("a"), Name("a"), Name("a"), Name("a"))
	fmt.Printf("%v %d %T %#v %x\n", L{1, 2}, L{1, 2}, L{1, 2}, L{1, 2}, L{1, 2})
	fmt.Printf("%v %T %#v\n", Mp{"a": 1}, Mp{"a": 1}, Mp{"a": 1})
	fmt.Printf("%d %d\n", p, []P{p})
	fmt.Printf("%6.2f|%x\n", struct{ A, B float64 }{1, 2}, struct{ s string }{"hi"})
	fmt.Printf("%v %+v\n", struct {
		a int
		b string
	}{1, "x"}, struct {
		a int
		b string
	}{1, "x"})
	fmt.Printf("%t %v %p\n", true, nil, nil)
	fmt.Printf("%v %v\n", []any{1, "a", p, nil}, [2]bool{true})
	fmt.Printf("%!|%z %d\n", 1)
	fmt.Printf("%d %s\n", "str", 1)
	fmt.Println(p, &p, []P{p}, []*P{nil}, map[P]int{p: 1})
	fmt.Println(St{1}, &St{2}, []any{St{3}}, W(2), struct{ S St }{St{4}})
	var e error
	var q *P
	fmt.Println(e, q)
	fmt.Printf("%v %+v %T %T\n", e, q, e, q)
	fmt.Printf("%s|%v|%d\n", []string{"a", "b"}, []byte("hi"), []byte("hi"))
	fmt.Printf("%x %X %q %s\n", []byte("hi"), "hi", []string{"a"}, []byte("b"))
	fmt.Printf("%[2]d %[1]d %*d\n", 1, 2, 5, 3)
	fmt.Printf("%08.3f|%+d|%x|%o|%b|%c|%U\n", 3.14159, 5, -255, 8, 5, 'x', 'x')
	var arr [2]W
	fmt.Printf("%v %d\n", arr, arr)
	fmt.Printf("%T %T %T %T\n", []P{}, map[string]*P{}, func(P) error { return nil }, make(chan P))
	type local struct{ A int }
	fmt.Printf("%v %+v %T\n", local{1}, local{1}, local{1})
	fmt.Printf("%v %v\n", &[]int{1}, &map[string]int{"a": 1})
	fmt.Printf("%5t|%q|%#q|%#x\n", true, 'x', "a", "hi")
	fmt.Printf("%v\n", time.Duration(1500)*time.Millisecond)
	fmt.Printf("%6d|%-6d|%06d\n", []int{1, 2}, []int{1}, []int{3})
}
