// Package notebook reads, runs and writes notebook files (.ipynb, nbformat 4)
// without Jupyter. What a cell does is the session's business; this package
// collects its outputs as a front end would store them.
//
//	book, err := notebook.Read("figure-1.ipynb")
//	err = notebook.Run(ctx, book, s, notebook.RunOptions{})
//	err = book.WriteFile("out/figure-1.ipynb")
//	for _, p := range notebook.Pictures(book, "figure-1") {
//		err = notebook.WriteFile(filepath.Join("out", p.Name), p.Data)
//	}
//
// A file keeps what this package does not know: the order of keys, unknown
// fields, metadata, attachments, cell ids. It is written as Jupyter writes it
// (indented by one space, text as lists of lines, newline at the end), as nbformat
// 4.5; older files of 4.0 to 4.4 get the cell ids that 4.5 wants.
//
// A *Notebook belongs to one goroutine at a time; Run gives it back when it returns.
package notebook
