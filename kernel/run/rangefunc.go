package run

// Range over functions. A loop body may be called until it has returned false, one call at a time, and only inside the
// call of the iterator function. Lowered code keeps the state of a loop in a variable: 0 is ready, and

var rangeStates = map[int]string{
	1: "range function continued iteration after function for loop body returned false",
	2: "range function continued iteration after loop body panic", // or beside one that has not ended
	3: "range function continued iteration after whole loop exit",
	4: "range function recovered a loop body panic and did not resume panicking",
}

// badRange panics for a call of a loop body that must not be.
func badRange(state int) { panic(runtimeError("runtime error: " + rangeStates[state])) }
