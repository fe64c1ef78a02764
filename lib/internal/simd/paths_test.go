package simd

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// onBoth runs run on all forms of the kernels and fails unless the results agree, those of both
// assemblies bit by bit.
func onBoth(t *testing.T, name string, run func() []float32) {
	t.Helper()
	detected, wider := useAsm, useWide
	defer func() { useAsm, useWide = detected, wider }()
	useAsm, useWide = false, false
	want := run()
	useAsm = detected
	narrow := run()
	compare(t, name, narrow, wide(want), 2e-5) // rounding differs: the assembly fuses products and sums
	if useWide = wider; wider && !slices.Equal(run(), narrow) {
		t.Fatalf("%s: wide tiles give other bits", name)
	}
}

func TestPathsAgreeOnRandomSizes(t *testing.T) {
	needAssembly(t)
	r := newRand()
	rounds := 150
	if testing.Short() {
		rounds = 20
	}
	for round := range rounds {
		kh, kw, pad := 1+r.IntN(5), 1+r.IntN(5), r.IntN(4)
		dilation, groups := 1+r.IntN(2), 1+r.IntN(2)
		h, w := max(1, span(kh, dilation)-2*pad)+r.IntN(12), max(1, span(kw, dilation)-2*pad)+r.IntN(12)
		c, oc, stride := groups*(1+r.IntN(40/groups)), groups*(1+r.IntN(90/groups)), 1+r.IntN(3)
		v := NewConvGroups(h, w, c, oc, kh, kw, stride, pad, dilation, groups)
		x, weights, bias, dy := random(r, v.InLen()), random(r, v.FilterLen()), random(r, oc), random(r, v.OutLen())
		onBoth(t, fmt.Sprintf("round %d: %+v", round, []int{h, w, c, oc, kh, kw, stride, pad, dilation, groups}), func() []float32 {
			xp, wp := make([]float32, v.PaddedLen()), make([]float32, v.WeightLen())
			wb, s := make([]float32, v.WeightBackLen()), make([]float32, v.BackPaddedLen())
			y, dw, dx := make([]float32, v.OutLen()), make([]float32, v.FilterLen()), make([]float32, v.InLen())
			v.Pad(xp, x)
			v.PackW(wp, weights)
			v.Forward(y, xp, wp, bias)
			v.GradW(dw, xp, dy)
			v.PackWBack(wb, weights)
			v.GradX(dx, s, dy, wb)
			return slices.Concat(y, dw, dx)
		})
		m, n, k := 1+r.IntN(70), 1+r.IntN(150), 1+r.IntN(450)
		ta, tb := r.IntN(2) == 0, r.IntN(2) == 0
		a, b := random(r, m*k), random(r, n*k)
		lda, ldb := k, n
		if ta {
			lda = m
		}
		if tb {
			ldb = k
		}
		onBoth(t, fmt.Sprintf("round %d: Gemm %d %d %d %v %v", round, m, n, k, ta, tb), func() []float32 {
			out := make([]float32, m*n)
			Gemm(ta, tb, m, n, k, a, lda, b, ldb, out, n, false)
			return out
		})
	}
}

func TestResultsDoNotDependOnWhatRanBefore(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		r := newRand()
		a, b := random(r, 50*300), random(r, 300*20)
		run := func() []float32 {
			c := make([]float32, 50*20)
			Gemm(true, false, 50, 20, 300, a, 50, b, 20, c, 20, false)
			return c
		}
		first := run()
		// leave other values in the shared workspaces
		GramAdd(make([]float64, 41*41), random(r, 200*41), 200, 41, 41)
		if !slices.Equal(first, run()) {
			t.Error("the same product gave other bits the second time")
		}
	})
}

func TestKernelsRunSideBySide(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		r := newRand()
		v := NewConv(9, 9, 5, 10, 3, 3, 1, 1)
		x, w, dy := random(r, v.InLen()), random(r, v.FilterLen()), random(r, v.OutLen())
		run := func() []float32 {
			xp, wp := make([]float32, v.PaddedLen()), make([]float32, v.WeightLen())
			y, dw := make([]float32, v.OutLen()), make([]float32, v.FilterLen())
			v.Pad(xp, x)
			v.PackW(wp, w)
			v.Forward(y, xp, wp, nil)
			v.GradW(dw, xp, dy)
			return slices.Concat(y, dw)
		}
		want := run()
		got := make(chan []float32)
		for range 8 {
			go func() {
				var last []float32
				for range 20 {
					last = run()
				}
				got <- last
			}()
		}
		for range 8 {
			if !slices.Equal(<-got, want) {
				t.Error("other bits beside other goroutines")
			}
		}
	})
}

func TestKernelsDoNotAllocate(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		r := newRand()
		v := NewConv(6, 6, 16, 20, 3, 3, 1, 1)
		xp, wp, dy := random(r, v.PaddedLen()), random(r, v.WeightLen()), random(r, v.OutLen())
		y, dw, acc := make([]float32, v.OutLen()), make([]float32, v.FilterLen()), make([]float64, 20*20)
		got := testing.AllocsPerRun(100, func() {
			v.Forward(y, xp, wp, nil)
			v.GradW(dw, xp, dy)
			GramAdd(acc, dy, 36, 20, 20)
			Gemm(false, true, 20, 20, 36, y, 36, dy, 36, dw, 20, false)
		})
		if got >= 1 { // a garbage collection may empty the workspaces now and then
			t.Errorf("got %v allocations a run", got)
		}
	})
}

func TestNameSaysWhatRuns(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		want := map[bool]string{true: "avx2+fma", false: "go"}[useAsm]
		if got := Name(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestEnvironmentForcesGo(t *testing.T) {
	if os.Getenv("GONVERGE_SIMD_CHILD") != "" { // the run below
		fmt.Println("kernels:", Name())
		return
	}
	if os.Getenv("GONVERGE_NOASM") == "1" {
		if Name() != "go" {
			t.Errorf("GONVERGE_NOASM=1: got %q, want \"go\"", Name())
		}
		return
	}
	child := exec.Command(os.Args[0], "-test.run=^TestEnvironmentForcesGo$")
	child.Env = append(os.Environ(), "GONVERGE_SIMD_CHILD=1", "GONVERGE_NOASM=1")
	out, err := child.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "kernels: go\n") {
		t.Errorf("GONVERGE_NOASM=1: got %v, %q, want \"kernels: go\"", err, out)
	}
}
