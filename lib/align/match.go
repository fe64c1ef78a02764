package align

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// Match pairs rows and columns of m one-to-one so that the sum of the chosen entries, taken
// with their sign, is as large as possible:
//
//	maximise Σ_i m_{i,π(i)} over all injective π
//
// Every unit of the smaller side gets a partner, also where that lowers the mean; with more
// rows than columns the rows left over have partner -1 and score 0. Among several best
// pairings it returns one of them, always the same for the same matrix. It panics if an
// entry is NaN or infinite, naming its position.
//
// It is the shortest augmenting path method of Jonker and Volgenant (Computing 38, 1987) in
// float64: at most of order n³ steps, and near n² for matrices of correlations.
func Match(m mat.Matrix) *Matching {
	values, rows, columns := entries("Match", m)
	s := unmatched(rows)
	if rows == 0 || columns == 0 {
		return s
	}
	a := newAssignment(values, rows, columns)
	a.solve()
	for i, j := range a.column {
		if rows > columns { // solved transposed: i is a column of m
			i, j = j, i
		}
		s.Partner[i], s.Score[i] = j, values[i*columns+j]
	}
	return s
}

// assignment is a linear assignment problem with n rows and m >= n columns: minimise the
// sum of cost. v are the prices of the columns; cost[i,j] − v[j] is smallest, for every
// assigned row i, at its column. A column that was never assigned keeps the price 0, the
// others at most 0 when m > n: with both, no other choice of columns is cheaper.
type assignment struct {
	n, m   int
	cost   []float64
	v      []float64
	column []int // of each row, -1 while it is free
	row    []int // of each column, -1 while it is free
}

// newAssignment turns "largest sum" into "smallest cost", with the smaller side as rows.
func newAssignment(values []float64, rows, columns int) *assignment {
	a := &assignment{n: rows, m: columns, cost: make([]float64, len(values))}
	// Differences of entries near the limit of float64 would overflow.
	scale := -1.0
	largest := 0.0
	for _, x := range values {
		largest = max(largest, math.Abs(x))
	}
	if largest > 1e150 {
		scale = -1 / largest
	}
	if rows <= columns {
		for k, x := range values {
			a.cost[k] = scale * x
		}
	} else {
		a.n, a.m = columns, rows
		for i := range rows {
			for j, x := range values[i*columns:][:columns] {
				a.cost[j*rows+i] = scale * x
			}
		}
	}
	a.v = make([]float64, a.m)
	a.column = make([]int, a.n)
	a.row = make([]int, a.m)
	for i := range a.column {
		a.column[i] = -1
	}
	for j := range a.row {
		a.row[j] = -1
	}
	return a
}

// solve assigns every row: most by two cheap heuristics, the rest by shortest paths.
func (a *assignment) solve() {
	free := make([]int, 0, a.n)
	if a.n == a.m {
		a.reduceColumns()
	}
	for i, j := range a.column {
		if j < 0 {
			free = append(free, i)
		}
	}
	// Two passes, as Jonker and Volgenant found best.
	for range 2 {
		free = a.reduceRows(free)
	}
	p := newPaths(a)
	for _, i := range free {
		p.augment(i)
	}
}

// reduceColumns gives each column the price of its cheapest row and that row, if it is free,
// the column. It is only right for a square problem, in which all columns get assigned.
func (a *assignment) reduceColumns() {
	best := make([]int, a.m)
	copy(a.v, a.cost[:a.m])
	for i := 1; i < a.n; i++ {
		for j, c := range a.cost[i*a.m:][:a.m] {
			if c < a.v[j] {
				a.v[j], best[j] = c, i
			}
		}
	}
	for j, i := range best {
		if a.column[i] < 0 {
			a.column[i], a.row[j] = j, i
		}
	}
}

