//go:build !race

package lower

const markCalls = false
