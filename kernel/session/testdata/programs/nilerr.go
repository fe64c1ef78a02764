package main

import "fmt"
import "errors"

type E struct{}

func (e *E) Error() string {
	if e == nil {
		return "nil E"
	}
	return "e"
}
func f(typed bool) error {
	var e *E
	if typed {
		return e
	}
	return nil
}

type M map[string]int

func (m M) Error() string { return fmt.Sprint("m", len(m)) }

type S interface{ Error() string }

func main() {
	a, b := f(true), f(false)
	fmt.Println(a == nil, b == nil, a != nil)
	fmt.Println(a.Error())
	fmt.Println(a)
	var p *int
	var x any = p
	fmt.Println(x == nil)
	var m M
	var e error = m
	fmt.Println(e == nil, e)
	if q, ok := a.(*E); ok {
		fmt.Println("is E", q == nil)
	}
	var s S = (*E)(nil)
	fmt.Println(s == nil, s.Error())
	var st fmt.Stringer = (*T)(nil)
	fmt.Println(st == nil, st.String())
	var err error
	var s2 S
	fmt.Println(err == nil, s2 == nil)
	err = s
	fmt.Println(err == nil)
	m2 := map[string]error{"a": (*E)(nil), "b": nil}
	fmt.Println(m2["a"] == nil, m2["b"] == nil, m2["c"] == nil)
	sl := []error{(*E)(nil), nil}
	fmt.Println(sl[0] == nil, sl[1] == nil)
	fmt.Println(errors.Is(fmt.Errorf("w %w", a), a))
	if err := f(true); err != nil {
		fmt.Println("not nil")
	}
	fmt.Println(a == error((*E)(nil)), a == b)
}

type T struct{}

func (t *T) String() string { return "nilT" }
