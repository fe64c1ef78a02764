package main

import "fmt"
import "strings"
import "sort"
import "io"
import "container/heap"
import "sync"
import "bytes"
import "bufio"
import "image"
import "image/color"

type byLen []string

func (b byLen) Len() int           { return len(b) }
func (b byLen) Less(i, j int) bool { return len(b[i]) < len(b[j]) }
func (b byLen) Swap(i, j int)      { b[i], b[j] = b[j], b[i] }

type H []int

func (h H) Len() int           { return len(h) }
func (h H) Less(i, j int) bool { return h[i] < h[j] }
func (h H) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *H) Push(x any)        { *h = append(*h, x.(int)) }
func (h *H) Pop() any          { o := *h; n := len(o); x := o[n-1]; *h = o[:n-1]; return x }

type rot struct{ r io.Reader }

func (r rot) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	for i := range p[:n] {
		p[i]++
	}
	return n, err
}

type cw struct {
	n int
	w io.Writer
}

func (c *cw) Write(p []byte) (int, error) { c.n += len(p); return c.w.Write(p) }

type pic struct{}

func (pic) ColorModel() color.Model { return color.RGBAModel }
func (pic) Bounds() image.Rectangle { return image.Rect(0, 0, 2, 2) }
func (pic) At(x, y int) color.Color { return color.RGBA{uint8(x), uint8(y), 0, 255} }

type logw struct {
	strings.Builder
	n int
}
type Item struct {
	v   string
	pri int
}
type PQ []*Item

func (p PQ) Len() int           { return len(p) }
func (p PQ) Less(i, j int) bool { return p[i].pri > p[j].pri }
func (p PQ) Swap(i, j int)      { p[i], p[j] = p[j], p[i] }
func (p *PQ) Push(x any)        { *p = append(*p, x.(*Item)) }
func (p *PQ) Pop() any          { o := *p; n := len(o); it := o[n-1]; *p = o[:n-1]; return it }

type rw interface {
	io.Reader
	io.Writer
}
type Emb struct {
	io.Reader
	name string
}
type Lock struct {
	sync.Mutex
	n int
}

func main() {
	s := byLen{"ccc", "a", "bb"}
	sort.Sort(s)
	fmt.Println(s)
	sort.Sort(sort.Reverse(s))
	fmt.Println(s)
	h := &H{5, 2, 8}
	heap.Init(h)
	heap.Push(h, 3)
	for h.Len() > 0 {
		fmt.Print(heap.Pop(h), " ")
	}
	fmt.Println()
	b, err := io.ReadAll(rot{strings.NewReader("HAL")})
	fmt.Println(string(b), err)
	var buf bytes.Buffer
	c := &cw{w: &buf}
	fmt.Fprintf(c, "x%dy", 12)
	fmt.Println(c.n, buf.String())
	var im image.Image = pic{}
	fmt.Println(im.Bounds(), im.At(1, 1))
	_, isPic := im.(pic)
	fmt.Println(isPic)
	var lw logw
	lw.WriteString("abc")
	fmt.Fprint(&lw, "d")
	fmt.Println(lw.String(), lw.Len())
	pq := &PQ{}
	heap.Push(pq, &Item{"a", 1})
	heap.Push(pq, &Item{"b", 5})
	heap.Push(pq, &Item{"c", 3})
	for pq.Len() > 0 {
		fmt.Print(heap.Pop(pq).(*Item).v)
	}
	fmt.Println()
	var x rw = &buf
	fmt.Fprint(x, "more")
	var r io.Reader = x
	_, isBuf := r.(*bytes.Buffer)
	fmt.Println(isBuf)
	e := Emb{strings.NewReader("emb"), "n"}
	b, _ = io.ReadAll(e)
	fmt.Println(string(b))
	b, _ = io.ReadAll(io.TeeReader(io.LimitReader(&e, 10), c))
	var l Lock
	l.Lock()
	l.n++
	l.Unlock()
	fmt.Println(l.n)
	var st fmt.Stringer = &lw
	fmt.Println(st)
	if w, ok := st.(io.Writer); ok {
		fmt.Fprint(w, "!")
		fmt.Println(st)
	}
	var lk sync.Locker = &l
	lk.Lock()
	lk.Unlock()
	sc := bufio.NewScanner(rot{strings.NewReader("`a\n")})
	for sc.Scan() {
		fmt.Println(sc.Text())
	}
	w := bufio.NewWriter(c)
	fmt.Fprint(w, "zz")
	w.Flush()
	fmt.Println(c.n)
	var anyr any = e
	_, ok1 := anyr.(io.Reader)
	_, ok2 := anyr.(io.Writer)
	_, ok3 := anyr.(interface{ Read([]byte) (int, error) })
	fmt.Println(ok1, ok2, ok3)
}
