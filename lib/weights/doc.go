// Package weights opens files of trained parameters, whatever program wrote them, and writes
// such files for other programs to go on from.
//
//	f, err := weights.Read("lenet_iter_10000.caffemodel") // the format is seen from the content
//	fmt.Println(f)                                        // a table: name, shape, type
//	w := f.Tensor("conv1/0")                              // nil if there is none
//	hwio, err := weights.HWIO(w)                          // Caffe's and torch's filters as lib/nn has them
//	err = weights.Write("lenet.npz", f)                   // or .safetensors
//
// # Nets
//
// One line opens a family, whoever trained it and with whatever program:
//
//	nets, err := weights.LoadAll("models/caffe-cifar10-quick/*", nn.CIFAR10Quick)
//	net, err := weights.Load("deploy.prototxt", "lenet_iter_10000.caffemodel") // architecture and parameters
//	net, err := weights.Open("model.onnx")                                     // a file that holds both
//	arch, err := weights.Architecture("deploy.prototxt")                       // to be trained here
//
// Layouts are converted (filters and dense weights from units first to units last, the inputs of the
// first dense layer from channel, height, width to height, width, channel, blue, green, red to red,
// green, blue), and pictures are prepared as when the net was trained; [ToNet] does the former alone.
// Activations that another program computed are read by [ReadMatrix].
//
// # Files
//
// What [Read] opens, and how it names tensors:
//
//	safetensors          F64, F32, F16, BF16, whole numbers, BOOL; the names of the file
//	npy, npz             <, > and = f2 f4 f8, i1 to i8, u1 to u8, b1; C and Fortran order;
//	                     an npy file's tensor has the name "", an npz's are without ".npy"
//	torch .pt, .pth, .th state dicts: zip form and legacy stream; keys of nested dicts are
//	                     joined with "."; see below
//	.caffemodel          layer/0 (weights), layer/1 (bias), ...; V1 (`layers`) and current layout
//	.binaryproto         one blob: "mean"
//	HDF5                 path of the data set; "data/" is left out for Caffe's .caffemodel.h5
//	ONNX                 names of the initialisers; the nodes are in File.Graph
//	CSV                  by ReadMatrix alone: numbers, a line for each sample
//	nets of lib/nn       layer.weight, layer.bias
//
// Numbers become float32 whatever they were: float64 is rounded, whole numbers above 2²⁴ too.
// Shapes and their order are those of the file, row-major (the last index runs fastest), so
// that convolutions are units × inputs × rows × columns (OIHW) in Caffe, torch and ONNX, and
// HWIO in Keras and in lib/nn; [HWIO], [OIHW], [Transpose], [RowsHWC] and [RowsCHW] convert.
//
// A torch file is a pickle, a little program. The machine here knows dicts, lists, tuples,
// numbers, strings and the rebuilding of tensors from storages; it can call nothing, and any
// other class ends the reading with an error that names it. Of a checkpoint only the dict
// under "state_dict", "model_state_dict" or "model" is read, if there is one with tensors.
//
// HDF5 is read as far as Caffe and Keras write it: superblocks 0 to 2; groups as symbol tables
// or link messages; compact, contiguous and chunked (B-tree version 1) data of IEEE floats and
// whole numbers, with the filters deflate and shuffle. Checksums of HDF5 metadata are not
// compared. What a file has beyond that is listed in File.Skipped if it is a data set, and an
// error if the file cannot be walked.
//
// Reading is bounded: a file is at most 2 GiB, and what it asks for in memory is compared with
// what its bytes can hold before anything is made. A bad file is a [*FormatError] with path,
// offset and what was expected. Nothing here panics for what is in a file.
//
// What does not live here: nets and architectures (lib/nn), pictures (lib/dataset). Besides
// lib/nn the package imports lib/store, for files that are whole or not there.
package weights
