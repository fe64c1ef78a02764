// Package bench measures how fast the library is, beside the peers that are installed, and
// makes tables of it for `gonverge bench NAME`.
//
//	table, err := bench.Run(ctx, "engine", bench.Options{})
//	fmt.Println(table)
//
// # How a table is made
//
// A table is a line in [Tables] and a function of its own file that makes rows:
//
//	func analysis(ctx context.Context, o Options) (*Table, error) {
//		t := newTable("analysis", o)
//		peer, err := o.peer(ctx, t, analysisScript, "numpy", "scipy")   // nil without these modules
//		if err != nil {
//			return t, err
//		}
//		defer peer.Close()
//		times, err := o.Alternate(ctx,
//			Go("gonverge", func() { align.Match(m) }),
//			peer.Case("scipy", "assignment"))
//		if err != nil {
//			return t, err
//		}
//		t.Add(Compare("assignment of 384 units", times, Goal{AtMost: 1}))
//		return t, nil
//	}
//
// [Options.Alternate] lets contenders take turns: a round of one, a round of the next, and so
// on, each round some tenths of a second of the same work, so that all of them meet the same
// noise of the machine. A time is that of one call; the best and the median of the rounds are
// kept. [Compare] makes a row of them: ours is the first contender, the peer the fastest of
// the others, the ratio is best by best.
//
// Times are user+system CPU time of the process (see [CPUTime]), that of the garbage collector
// included: on a machine that others use, wall time says little. A contender that works on
// several cores is better compared by [Time.Wall]; see [CompareWall].
//
// # Peers
//
// A peer is a Python process that does the same work, started once and asked for rounds by
// name. Its script is embedded (go:embed) and declares cases; what a case returns is called
// over and over:
//
//	@case("assignment")
//	def _():
//	    m = numpy.random.default_rng(0).random((384, 384))   # made once, not measured
//	    return lambda: scipy.optimize.linear_sum_assignment(-m)
//
// It runs on one thread (OMP_NUM_THREADS and its kin are 1) and without settings that would
// pin OpenBLAS to another processor. A case that returns a number hands it on ([Time.Value]),
// so that answers can be compared. Where Python or a module is missing, [StartPeer] returns
// nil and no error, a nil peer has no cases, contenders without a function are left out, and
// the table has the rows of ours alone.
//
// A table that is interrupted is returned with the rows that are ready and ctx.Err().
package bench
