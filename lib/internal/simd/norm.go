package simd

// The steps of batch normalisation. x holds rows of d values (positions × channels); what is
// summed over rows is summed in float64, rows in order.

// SumRows adds each row of x (len(x)/len(acc) rows of len(acc) values) to acc. It panics
// unless the length of x is a multiple of that of acc.
func SumRows(acc []float64, x []float32) {
	d := len(acc)
	for r := range rowsOf("SumRows", d, len(x)) {
		row := x[r*d:][:d]
		for c, v := range row {
			acc[c] += float64(v)
		}
	}
}

// SquareRows adds (x−mean)², row by row of x, to acc. It panics unless mean and acc have the
// same length and that of x is a multiple of it.
func SquareRows(acc []float64, x, mean []float32) {
	d := len(acc)
	same("SquareRows", d, len(mean))
	for r := range rowsOf("SquareRows", d, len(x)) {
		row := x[r*d:][:d]
		for c, v := range row {
			u := float64(v - mean[c])
			acc[c] += u * u
		}
	}
}

// ProductRows adds dy to sum and dy·(x−mean) to product, row by row. It panics unless sum,
// product and mean have the same length, and dy and x too, a multiple of that.
func ProductRows(sum, product []float64, dy, x, mean []float32) {
	d := len(sum)
	same("ProductRows", d, len(product))
	same("ProductRows", d, len(mean))
	same("ProductRows", len(dy), len(x))
	for r := range rowsOf("ProductRows", d, len(x)) {
		row, grad := x[r*d:][:d], dy[r*d:][:d]
		for c, v := range row {
			sum[c] += float64(grad[c])
			product[c] += float64(grad[c]) * float64(v-mean[c])
		}
	}
}

// NormRows writes y = scale·(x−mean) + shift, row by row. It panics unless mean, scale and
// shift have the same length, and y and x too, a multiple of that.
func NormRows(y, x, mean, scale, shift []float32) {
	d := len(mean)
	same("NormRows", d, len(scale))
	same("NormRows", d, len(shift))
	same("NormRows", len(y), len(x))
	for r := range rowsOf("NormRows", d, len(x)) {
		row, out := x[r*d:][:d], y[r*d:][:d]
		for c, v := range row {
			out[c] = scale[c]*(v-mean[c]) + shift[c]
		}
	}
}

// NormRowsBack writes dx = a·dy + b·(x−mean) + c, row by row. It panics unless a, b, c and
// mean have the same length, and dx, dy and x too, a multiple of that.
func NormRowsBack(dx, dy, x, mean, a, b, c []float32) {
	d := len(mean)
	same("NormRowsBack", d, len(a))
	same("NormRowsBack", d, len(b))
	same("NormRowsBack", d, len(c))
	same("NormRowsBack", len(dx), len(x))
	same("NormRowsBack", len(dy), len(x))
	for r := range rowsOf("NormRowsBack", d, len(x)) {
		row, grad, out := x[r*d:][:d], dy[r*d:][:d], dx[r*d:][:d]
		for k, v := range row {
			out[k] = a[k]*grad[k] + (b[k]*(v-mean[k]) + c[k])
		}
	}
}
