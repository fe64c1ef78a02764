package main

import "fmt"

func helper() any { return recover() }
func deferredCallsHelper() (r any) {
	defer func() { fmt.Println("outer", recover()) }()
	defer func() { r = helper(); fmt.Println("helper", r) }()
	panic("p")
}
func direct() { defer helper(); panic("q") }
func nestedLit() {
	defer func() { fmt.Println("o", recover()) }()
	defer func() { func() { fmt.Println("in", recover()) }() }()
	panic("r")
}

type T struct{}

func (T) rec()            { fmt.Println("m", recover()) }
func viaMethod()          { defer T{}.rec(); panic("m") }
func viaVar()             { f := func() { fmt.Println("v", recover()) }; defer f(); panic("v") }
func builtin() (s string) { defer func() { s = fmt.Sprint(recover()) }(); defer recover(); panic("b") }
func reraise() (s string) {
	defer func() { s = fmt.Sprint("final ", recover()) }()
	defer func() { r := recover(); panic(fmt.Sprint("re-", r)) }()
	panic("x")
}
func notPanicking() { defer func() { fmt.Println(recover()) }() }
func named() (n int, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
			n = -1
		}
	}()
	n = 5
	panic("nn")
}
func loop() {
	for i := range 3 {
		defer func() { fmt.Print(i, recover(), " ") }()
	}
	panic("l")
}
func main() {
	deferredCallsHelper()
	func() { defer func() { fmt.Println("d", recover()) }(); direct() }()
	nestedLit()
	viaMethod()
	viaVar()
	fmt.Println(builtin())
	fmt.Println(reraise())
	notPanicking()
	fmt.Println(named())
	loop()
	fmt.Println()
	func() {
		defer func() { fmt.Println("r2", recover()) }()
		defer func() { defer func() { fmt.Println("r1", recover()) }(); panic("b") }()
		panic("a")
	}()
	func() {
		defer func() { fmt.Println("after goexit-like", recover()) }()
		func() { defer func() { recover() }(); panic("inner") }()
		fmt.Println("continues")
	}()
}
