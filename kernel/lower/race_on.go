//go:build race

package lower

// markCalls: under the race detector marks are set by calls that it does not see. They are shared by goroutines on purpose.
const markCalls = true
