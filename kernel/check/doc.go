// Package check gives a parsed cell its meaning: it type-checks the cell with go/types against what earlier cells defined
// and against embedded export data of the compiled packages, before anything of it runs.
//
//	p, err := check.New(cell.NewFiles(), exportData, preload)
//	unit, err := p.Check(c)  // err is a cell.Diagnostics; the program is unchanged
//	...                      // lower and evaluate the unit
//	unit.Commit()            // now later cells see what it declares
//
// A cell is checked in three passes: types, constants and signatures; then the statements, as one function body whose
// top-level variables become variables of the session; then the bodies of functions, which may use those variables.
// One types.Package and one scope address serve all passes of a session: fields that are not exported compare the package
// pointer, and instantiation walks parent scopes up to the package scope.
//
// What interprets or rewrites code is not here: packages lower and run do that.
package check
