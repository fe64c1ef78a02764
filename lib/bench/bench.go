package bench

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Options says how to measure. The zero value is what the tables of the documentation were
// made with.
type Options struct {
	Rounds   int           // turns of each contender; 0 means 7
	Round    time.Duration // length of a turn, at least one call; 0 means 300 ms
	NoPeers  bool          // leave peers out
	Python   string        // interpreter of the peers; "" means /usr/bin/python3, else python3 in the path
	Only     string        // rows whose task contains this text; "" means all
	CaffeNet bool          // of the table engine: CaffeNet at full size instead
}

// A Named is a table that can be made.
type Named struct {
	Name    string
	Summary string
	run     func(ctx context.Context, o Options) (*Table, error)
}

// Tables returns all tables, in the order of the help text.
func Tables() []Named {
	return []Named{
		{"engine", "training, read-out and matrix products beside PyTorch and OpenBLAS", engine},
		{"analysis", "statistics, assignment, sparse maps, clusters and information beside numpy, scipy and scikit-learn", analysis},
	}
}

// Run makes a table. An unknown name is an error that lists the known. When ctx ends, or a
// contender fails, the rows that are ready come with the error.
func Run(ctx context.Context, name string, o Options) (*Table, error) {
	var names []string
	for _, t := range Tables() {
		if t.Name == name {
			return t.run(ctx, o)
		}
		names = append(names, t.Name)
	}
	return nil, fmt.Errorf("bench: no table %q; have %s", name, strings.Join(names, ", "))
}

func (o Options) rounds() int {
	if o.Rounds < 1 {
		return 7
	}
	return o.Rounds
}

func (o Options) round() time.Duration {
	if o.Round <= 0 {
		return 300 * time.Millisecond
	}
	return o.Round
}

// Wants reports whether a row of this task is asked for.
func (o Options) Wants(task string) bool { return strings.Contains(task, o.Only) }
