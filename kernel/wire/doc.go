// Package wire carries Jupyter messages: the connection file, the sockets that a kernel binds, the framing and signing
// of messages, and Go structs for their headers and contents (protocol 5.5). It decides nothing: package server answers.
//
//	connection, err := wire.ReadConnection(file)
//	sockets, err := wire.Listen(connection, nil)
//	signer := wire.NewSigner(connection.Key)
//	frames, err := sockets.Shell.Recv()
//	message, err := signer.Decode(frames)
//
// Client is the other end, for running cells through a kernel and for tests.
//
// ZeroMQ's framing and handshake are go-zeromq's; accepting, fan-out and queues are ours, because a kernel must outlive
// a front end that stops reading, vanishes or sends rubbish: every peer has its own bounded queue and its own writer.
package wire
