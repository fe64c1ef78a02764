package main

import (
	"bufio"
	"bytes"
	"container/heap"
	"container/list"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
)

type Item struct {
	v, prio, index int
}
type PQ []*Item

func (p PQ) Len() int           { return len(p) }
func (p PQ) Less(i, j int) bool { return p[i].prio > p[j].prio }
func (p PQ) Swap(i, j int)      { p[i], p[j] = p[j], p[i]; p[i].index = i; p[j].index = j }
func (p *PQ) Push(x any)        { it := x.(*Item); it.index = len(*p); *p = append(*p, it) }
func (p *PQ) Pop() any {
	old := *p
	n := len(old)
	it := old[n-1]
	*p = old[:n-1]
	return it
}

type Temp float64

func (t Temp) String() string { return fmt.Sprintf("%.1f°", float64(t)) }

type Point struct{ X, Y int }

func (p Point) Add(q Point) Point { return Point{p.X + q.X, p.Y + q.Y} }
func (p *Point) Move(dx, dy int)  { p.X += dx; p.Y += dy }
func (p Point) GoString() string  { return "Pt!" }
func (p Point) Format(f fmt.State, c rune) {
	fmt.Fprintf(f, "P[%d,%d,%c]", p.X, p.Y, c)
}

type Expr interface {
	Eval(env map[string]float64) float64
}
type (
	Num float64
	Var string
	Bin struct {
		op   byte
		l, r Expr
	}
)

func (n Num) Eval(map[string]float64) float64     { return float64(n) }
func (v Var) Eval(env map[string]float64) float64 { return env[string(v)] }
func (b Bin) Eval(env map[string]float64) float64 {
	l, r := b.l.Eval(env), b.r.Eval(env)
	switch b.op {
	case '+':
		return l + r
	case '*':
		return l * r
	}
	panic("op " + string(b.op))
}

type parser struct {
	toks []string
	pos  int
}

func (p *parser) next() (t string) {
	if p.pos < len(p.toks) {
		t = p.toks[p.pos]
		p.pos++
	}
	return
}
func (p *parser) expr() Expr {
	e := p.term()
	for p.pos < len(p.toks) && p.toks[p.pos] == "+" {
		p.next()
		e = Bin{'+', e, p.term()}
	}
	return e
}
func (p *parser) term() Expr {
	e := p.factor()
	for p.pos < len(p.toks) && p.toks[p.pos] == "*" {
		p.next()
		e = Bin{'*', e, p.factor()}
	}
	return e
}
func (p *parser) factor() Expr {
	t := p.next()
	if t == "(" {
		e := p.expr()
		p.next()
		return e
	}
	if f, err := strconv.ParseFloat(t, 64); err == nil {
		return Num(f)
	}
	return Var(t)
}

type Graph map[string][]string

func (g Graph) bfs(from string, visit func(string, int) bool) {
	seen := map[string]bool{from: true}
	type qi struct {
		n string
		d int
	}
	q := []qi{{from, 0}}
	for len(q) > 0 {
		var c qi
		c, q = q[0], q[1:]
		if !visit(c.n, c.d) {
			return
		}
		for _, n := range g[c.n] {
			if !seen[n] {
				seen[n] = true
				q = append(q, qi{n, c.d + 1})
			}
		}
	}
}

type Event struct {
	Name string        `json:"name"`
	At   time.Duration `json:"at,omitempty"`
	Tags []string      `json:"tags"`
	Sub  *Event        `json:"sub,omitempty"`
}

type counter map[rune]int

func (c counter) Write(p []byte) (int, error) {
	for _, r := range string(p) {
		if unicode.IsLetter(r) {
			c[r]++
		}
	}
	return len(p), nil
}

type Chain struct{ parts []string }

func (c *Chain) Add(s string) *Chain { c.parts = append(c.parts, s); return c }
func (c Chain) String() string       { return strings.Join(c.parts, "→") }

func primes(n int) (ps []int) {
	sieve := make([]bool, n+1)
	for i := 2; i <= n; i++ {
		if sieve[i] {
			continue
		}
		ps = append(ps, i)
		for j := i * i; j <= n; j += i {
			sieve[j] = true
		}
	}
	return
}

func perm(xs []int, f func([]int)) {
	var rec func(int)
	rec = func(k int) {
		if k == len(xs) {
			f(xs)
			return
		}
		for i := k; i < len(xs); i++ {
			xs[k], xs[i] = xs[i], xs[k]
			rec(k + 1)
			xs[k], xs[i] = xs[i], xs[k]
		}
	}
	rec(0)
}

func divmod(a, b int) (q, r int, err error) {
	defer func() {
		if e := recover(); e != nil {
			err = fmt.Errorf("div: %v", e)
		}
	}()
	q = a / b
	r = a % b
	return
}

