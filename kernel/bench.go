package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"gonverge/kernel/symbols"
)

const benchUsage = `usage: gonverge bench [flags] NAME

Measures the library beside the peers that are installed, in turns, and prints a table.
The peers are Python's libraries; without them the table has our own rows alone. Nothing
else should run meanwhile.

tables:
`

// benchCommand makes a table of speed. It returns 0, 1 after an error, 2 for wrong usage and 130
// when it was interrupted, after the rows that were ready.
func benchCommand(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, benchUsage)
		for _, t := range symbols.Benches() {
			fmt.Fprintf(stderr, "  %-10s  %s\n", t.Name, t.Summary)
		}
		fmt.Fprintln(stderr, "\nflags:")
		flags.PrintDefaults()
	}
	var o symbols.BenchOptions
	flags.IntVar(&o.Rounds, "rounds", 0, "turns of each contender (default 7)")
	flags.DurationVar(&o.Round, "round", 0, "length of a turn (default 300ms)")
	flags.BoolVar(&o.NoPeers, "nopeers", false, "measure ours alone")
	flags.StringVar(&o.Python, "python", "", "`interpreter` of the peers (default /usr/bin/python3)")
	flags.StringVar(&o.Only, "only", "", "only rows whose task contains this `text`")
	flags.BoolVar(&o.CaffeNet, "caffenet", false, "of engine: CaffeNet at full size, pictures per second and hours for 50,000")
	names, err := parseMixed(flags, args)
	if err != nil {
		return flagExit(err)
	}
	if len(names) != 1 {
		flags.Usage()
		return 2
	}
	bars := newTerminal(os.Stderr)
	table, err := symbols.Bench(symbols.Context(ctx, bars.show), names[0], o)
	bars.clear()
	if table != nil {
		fmt.Fprintln(stdout, table)
	}
	if errors.Is(err, context.Canceled) {
		fmt.Fprintln(stderr, "gonverge bench: interrupted")
		return 130
	}
	if err != nil {
		fmt.Fprintln(stderr, "gonverge bench:", err)
		return 1
	}
	return 0
}
