// Package cell turns the text of a notebook cell into syntax: it splits imports, declarations and statements, parses each
// part with go/parser at its true position, tells complete from incomplete cells, and finds %-commands.
//
//	files := cell.NewFiles()
//	c, err := files.Parse(1, "In[1]", "import \"fmt\"\nx := 2\nfunc f() int { return x }\nf()")
//	len(c.Imports), len(c.Decls), len(c.Body.List) // 1, 1, 2
//
// It knows no types: what the names mean is package check's matter.
package cell