func main() {
	pq := &PQ{}
	for i, p := range []int{3, 9, 1, 5} {
		heap.Push(pq, &Item{v: i, prio: p})
	}
	(*pq)[len(*pq)-1].prio = 100
	heap.Fix(pq, len(*pq)-1)
	for pq.Len() > 0 {
		it := heap.Pop(pq).(*Item)
		fmt.Print(it.v, ":", it.prio, " ")
	}
	fmt.Println()
	l := list.New()
	l.PushBack(Temp(1.25))
	l.PushFront("x")
	for e := l.Front(); e != nil; e = e.Next() {
		fmt.Print(e.Value, " ")
	}
	fmt.Println(Temp(3), []Temp{1, 2}, map[string]Temp{"a": 4}, struct{ T Temp }{5}, &struct{ T Temp }{6})
	fmt.Printf("%v %s %.2f %T|%6v|%-8v|\n", Temp(1), Temp(2), Temp(3), Temp(4), Temp(5), Temp(6))
	p := Point{1, 2}
	p.Move(1, 1)
	mv := p.Move
	mv(10, 10)
	fmt.Printf("%v %d %s %+v %#v\n", p, p, []Point{p}, &p, p)
	ps := primes(50)
	fmt.Println(ps, len(ps))
	n := 0
	perm([]int{1, 2, 3}, func(x []int) { n = n*7 + x[0]*4 + x[2]; n %= 10007 })
	fmt.Println(n)
	ex := (&parser{toks: strings.Fields("2 * ( x + 3 ) + y * y")}).expr()
	fmt.Println(ex.Eval(map[string]float64{"x": 4, "y": 1.5}))
	fmt.Printf("%v %T\n", ex, ex)
	g := Graph{"a": {"b", "c"}, "b": {"d"}, "c": {"d"}, "d": {"a", "e"}}
	g.bfs("a", func(s string, d int) bool { fmt.Print(s, d, " "); return s != "d" })
	fmt.Println()
	b, err := json.Marshal(Event{"x", 3, []string{"t"}, &Event{Name: "in"}})
	fmt.Println(string(b), err)
	var ev Event
	fmt.Println(json.Unmarshal([]byte(`{"name":"q","tags":["a","b"],"sub":{"name":"r"}}`), &ev), ev.Name, ev.Tags, ev.Sub.Name)
	var any1 any
	json.Unmarshal([]byte(`{"a":[1,"x",null,{"b":true}]}`), &any1)
	fmt.Println(any1, any1.(map[string]any)["a"].([]any)[1])
	c := counter{}
	fmt.Fprintf(c, "hello %s %d", "héé", 5)
	var keys []rune
	for k := range c {
		keys = append(keys, k)
	}
	sort.Slice(keys, func(i, j int) bool { return c[keys[i]] > c[keys[j]] || c[keys[i]] == c[keys[j]] && keys[i] < keys[j] })
	fmt.Println(string(keys), c['l'])
	var buf bytes.Buffer
	tw := tabwriter.NewWriter(&buf, 0, 4, 1, ' ', 0)
	fmt.Fprintln(tw, "a\tb\tc")
	fmt.Fprintln(tw, "aaa\tbbbb\tc")
	tw.Flush()
	fmt.Print(buf.String())
	sc := bufio.NewScanner(strings.NewReader("one two\nthree"))
	sc.Split(bufio.ScanWords)
	for sc.Scan() {
		fmt.Print(sc.Text(), "/")
	}
	fmt.Println()
	re := regexp.MustCompile(`(\w)(\d+)`)
	fmt.Println(re.ReplaceAllStringFunc("a12 b3", func(s string) string { return "<" + s + ">" }), re.FindAllStringSubmatch("a12 b3", -1))
	fmt.Println((&Chain{}).Add("a").Add("b"), Chain{[]string{"z"}}, &Chain{[]string{"y"}})
	fmt.Println(divmod(7, 2))
	fmt.Println(divmod(7, 0))
	fmt.Println(math.Sqrt(2), math.Inf(1), math.NaN(), float32(0.1), 1e21, 1e-7, 100000.0, uint64(math.MaxUint64))
	fmt.Printf("%5d|%-5d|%05d|%x|%X|%o|%b|%c|%U|%e|%g|%8.3f|%+d|%q|%v|%p\n", 42, 42, 42, 255, 255, 8, 5, 'A', 0x263a, 1234.5, 1e-10, 3.14159, 5, "q", nil, nil)
	fmt.Printf("%s %v %d %t %v %v\n", []string{"a", "b"}, [2]bool{true}, []int{1}, true, struct {
		A int
		B string
	}{1, "x"}, map[string]int{"z": 1, "a": 2})
	fmt.Printf("%[2]d %[1]d %*d %v%%\n", 1, 2, 5, 42, 99)
	fmt.Printf("%!|%d|%s\n", "str", 5)
	type Rec struct {
		Name string
		Kids []*Rec
		M    map[string]Rec
	}
	r := Rec{"root", []*Rec{{Name: "kid"}}, map[string]Rec{"m": {Name: "in"}}}
	r.Kids[0].Kids = append(r.Kids[0].Kids, &r)
	fmt.Println(r.Kids[0].Kids[0].Name, r.M["m"].Name, len(r.M["none"].Kids))
	d := 90 * time.Minute
	fmt.Println(d, time.Date(2020, 2, 30, 0, 0, 0, 0, time.UTC).Format(time.DateOnly), d > time.Hour, time.March)
}
