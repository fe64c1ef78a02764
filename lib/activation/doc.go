// Package activation streams the activations of chosen layers over a set of pictures,
// block by block, for any number of nets side by side. Nothing is stored: conv1 of one
// large net over one large set alone would not fit a disk.
//
//	acts := activation.Stream(nets, data.Validation, "conv1", "conv2") // lazy: nothing runs yet
//	err := acts.Each(ctx, func(b *activation.Block) error {
//		conv1 := b.Layers[0]              // rows: pictures × positions, columns: units
//		use(conv1.Values[0], conv1.Values[1]) // the same rows of net 0 and net 1
//		return nil
//	})
//
// The units of a convolution are its channels, and every picture and position is a sample;
// the units of a fully connected layer are its outputs, and every picture is a sample. Values
// are float32, after the ReLU. Row r of every net belongs to the same picture and position,
// unless [Source.Shuffled] gives each net the pictures in another order: then whatever
// agreement remains is the chance level.
//
// [Arrays] is the source of activations that were computed elsewhere, from plain matrices.
//
// [Source.Range] and [Source.Part] divide the pictures among runs or machines. [Top] finds in one
// pass the pictures and positions that excite each unit most, with a histogram of its
// activations.
//
// What does not live here: other statistics of the activations (lib/corr), the nets (lib/nn), and
// the read-out of single pictures (nn.Evaluator).
//
// Blocks come in the set's order and have a size that depends on the nets alone, so results
// do not depend on the number of workers; GOMAXPROCS nets are evaluated at a time, and memory
// stays bounded whatever the size of the set. A block and its slices are valid only during the
// call that receives it. Sources are immutable and may be used by several goroutines; the
// nets must not be trained meanwhile. What does not fit (an unknown layer, pictures of
// another size, nets whose layers have other positions) is an error of [Source.Each]; nil nets
// or sets panic.
package activation
