// Package display is what cells use to show things: it stands ready in every cell without an import, and is the only
// package of the kernel that cells see beside widget.
//
//	display.HTML("<b>done</b>")                        // as the last line of a cell: its result
//	display.Display(matrix, picture, 42)               // at once, from anywhere in a cell; Display alone does too
//	display.Update("loss", figure)                     // the same place again and again
//	display.Clear(true)                                // the cell's outputs so far go when the next one comes
//	bar := display.Progress("digits", 1000)            // bar.Add(1) ... bar.Finish("done")
//	name, err := display.Input("name: ")
//
// A value of a type of one's own shows itself by the methods of the interfaces here (HTMLer, SVGer, PNGer, Renderer and
// their kin) or by MIMEBundle() map[string]any with MIME types as keys. Names and interfaces are those of the kernel
// gophernotes, so that its notebooks run here.
//
// Functions that need a front end return an error in a program without one. Nothing here panics but File, for a file that
// cannot be read.
package display
