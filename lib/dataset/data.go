package dataset

// Data is labelled pictures in two parts: those a net learns from and those it is
// measured with.
type Data struct {
	Name       string   // "leaves", "cifar10", "mnist"; of a folder its name
	Origin     string   // where the pictures come from, "generated, seed 1"
	Shape      [3]int   // height, width, channels of a picture
	Classes    int      // labels are 0..Classes-1
	ClassNames []string // the name of each label

	Train, Validation *Set
}
