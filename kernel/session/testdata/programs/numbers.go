package main

import (
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"
)

type Celsius float64
type ID uint16

func fib() func() int {
	a, b := 0, 1
	return func() int {
		r := a
		a, b = b, a+b
		return r
	}
}

func sqrt(x float64) float64 {
	z := 1.0
	for i := 0; i < 20; i++ {
		z -= (z*z - x) / (2 * z)
	}
	return z
}

func divmod(a, b int) (q, r int, err error) {
	defer func() {
		if e := recover(); e != nil {
			err = fmt.Errorf("%v", e)
		}
	}()
	q = a / b
	r = a % b
	return
}

func primes(n int) (out []int) {
	sieve := make([]bool, n+1)
	for i := 2; i <= n; i++ {
		if sieve[i] {
			continue
		}
		out = append(out, i)
		for j := i * i; j <= n; j += i {
			sieve[j] = true
		}
	}
	return
}

func main() {
	var u8 uint8 = 200
	var i8 int8 = 100
	u8 += 100
	i8 += 100
	fmt.Println(u8, i8, ^u8, -i8, u8>>1, i8>>1, u8&^0xf, u8|1, u8^0xff)
	var u uint = 1
	fmt.Println(u<<63>>63, 1<<u, int32(math.MaxInt32)+int32(u), uint32(1<<31)<<u)
	var s uint = 70
	fmt.Println(1<<s == 0, int64(-1)>>s, uint64(1)<<s)
	f := 1.0 / 3
	fmt.Println(f, float32(f), math.Floor(-2.5), math.Inf(1), -math.Inf(1), math.NaN() == math.NaN(), int(f*8), int(-f*8))
	c := complex(1, 2)
	fmt.Println(c*c, real(c), imag(c), c == complex(1, 2), 3i*3i)
	fmt.Println(Celsius(36.6)+0.4, ID(65530)+1, Celsius(f) < 1)
	next := fib()
	for range 10 {
		fmt.Print(next(), " ")
	}
	fmt.Println(sqrt(2) == math.Sqrt2, math.Abs(sqrt(2)-math.Sqrt2) < 1e-12)
	fmt.Println(divmod(7, 2))
	fmt.Println(divmod(7, 0))
	fmt.Println(primes(50))
	h := "héllo, 世界"
	fmt.Println(len(h), utf8.RuneCountInString(h), []rune(h)[1], string([]rune(h)[7:]), h[1], h[:1], []byte(h)[:3])
	for i, r := range "aé世" {
		fmt.Print(i, ":", string(r), " ")
	}
	for i, r := range "a\xffb" {
		fmt.Print(i, ":", r, " ")
	}
	fmt.Println()
	n, err := strconv.Atoi("12x")
	fmt.Println(n, err)
	fmt.Println(strconv.Quote("a\tb"), strconv.FormatInt(-255, 16), 0x1p-2, 1e3, 0b101, 0o17, 1_000)
	x := 10
	p := &x
	pp := &p
	**pp = 20
	fmt.Println(x, *p == **pp, p == *pp)
	x, y := 1, 2
	x, y = y, x+y
	fmt.Println(x, y)
	i := 0
	arr := []int{10, 20, 30}
	i, arr[i] = 2, 99
	arr[i], arr[0] = arr[0], arr[i]
	fmt.Println(i, arr)
	fmt.Println(min(3, 1, 2), max(2.5, 1), min("b", "a"), max(x, y))
	sum := 0
outer:
	for i := 0; ; i++ {
		for j := range i {
			if (i+j)%7 == 6 {
				continue outer
			}
			if i > 12 {
				break outer
			}
			sum += i * j
		}
	}
	fmt.Println(sum)
	switch {
	case x > 100:
		fmt.Println("big")
	case x > 1:
		fmt.Println("middle")
		fallthrough
	case x > 1000:
		fmt.Println("fell")
	default:
		fmt.Println("default")
	}
	switch z := x * 2; z {
	case 1, 2, 3:
		fmt.Println("few")
	case 4:
		fmt.Println("four")
	}
	var a any = 3
	switch a {
	case "3":
		fmt.Println("string")
	case 3.0:
		fmt.Println("float")
	case 3:
		fmt.Println("int")
	}
	k := 0
loop:
	if k < 3 {
		k++
		goto loop
	}
	fmt.Println(k)
}
