package run

import "testing"

// What prepare.go reaches into is there: with another version of the interpreter it would silently do nothing.
func TestTheInterpreterIsLaidOutAsKnown(t *testing.T) {
	if !interpreter.known {
		t.Fatal("the fields that prepare.go reads are not where they were")
	}
	m, err := New(Options{RuntimeName: "kern", CompiledName: "fast", ContextName: "ctx"})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	before := m.variables
	if err := m.Eval("var a, b int"); err != nil {
		t.Fatal(err)
	}
	if m.variables <= before || m.variables > firstVariables {
		t.Errorf("%d global variables, %d before two more", m.variables, before)
	}
}
