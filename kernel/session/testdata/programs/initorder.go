package main

import "fmt"

var a = b + 1
var b = f()
var c, d = g()
var e = func() int { return d * 2 }()

func f() int        { return c + 10 }
func g() (int, int) { return 3, 4 }

var t = T{x: a}

type T struct{ x int }

var arr = [...]int{a, b, c}
var fn = func() int { return z }
var z = 7

func init() { fmt.Println("init", a) }
func main() { fmt.Println(a, b, c, d, e, t, arr, fn()) }
