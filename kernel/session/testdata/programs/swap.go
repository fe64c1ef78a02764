package main

import "fmt"
import "errors"

type B []any

func (s B) Swap(i, j int) { s[i], s[j] = s[j], s[i] }

type M map[string]any

func main() {
	s := B{1, "a", 3}
	s.Swap(0, 1)
	fmt.Println(s)
	var a, b any = 1, 2
	a, b = b, a
	fmt.Println(a, b)
	m := M{"x": 1}
	m["x"], m["y"] = m["y"], m["x"]
	fmt.Println(m)
	var arr [2]error
	arr[0] = errors.New("q")
	arr[0], arr[1] = arr[1], arr[0]
	fmt.Println(arr)
	i := 0
	i, s[i] = 2, "z"
	fmt.Println(i, s)
	p := &struct{ a, b any }{1, "b"}
	p.a, p.b = p.b, p.a
	fmt.Println(p.a, p.b)
}
