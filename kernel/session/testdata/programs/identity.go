package main

import "fmt"
import "errors"

type A struct{ n int }
type B struct{ n int }

func (a A) Error() string { return fmt.Sprint("A", a.n) }
func (b B) Error() string { return fmt.Sprint("B", b.n) }

type Shape interface{ Area() float64 }
type Sq struct{ s float64 }
type Ci struct{ s float64 }

func (s Sq) Area() float64 { return s.s * s.s }
func (s Ci) Area() float64 { return 3 * s.s * s.s }

type I1 int
type I2 int

func (I1) Area() float64 { return 1 }
func (I2) Area() float64 { return 2 }
func name(s Shape) string {
	switch v := s.(type) {
	case Ci:
		return fmt.Sprint("ci ", v.s)
	case Sq:
		return fmt.Sprint("sq ", v.s)
	case I2:
		return "I2"
	case I1:
		return "I1"
	case nil:
		return "nil"
	}
	return "?"
}
func ename(e error) string {
	switch v := e.(type) {
	case B:
		return fmt.Sprint("b ", v.n)
	case A:
		return fmt.Sprint("a ", v.n)
	case *B:
		return "pb"
	case *A:
		return "pa"
	case nil:
		return "nil"
	}
	return "?"
}
func main() {
	fmt.Println(name(Sq{1}), name(Ci{2}), name(I1(1)), name(I2(1)), name(nil))
	fmt.Println(ename(A{1}), ename(B{2}), ename(&A{1}), ename(&B{1}), ename(nil), ename(errors.New("x")))
	var e error = A{1}
	_, ok := e.(B)
	fmt.Println(ok)
	fmt.Println(e == A{1}, e == error(A{1}), e == error(B{1}), e == A{2})
	var s Shape = Sq{1}
	_, ok = s.(Ci)
	fmt.Println(ok, s == Sq{1}, s == Shape(Ci{1}), s == Shape(Sq{1}))
	var x, y any = A{1}, B{1}
	fmt.Println(x == y, x == any(A{1}), x == A{1})
	m := map[any]string{A{1}: "a", B{1}: "b", 1: "i", I1(1): "I1", int64(1): "i64", "s": "s"}
	fmt.Println(m[A{1}], m[B{1}], m[1], m[I1(1)], m[int64(1)], m[I2(1)] == "", len(m))
	ms := map[Shape]int{Sq{1}: 1, Ci{1}: 2, I1(3): 3}
	fmt.Println(ms[Sq{1}], ms[Ci{1}], ms[I1(3)], ms[I2(3)], len(ms))
	me := map[error]int{A{1}: 1, B{1}: 2}
	fmt.Println(me[A{1}], me[B{1}], len(me))
	p := &A{1}
	var e1, e2 error = p, p
	fmt.Println(e1 == e2, e1 == error(&A{1}))
	defer func() { fmt.Println("recovered", recover()) }()
	_ = e.(B)
}
