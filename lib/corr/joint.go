package corr

// rowsAtOnce samples are counted together.
const rowsAtOnce = 1024

// A word counts fields bins of a unit, in 7 bits each, for at most full samples.
const (
	fields    = 9
	fieldBits = 7
	full      = 1<<fieldBits - 1
	tileWords = 32
)

// binned has the bins of one net's units for up to rowsAtOnce samples, in the two forms that
// counting takes.
type binned struct {
	units, bins int     // bins: positive ones
	columns     []uint8 // units × rowsAtOnce
	fill        int

	// Rows of each unit in order of their bin, and where each positive bin begins and ends.
	order []uint16 // units × rowsAtOnce
	start []uint16 // units × (bins+1)

	// A word for each unit (or several, by fields bins) and row that has a 1 in the field of the
	// row's bin, none for bin 0; tiles of tileWords units side by side.
	words  int // of a unit
	tiles  int
	onehot []uint64 // tiles × rowsAtOnce × tileWords

	marginal []int // units × (bins+1)
}

func newBinned(units, bins int) *binned {
	b := &binned{units: units, bins: bins, words: (bins + fields - 1) / fields}
	b.tiles = (units*b.words + tileWords - 1) / tileWords
	b.columns = make([]uint8, units*rowsAtOnce)
	b.order = make([]uint16, units*rowsAtOnce)
	b.start = make([]uint16, units*(bins+1))
	b.onehot = make([]uint64, b.tiles*rowsAtOnce*tileWords)
	b.marginal = make([]int, units*(bins+1))
	return b
}

// add bins rows samples of all units, at most rowsAtOnce − fill.
func (b *binned) add(values []float32, rows int, cut []cuts) {
	// Sixteen units at a time: a cache line of values.
	const strip = 16
	for from := 0; from < b.units; from += strip {
		n := min(strip, b.units-from)
		for r := range rows {
			row := values[r*b.units+from:][:n]
			for k, v := range row {
				b.columns[(from+k)*rowsAtOnce+b.fill+r] = cut[from+k].bin(v)
			}
		}
	}
	b.fill += rows
}

// prepare makes what counting takes of the columns, and adds to the marginal counts.
func (b *binned) prepare() {
	clear(b.onehot)
	var at [257]int
	for u := range b.units {
		column := b.columns[u*rowsAtOnce:][:b.fill]
		count := at[:b.bins+1]
		clear(count)
		for _, k := range column {
			count[k]++
		}
		start := b.start[u*(b.bins+1):][:b.bins+1]
		sum := 0
		for k, n := range count {
			b.marginal[u*(b.bins+1)+k] += n
			if k > 0 {
				start[k-1] = uint16(sum)
				count[k] = sum
				sum += n
			}
		}
		start[b.bins] = uint16(sum)
		order := b.order[u*rowsAtOnce:][:rowsAtOnce]
		for r, k := range column {
			if k == 0 {
				continue
			}
			order[count[k]] = uint16(r)
			count[k]++
			word := u*b.words + int(k-1)/fields
			b.onehot[((word/tileWords)*rowsAtOnce+r)*tileWords+word%tileWords] = 1 << (fieldBits * (int(k-1) % fields))
		}
	}
}

// joint counts how often each unit of one net is in a positive bin while each unit of another
// is. What has a zero follows from that and the marginal counts.
type joint struct {
	a, b   *binned
	acc    []uint64 // a.units × tiles × bins × tileWords: counts not yet spread
	used   []uint8  // a.units × bins: samples in them
	counts []uint32 // a.units × bins × tiles·tileWords × fields
}

func newJoint(a, b *binned) *joint {
	cells := a.units * a.bins * b.tiles * tileWords
	return &joint{a: a, b: b,
		acc:    make([]uint64, cells),
		used:   make([]uint8, a.units*a.bins),
		counts: make([]uint32, cells*fields),
	}
}

