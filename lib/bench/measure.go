package bench

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gonverge/lib/progress"
)

// Time is what a piece of work took.
type Time struct {
	CPU   time.Duration // user and system, of all threads of the process
	Wall  time.Duration
	Value float64 // the number that a peer's case returned; 0 if none
}

// A Contender is one way to do a task. Do does it n times and says how long that took in all.
type Contender struct {
	Name string // "gonverge", "PyTorch NHWC"
	Do   func(ctx context.Context, n int) (Time, error)
}

// Go returns a contender of this process.
func Go(name string, do func()) Contender {
	return GoErr(name, func() error { do(); return nil })
}

// GoErr is [Go] for work that can fail.
func GoErr(name string, do func() error) Contender {
	return Contender{Name: name, Do: func(ctx context.Context, n int) (Time, error) {
		return Measure(func() error {
			for range n {
				if err := ctx.Err(); err != nil {
					return err
				}
				if err := do(); err != nil {
					return err
				}
			}
			return nil
		})
	}}
}

// Measure returns what a call took. CPU is that of the whole process, so nothing else of it
// should run beside.
func Measure(do func() error) (Time, error) {
	start, cpu := time.Now(), CPUTime()
	err := do()
	return Time{CPU: CPUTime() - cpu, Wall: time.Since(start)}, err
}

// A Series is the times of a contender, of one call each, round by round.
type Series struct {
	Name  string
	Times []Time
}

// Best returns the smallest CPU time of a round; 0 without rounds.
func (s Series) Best() time.Duration { return s.smallest(cpu) }

// Median returns the median of the rounds' CPU times; 0 without rounds.
func (s Series) Median() time.Duration { return s.middle(cpu) }

func cpu(t Time) time.Duration  { return t.CPU }
func wall(t Time) time.Duration { return t.Wall }

func (s Series) sorted(of func(Time) time.Duration) []time.Duration {
	d := make([]time.Duration, len(s.Times))
	for i, t := range s.Times {
		d[i] = of(t)
	}
	slices.Sort(d)
	return d
}

func (s Series) smallest(of func(Time) time.Duration) time.Duration {
	if d := s.sorted(of); len(d) > 0 {
		return d[0]
	}
	return 0
}

func (s Series) middle(of func(Time) time.Duration) time.Duration {
	d := s.sorted(of)
	if len(d) == 0 {
		return 0
	}
	return (d[(len(d)-1)/2] + d[len(d)/2]) / 2
}

// Alternate lets the contenders take turns: one untimed call each, then rounds of as many
// calls as fill [Options.Round]. Contenders without a function are left out. The series come
// in the order of the contenders; on an error, those rounds that are complete come with it.
func (o Options) Alternate(ctx context.Context, contenders ...Contender) ([]Series, error) {
	contenders = slices.DeleteFunc(slices.Clone(contenders), func(c Contender) bool { return c.Do == nil })
	series, calls := make([]Series, len(contenders)), make([]int, len(contenders))
	bar := progress.Start(ctx, "rounds", len(contenders)*(o.rounds()+1))
	defer func() { bar.Finish("") }()
	for i, c := range contenders {
		series[i].Name = c.Name
		var n int
		var err error
		if n, err = o.calls(ctx, c); err != nil {
			return series, fmt.Errorf("bench: %s: %w", c.Name, err)
		}
		calls[i] = n
		bar.Add(1)
	}
	for range o.rounds() {
		for i, c := range contenders {
			t, err := c.Do(ctx, calls[i])
			if err != nil {
				return series, fmt.Errorf("bench: %s: %w", c.Name, err)
			}
			n := time.Duration(calls[i])
			series[i].Times = append(series[i].Times, Time{CPU: t.CPU / n, Wall: t.Wall / n, Value: t.Value})
			bar.Add(1)
		}
	}
	return series, nil
}

// calls returns how many calls fill a round, after one or more that are not counted.
func (o Options) calls(ctx context.Context, c Contender) (int, error) {
	if _, err := c.Do(ctx, 1); err != nil { // makes memory, fills caches
		return 0, err
	}
	for n := 1; ; n *= 4 {
		t, err := c.Do(ctx, n)
		if err != nil {
			return 0, err
		}
		// By the longer of both: a clock of ticks may say 0 for what is short.
		took := max(t.CPU, t.Wall)
		if took*4 >= o.round() || n >= 1<<24 {
			return max(1, int(float64(n)*float64(o.round())/float64(max(took, 1)))), nil
		}
	}
}