// reduceRows gives each free row its cheapest column at current prices, which becomes cheaper
// by the distance to the second cheapest; a row that held it before is free again and, if the
// price fell, next in line. It returns the rows that remain free.
func (a *assignment) reduceRows(free []int) []int {
	var later []int
	if a.m < 2 {
		return free
	}
	// Each step lowers a price, but maybe by little: the number of steps has a bound too,
	// since what remains costs little by shortest paths.
	steps := 8 * a.n
	for k := 0; k < len(free); {
		i := free[k]
		k++
		row := a.cost[i*a.m:][:a.m]
		v := a.v[:len(row)]
		j1, j2 := 0, -1
		u1, u2 := row[0]-v[0], math.Inf(1)
		take := func(j int, h float64) {
			if h < u1 {
				j1, j2, u1, u2 = j, j1, h, u1
			} else {
				j2, u2 = j, h
			}
		}
		j := 1
		// Four at a time: one is below both of the smallest but rarely.
		for ; j+4 <= len(row); j += 4 {
			r, p := (*[4]float64)(row[j:]), (*[4]float64)(v[j:])
			h0, h1, h2, h3 := r[0]-p[0], r[1]-p[1], r[2]-p[2], r[3]-p[3]
			if h0 >= u2 && h1 >= u2 && h2 >= u2 && h3 >= u2 {
				continue
			}
			for k, h := range [4]float64{h0, h1, h2, h3} {
				if h < u2 {
					take(j+k, h)
				}
			}
		}
		for ; j < len(row); j++ {
			if h := row[j] - v[j]; h < u2 {
				take(j, h)
			}
		}
		price := a.v[j1] - (u2 - u1)
		lower := price < a.v[j1] // false also where rounding leaves the price
		if lower {
			a.v[j1] = price
		} else if a.row[j1] >= 0 && u1 == u2 {
			j1 = j2 // as cheap, and maybe free
		}
		before := a.row[j1]
		a.column[i], a.row[j1] = j1, i
		if before < 0 {
			continue
		}
		a.column[before] = -1
		steps--
		if lower && steps > 0 {
			k--
			free[k] = before
		} else {
			later = append(later, before)
		}
	}
	return later
}

// paths finds the shortest way from a free row to a free column (Dijkstra) and assigns along
// it; its slices are memory for one search.
type paths struct {
	*assignment
	dist []float64 // of each column from the free row, at reduced cost
	from []int     // the row before each column on its path
	todo []int     // columns not reached for good
	done []int     // columns reached for good, in order
}

func newPaths(a *assignment) *paths {
	return &paths{assignment: a, dist: make([]float64, a.m), from: make([]int, a.m),
		todo: make([]int, a.m), done: make([]int, 0, a.m)}
}

// augment assigns the free row start.
func (p *paths) augment(start int) {
	row := p.cost[start*p.m:][:p.m]
	for j, c := range row {
		p.dist[j] = c - p.v[j]
		p.from[j] = start
		p.todo[j] = j
	}
	p.done = p.done[:0]
	todo := p.todo
	var end int
	var length float64
	// The first step scans the start's own distances; later ones lower them by way of a row
	// and look for the least in the same go.
	at, least := p.nearest(todo)
	for {
		j := todo[at]
		length = least
		if p.row[j] < 0 {
			end = j
			break
		}
		p.done = append(p.done, j)
		todo[at] = todo[len(todo)-1]
		todo = todo[:len(todo)-1]

		i := p.row[j]
		row := p.cost[i*p.m:][:p.m]
		base := length - (row[j] - p.v[j])
		at, least = -1, math.Inf(1)
		for t, k := range todo {
			d := p.dist[k]
			if via := row[k] - p.v[k] + base; via < d {
				d = via
				p.dist[k], p.from[k] = d, i
			}
			if d < least || d == least && p.row[k] < 0 && p.row[todo[at]] >= 0 {
				at, least = t, d
			}
		}
	}
	for _, j := range p.done {
		p.v[j] += p.dist[j] - length
	}
	for j := end; ; {
		i := p.from[j]
		p.row[j] = i
		p.column[i], j = j, p.column[i]
		if i == start {
			return
		}
	}
}

// nearest returns the place in todo of the column at the least distance, a free one if
// there are several.
func (p *paths) nearest(todo []int) (at int, least float64) {
	at, least = 0, p.dist[todo[0]]
	for t, k := range todo {
		d := p.dist[k]
		if d < least || d == least && p.row[k] < 0 && p.row[todo[at]] >= 0 {
			at, least = t, d
		}
	}
	return at, least
}
