package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"
	"text/tabwriter"
	"text/template"
	"time"
)

type Op func(float64, float64) float64

func (o Op) Apply(a, b float64) float64 { return o(a, b) }

type Handler interface{ Handle(string) string }
type HandlerFunc func(string) string

func (f HandlerFunc) Handle(s string) string { return f(s) }

func chain(hs ...Handler) Handler {
	return HandlerFunc(func(s string) string {
		for _, h := range hs {
			s = h.Handle(s)
		}
		return s
	})
}

type Account struct {
	Owner   string   `json:"owner"`
	Balance float64  `json:"balance"`
	Tags    []string `json:"tags,omitempty"`
}

func (a *Account) Deposit(x float64) *Account { a.Balance += x; return a }
func (a Account) String() string              { return fmt.Sprintf("%s: %.2f", a.Owner, a.Balance) }

type Shape interface {
	Area() float64
	Perimeter() float64
}
type Rect struct{ W, H float64 }
type Circle struct{ R float64 }

func (r Rect) Area() float64        { return r.W * r.H }
func (r Rect) Perimeter() float64   { return 2 * (r.W + r.H) }
func (c Circle) Area() float64      { return 3 * c.R * c.R }
func (c Circle) Perimeter() float64 { return 6 * c.R }

type ByArea []Shape

func (s ByArea) Len() int           { return len(s) }
func (s ByArea) Less(i, j int) bool { return s[i].Area() < s[j].Area() }
func (s ByArea) Swap(i, j int)      { s[i], s[j] = s[j], s[i] }

type rot13 struct{ r io.Reader }

func (r rot13) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	for i := range p[:n] {
		switch c := p[i]; {
		case c >= 'a' && c <= 'z':
			p[i] = 'a' + (c-'a'+13)%26
		case c >= 'A' && c <= 'Z':
			p[i] = 'A' + (c-'A'+13)%26
		}
	}
	return n, err
}

type upper struct{ w io.Writer }

func (u *upper) Write(p []byte) (int, error) { return u.w.Write(bytes.ToUpper(p)) }

func memo(f func(int) int) func(int) int {
	cache := map[int]int{}
	return func(n int) int {
		if v, ok := cache[n]; ok {
			return v
		}
		v := f(n)
		cache[n] = v
		return v
	}
}

func variadic(pre string, xs ...any) string { return pre + fmt.Sprint(len(xs)) + fmt.Sprint(xs...) }

func main() {
	ops := map[string]Op{"+": func(a, b float64) float64 { return a + b }, "*": func(a, b float64) float64 { return a * b }}
	fmt.Println(ops["+"](1, 2), ops["*"].Apply(3, 4))
	h := chain(HandlerFunc(strings.ToUpper), HandlerFunc(func(s string) string { return s + "!" }), HandlerFunc(strings.TrimSpace))
	fmt.Println(h.Handle(" hi "))
	a := &Account{Owner: "Ann"}
	a.Deposit(10).Deposit(2.5)
	fmt.Println(a, *a)
	b, err := json.Marshal(a)
	fmt.Println(string(b), err)
	var back Account
	err = json.Unmarshal([]byte(`{"owner":"Bob","balance":3,"tags":["x","y"]}`), &back)
	fmt.Println(back, back.Tags, err)
	shapes := []Shape{Rect{3, 4}, Circle{1}, &Rect{1, 1}}
	sort.Sort(ByArea(shapes))
	for _, s := range shapes {
		switch x := s.(type) {
		case Rect:
			fmt.Print("rect ", x.W, " ")
		case *Rect:
			fmt.Print("*rect ", x.W, " ")
		case Circle:
			fmt.Print("circle ", x.R, " ")
		}
	}
	fmt.Println()
	out, _ := io.ReadAll(rot13{strings.NewReader("Uryyb, Jbeyq")})
	fmt.Println(string(out))
	var buf bytes.Buffer
	fmt.Fprintf(&upper{&buf}, "%s-%d", "abc", 5)
	fmt.Println(buf.String())
	calls := 0
	var fib func(int) int
	fib = memo(func(n int) int {
		calls++
		if n < 2 {
			return n
		}
		return fib(n-1) + fib(n-2)
	})
	fmt.Println(fib(30), calls)
	fmt.Println(variadic("a"), variadic("b", 1, "x", nil), variadic("c", []any{1, 2}...))
	var fs [3]func() int
	for i := range fs {
		fs[i] = func() int { i *= 2; return i }
	}
	fmt.Println(fs[1](), fs[1](), fs[2](), fs[0]())
	x := 0
	inc := func() func() int { return func() int { x++; return x } }()
	inc()
	inc()
	fmt.Println(x, func(a, b int) int { return a - b }(5, 3))
	area := Shape.Area
	per := Rect.Perimeter
	dep := (*Account).Deposit
	dep(a, 1)
	bound := a.String
	a.Deposit(100)
	fmt.Println(area(Rect{2, 2}), per(Rect{1, 2}), bound(), a)
	t := template.Must(template.New("t").Parse("{{range $i, $e := .}}{{$i}}={{$e}};{{end}}\n"))
	if err := t.Execute(os.Stdout, []string{"p", "q"}); err != nil {
		fmt.Println(err)
	}
	tw := tabwriter.NewWriter(os.Stdout, 0, 4, 1, ' ', 0)
	fmt.Fprintln(tw, "a\tb")
	fmt.Fprintln(tw, "ccc\td")
	tw.Flush()
	d := 90 * time.Minute
	fmt.Println(d, d.Hours(), time.Duration(1500)*time.Millisecond, time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC).Weekday())
	fields := strings.FieldsFunc("a1b2c", func(r rune) bool { return r >= '0' && r <= '9' })
	fmt.Println(fields, strings.Map(func(r rune) rune { return r + 1 }, "HAL"), strings.Repeat("=", 5))
	words := map[string]int{}
	for _, w := range strings.Fields("a b a c b a") {
		words[w]++
	}
	type kv struct {
		k string
		v int
	}
	var kvs []kv
	for k, v := range words {
		kvs = append(kvs, kv{k, v})
	}
	sort.Slice(kvs, func(i, j int) bool { return kvs[i].v > kvs[j].v })
	fmt.Println(kvs)
}
