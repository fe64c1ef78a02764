package main

import (
	"errors"
	"fmt"
	"sort"
	"strings"
)

type Vec struct{ X, Y float64 }

func (v Vec) Add(w Vec) Vec    { return Vec{v.X + w.X, v.Y + w.Y} }
func (v *Vec) Scale(f float64) { v.X *= f; v.Y *= f }

type Named interface{ Name() string }
type Animal struct{ name string }

func (a *Animal) Name() string { return a.name }

type Dog struct {
	*Animal
	Age int
}
type Loud struct{ Named }

func (l Loud) Shout() string { return strings.ToUpper(l.Name()) + "!" }

type Grid [2][3]int
type Weekday int

const (
	Sunday Weekday = iota
	Monday
	_
	Wednesday
)

func (d Weekday) String() string { return [...]string{"Sun", "Mon", "Tue", "Wed"}[d] }

type Bits uint8

const (
	A Bits = 1 << iota
	B
	C
)

type Err struct{ Code int }

func (e *Err) Error() string { return fmt.Sprintf("err %d", e.Code) }

func find(ok bool) error {
	var e *Err
	if ok {
		return e
	}
	return nil
}

func main() {
	// arrays and structs are values
	a := [3]int{1, 2, 3}
	b := a
	b[0] = 9
	fmt.Println(a, b, a == [3]int{1, 2, 3}, a != b)
	for i, v := range a {
		a[2] = 10
		fmt.Print(i, v, " ")
	}
	fmt.Println()
	var g Grid
	h := g
	h[1][2] = 7
	fmt.Println(g, h, len(h), len(h[0]))
	v := Vec{1, 2}
	w := v
	w.Scale(3)
	fmt.Println(v, w, v.Add(w), v == Vec{1, 2})
	pv := &v
	pv.Scale(2)
	(*pv).X++
	fmt.Println(v, *pv, pv.Add(Vec{0.5, 0.5}))
	// slices share
	s := []int{1, 2, 3, 4, 5}
	t := s[1:3]
	t[0] = 20
	t = append(t, 30)
	fmt.Println(s, t, len(t), cap(t))
	u := s[1:3:3]
	u = append(u, 99)
	u[0] = -1
	fmt.Println(s, u)
	s2 := make([]int, 2, 10)
	copy(s2, s)
	fmt.Println(s2, copy(s2, []int{7, 8, 9}), s2)
	var nilSlice []int
	fmt.Println(nilSlice == nil, len(nilSlice), append(nilSlice, 1))
	m2 := [][]int{{1}, {2, 3}, {}}
	m2[2] = append(m2[2], m2[1]...)
	fmt.Println(m2, len(m2[2]))
	// maps
	m := map[string][]int{"a": {1}}
	m["b"] = append(m["b"], 2, 3)
	m["a"][0]++
	delete(m, "zz")
	keys := []string{}
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	fmt.Println(keys, m, len(m))
	ms := map[Vec]string{{1, 2}: "x"}
	ms[Vec{3, 4}] += "y"
	fmt.Println(ms[Vec{1, 2}], ms[Vec{3, 4}], len(ms[Vec{}]))
	mp := map[string]*Vec{"p": {1, 1}}
	mp["p"].X = 5
	fmt.Println(*mp["p"])
	ma := map[any]int{1: 1, "a": 2, Vec{1, 1}: 3, Monday: 4}
	fmt.Println(ma[1], ma["a"], ma[Vec{1, 1}], ma[Monday], ma[int(Monday)])
	// embedding
	d := Dog{&Animal{"rex"}, 3}
	l := Loud{d}
	fmt.Println(d.Name(), l.Shout(), l.Name(), d.Animal.name)
	var n Named = d
	if dd, ok := n.(Dog); ok {
		fmt.Println("dog", dd.Age)
	}
	_, isLoud := n.(interface{ Shout() string })
	fmt.Println(isLoud)
	// constants
	fmt.Println(Monday, Wednesday, Sunday+1, A|C, B<<1, fmt.Sprintf("%d %v %s", Monday, Wednesday, Weekday(2)))
	const big = 1 << 100
	fmt.Println(big>>98, 'a'+1, string(rune('a'+1)), 7/2, -7/2, 7%3, -7%3, 7.0/2)
	// nil and typed nil
	e1, e2 := find(true), find(false)
	fmt.Println(e2 == nil, errors.Is(e2, nil))
	_ = e1
	var ip *int
	var x any = ip
	fmt.Println(ip == nil)
	_ = x
	// any
	xs := []any{1, "a", 2.5, nil, Vec{1, 2}, &Vec{3, 4}, Monday, []int{1}, map[string]int{"k": 1}, errors.New("e"), true, 'x', [2]bool{true}}
	for _, x := range xs {
		switch y := x.(type) {
		case nil:
			fmt.Print("nil")
		case int, float64:
			fmt.Print("num ", y)
		case Vec:
			fmt.Print("vec ", y.X)
		case *Vec:
			fmt.Print("pvec ", y.Y)
		case fmt.Stringer:
			fmt.Print("stringer ", y.String())
		case error:
			fmt.Print("error ", y)
		case []int:
			fmt.Print("slice ", len(y))
		default:
			fmt.Printf("other %v", y)
		}
		fmt.Print("; ")
	}
	fmt.Println()
	fmt.Printf("%v %+v %T %T %T\n", v, v, v, pv, Monday)
	fmt.Printf("%v %d %q %x %08b %6.2f|%-6s|%6s|%t %c %U\n", xs[:3], []int{1, 2}, "q", 255, 5, 3.14159, "ab", "cd", true, 'é', 'é')
	fmt.Println(struct {
		A int
		B string
	}{1, "z"}, &struct{ P *int }{nil}, []Weekday{0, 1}, map[Weekday]Vec{Monday: {1, 2}})
}
