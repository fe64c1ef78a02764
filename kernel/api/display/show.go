package display

import "errors"

// errNoSession is the error of what only a cell can do; the session puts its own functions in place of those here.
var errNoSession = errors.New("display: not in a cell")

// Display shows values below the cell, at once and in order: each as it would show as the last line of a cell.
// The error tells that nobody can show anything.
func Display(values ...any) error { return errNoSession }

// DisplayID shows a value under an id; Update then replaces it, from the same cell or a later one.
func DisplayID(id string, value any) error { return errNoSession }

// Update shows a value in the place of the one with that id. The first call of a cell shows it, unless DisplayID did; so
// a loop that updates needs no first step, and the cell can be run again.
func Update(id string, value any) error { return errNoSession }

// Clear removes the outputs of the cell: at once, or with wait when the next output comes, which does not flicker.
func Clear(wait bool) error { return errNoSession }

// Input asks the user for a line of text.
func Input(prompt string) (string, error) { return "", errNoSession }

// Password asks the user for a line of text that is not shown while it is typed, and kept nowhere.
func Password(prompt string) (string, error) { return "", errNoSession }

// Progress shows a bar for work of total steps; 0 if their number is not known. In a program without a front end the bar
// is silent.
func Progress(label string, total int) *Bar { return NewBar(label, total, nil) }