// count adds the prepared samples for the units from..to−1 of a.
func (j *joint) count(from, to int) {
	a, b := j.a, j.b
	for tile := range b.tiles {
		rows := b.onehot[tile*rowsAtOnce*tileWords:][:rowsAtOnce*tileWords]
		for u := from; u < to; u++ {
			start, order := a.start[u*(a.bins+1):], a.order[u*rowsAtOnce:]
			for k := range a.bins {
				acc := (*[tileWords]uint64)(j.acc[((u*b.tiles+tile)*a.bins+k)*tileWords:])
				used := int(j.used[u*a.bins+k])
				run := order[start[k]:start[k+1]]
				for len(run) > 0 {
					n := min(full-used, len(run))
					addWords(acc, rows, run[:n])
					used += n
					run = run[n:]
					if used == full {
						j.spread(u, k, tile, acc)
						used = 0
					}
				}
			}
		}
	}
	for u := from; u < to; u++ {
		for k := range a.bins {
			n := int(a.start[u*(a.bins+1)+k+1]) - int(a.start[u*(a.bins+1)+k])
			j.used[u*a.bins+k] = uint8((int(j.used[u*a.bins+k]) + n) % full)
		}
	}
}

// addWords adds the rows named to acc. All fields are added at once; none overflows into the
// next, since acc gets at most full samples.
func addWords(acc *[tileWords]uint64, rows []uint64, named []uint16) {
	row := func(i int) *[tileWords]uint64 { return (*[tileWords]uint64)(rows[int(named[i])*tileWords:]) }
	for ; len(named) >= 8; named = named[8:] {
		r0, r1, r2, r3, r4, r5, r6, r7 := row(0), row(1), row(2), row(3), row(4), row(5), row(6), row(7)
		for i := range acc {
			acc[i] += r0[i] + r1[i] + r2[i] + r3[i] + r4[i] + r5[i] + r6[i] + r7[i]
		}
	}
	if len(named) >= 4 {
		r0, r1, r2, r3 := row(0), row(1), row(2), row(3)
		for i := range acc {
			acc[i] += r0[i] + r1[i] + r2[i] + r3[i]
		}
		named = named[4:]
	}
	if len(named) >= 2 {
		r0, r1 := row(0), row(1)
		for i := range acc {
			acc[i] += r0[i] + r1[i]
		}
		named = named[2:]
	}
	if len(named) > 0 {
		r := row(0)
		for i := range acc {
			acc[i] += r[i]
		}
	}
}

// spread adds the fields of acc to the counts and clears them.
func (j *joint) spread(unit, bin, tile int, acc *[tileWords]uint64) {
	at := ((unit*j.a.bins+bin)*j.b.tiles + tile) * tileWords * fields
	counts := (*[tileWords * fields]uint32)(j.counts[at:])
	for i, w := range acc {
		c := (*[fields]uint32)(counts[i*fields:])
		c[0] += uint32(w & full)
		c[1] += uint32(w >> 7 & full)
		c[2] += uint32(w >> 14 & full)
		c[3] += uint32(w >> 21 & full)
		c[4] += uint32(w >> 28 & full)
		c[5] += uint32(w >> 35 & full)
		c[6] += uint32(w >> 42 & full)
		c[7] += uint32(w >> 49 & full)
		c[8] += uint32(w >> 56 & full)
		acc[i] = 0
	}
}

// finish spreads what is left of the units from..to−1 of a.
func (j *joint) finish(from, to int) {
	for u := from; u < to; u++ {
		for tile := range j.b.tiles {
			for k := range j.a.bins {
				j.spread(u, k, tile, (*[tileWords]uint64)(j.acc[((u*j.b.tiles+tile)*j.a.bins+k)*tileWords:]))
			}
		}
	}
}

// table writes the joint counts of a pair of units to dst, (bins+1)×(bins+1), rows: bins of
// unit i of a.
func (j *joint) table(dst []int, i, k int) {
	n := j.a.bins + 1
	ma, mb := j.a.marginal[i*n:][:n], j.b.marginal[k*n:][:n]
	zero := dst[:n]
	copy(zero, mb)
	for r := 1; r < n; r++ {
		row := dst[r*n:][:n]
		row[0] = ma[r]
		// The words of a unit lie side by side, fields after fields.
		c := j.counts[((i*j.a.bins+r-1)*j.b.tiles*tileWords+k*j.b.words)*fields:][:n-1]
		for s, v := range c {
			row[s+1] = int(v)
			row[0] -= int(v)
			zero[s+1] -= int(v)
		}
		zero[0] -= row[0]
	}
}
