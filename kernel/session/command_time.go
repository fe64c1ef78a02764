package session

import (
	"bytes"
	"fmt"
	"go/parser"
	"math"
	"runtime/pprof"
	"strconv"
	"strings"
	"time"
)

// time runs code and tells how long it took.
func (s *Session) time(c *invocation) *Error {
	start := time.Now()
	values, err := s.run(c.ctx, c.code(0), c.o)
	took := time.Since(start)
	if err != nil && err.Name == "compile error" {
		return err // nothing ran
	}
	s.machine.Flush()
	s.stream("stdout", fmt.Sprintf("time: %v\n", took.Round(10*time.Microsecond)))
	c.reply.Values = values
	return err
}

const (
	timeitRuns = 7
	timeitLong = 200 * time.Millisecond // how long a run should last
	timeitMost = 1 << 30                // loops
)

// timeit runs a statement many times and tells how long once takes.
func (s *Session) timeit(c *invocation) *Error {
	loops, runs, skip, problem := timeitOptions(c.rest)
	if problem != nil {
		return problem
	}
	text := c.rest[skip:]
	if strings.TrimSpace(text) == "" {
		return &Error{Name: "error", Message: "%timeit wants a statement to time"}
	}
	lead := strings.Repeat("\n", strings.Count(c.source[:len(c.source)-len(c.rest)], "\n"))
	form := "%s"
	measure := func(n int) (time.Duration, *Error) {
		// The loop is interpreted, too: it costs some 50 ns a round.
		source := fmt.Sprintf("%sfunc() int64 { start__ := time.Now(); for range %d { "+form+"\n}; return int64(time.Since(start__)) }()", lead, n, text)
		values, err := s.run(c.ctx, source, RunOptions{Silent: true, Label: c.o.Label})
		if err != nil {
			before, _, _ := strings.Cut(source, text)
			return 0, c.unwrapped(err, len(before)-len(lead), skip)
		}
		ns, bad := strconv.ParseInt(values[0].Plain(), 10, 64)
		if bad != nil {
			return 0, &Error{Name: "error", Message: "%timeit: " + bad.Error()}
		}
		return time.Duration(ns), nil
	}
	if _, err := parser.ParseExpr(strings.TrimSpace(text)); err == nil {
		form = "_ = (%s)" // a value alone is no statement
	}
	took, err := measure(1)
	if err != nil && err.Name == "compile error" && form != "%s" {
		form = "%s" // a call without a value, or with several
		took, err = measure(1)
	}
	if err != nil {
		return err
	}
	for n := 1; loops == 0; {
		if took >= timeitLong/4 || n >= timeitMost {
			loops = n
			if took > 0 {
				loops = max(1, int(float64(n)*float64(timeitLong)/float64(took)))
			}
			break
		}
		grow := 10
		if took > 0 {
			grow = int(min(100, max(2, float64(timeitLong)/2/float64(took))))
		}
		n *= grow
		if took, err = measure(n); err != nil {
			return err
		}
	}
	var each []float64
	for range runs {
		took, err := measure(loops)
		if err != nil {
			return err
		}
		each = append(each, float64(took)/float64(loops))
	}
	s.machine.Flush()
	s.stream("stdout", timeitText(each, loops))
	return nil
}

// unwrapped is an error of code around which a loop was put, as one of the cell: the first line of the code begins at the
// column after, and stands skip bytes behind the name of the command.
func (c *invocation) unwrapped(err *Error, after, skip int) *Error {
	above := c.source[:len(c.source)-len(c.rest)]
	line := 1 + strings.Count(above, "\n")
	if err.Line != line || len(err.Traceback) < 3 {
		return err
	}
	lines := strings.Split(c.source, "\n")
	column := max(1, err.Column-after) + len(above) - (strings.LastIndexByte(above, '\n') + 1) + skip
	number := fmt.Sprintf("%4d | ", line)
	e := *err
	e.Column = column
	e.Traceback = append([]string{
		fmt.Sprintf("%s%s:%d:%d%s", green, c.o.Label, line, column, plain), number + lines[line-1],
		strings.Repeat(" ", len(number)-2) + "| " + strings.Repeat(" ", max(0, column-1)) + red + "^" + plain,
	}, err.Traceback[3:]...)
	return &e
}

// timeitOptions reads -n and -r; skip is how much of the text they take.
func timeitOptions(rest string) (loops, runs, skip int, problem *Error) {
	runs = timeitRuns
	for {
		trimmed := strings.TrimLeft(rest[skip:], " \t")
		at := len(rest) - len(trimmed)
		if len(trimmed) < 2 || trimmed[0] != '-' || trimmed[1] != 'n' && trimmed[1] != 'r' {
			return loops, runs, skip, nil
		}
		number := strings.TrimLeft(trimmed[2:], " \t")
		end := strings.IndexAny(number+" ", " \t\n")
		n, err := strconv.Atoi(number[:end])
		if err != nil || n < 1 {
			return 0, 0, 0, &Error{Name: "error", Message: fmt.Sprintf("%%timeit: %s wants a number from 1, found %q", trimmed[:2], number[:end])}
		}
		if trimmed[1] == 'n' {
			loops = n
		} else {
			runs = n
		}
		skip = at + len(trimmed) - len(number) + end
	}
}

func timeitText(each []float64, loops int) string {
	mean, best := 0.0, each[0]
	for _, t := range each {
		mean += t / float64(len(each))
		best = min(best, t)
	}
	dev := 0.0
	for _, t := range each {
		dev += (t - mean) * (t - mean) / float64(len(each))
	}
	return fmt.Sprintf("%s ± %s a loop, best %s (mean and standard deviation of %d runs of %d loops)\n",
		short(mean), short(math.Sqrt(dev)), short(best), len(each), loops)
}

// short writes nanoseconds with three digits.
func short(ns float64) string {
	for _, u := range []struct {
		name string
		ns   float64
	}{{"s", 1e9}, {"ms", 1e6}, {"µs", 1e3}} {
		if ns >= u.ns {
			return strconv.FormatFloat(ns/u.ns, 'g', 3, 64) + " " + u.name
		}
	}
	return strconv.FormatFloat(ns, 'g', 3, 64) + " ns"
}

// profile runs code and tells where the time went.
func (s *Session) profile(c *invocation) *Error {
	var buf bytes.Buffer
	if err := pprof.StartCPUProfile(&buf); err != nil {
		return &Error{Name: "error", Message: "%profile: " + err.Error()}
	}
	start := time.Now()
	values, fail := s.run(c.ctx, c.code(0), c.o)
	took := time.Since(start)
	pprof.StopCPUProfile()
	if fail != nil && fail.Name == "compile error" {
		return fail // nothing ran
	}
	s.machine.Flush()
	c.reply.Values = values
	text, err := profileText(buf.Bytes(), took)
	if err != nil && fail == nil {
		return &Error{Name: "error", Message: "%profile: " + err.Error()}
	}
	s.stream("stdout", text)
	return fail
}
