// Package server is a Jupyter kernel without its language: it answers the messages of front ends on the five sockets
// that package wire gives it, and lets an Engine (package session's Session) run, complete and inspect cells.
//
// One goroutine reads each socket. Execute requests wait in a queue and run one after the other; everything else on the
// shell socket is answered by a second goroutine and the control socket by a third, so completion, inspection,
// kernel_info and interrupts answer while a cell runs.
//
//	s, err := server.New(server.Options{ConnectionFile: file, Engine: session})
//	err = s.Serve(ctx) // until a shutdown request, or ctx ends
//
// Comm messages wait in a queue of their own, beside the cells; whoever wants comms registers with Server.Comms. The
// history is kept on disk across kernels, written beside the cells (historyfile.go has the format).
//
// To add a message: its content struct in package wire, its handler in the table in dispatch.go.
package server
