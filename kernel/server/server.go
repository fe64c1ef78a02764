package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"net"
	"runtime/debug"
	"sync"
	"time"

	"gonverge/kernel/display"
	"gonverge/kernel/session"
	"gonverge/kernel/wire"
)

// Engine runs cells; *session.Session is one. Run is called by one goroutine at a time, the others at any time.
// Cursors are byte offsets.
type Engine interface {
	Run(ctx context.Context, source string, o session.RunOptions, sink session.Sink) session.Reply
	Complete(source string, cursor int) session.Completion
	Inspect(source string, cursor, detail int) (display.Bundle, bool)
	IsComplete(source string) (status, indent string)
	Close()
}

// Options say what a server serves.
type Options struct {
	ConnectionFile string          // the file that the front end wrote; "" takes Connection
	Connection     wire.Connection // where to listen, and the key
	Engine         Engine
	Version        string      // of the kernel, for kernel_info; "" is "devel"
	History        string      // file with the cells of earlier runs; "" is HistoryFile(), "-" is none
	Log            *log.Logger // where dropped messages and internal errors go; nil is log.Default()
}

// Server is a kernel on its sockets.
type Server struct {
	connection wire.Connection
	sockets    *wire.Sockets
	signer     *wire.Signer
	engine     Engine
	version    string
	log        *log.Logger
	session    string // this kernel's, in the headers of its messages

	stop    context.CancelFunc // ends Serve
	stopped context.Context

	cells    queue // execute requests
	messages queue // comm messages
	others   queue // all other requests on the shell socket
	abort    abortion
	history  history
	comms    Comms
	count    int // the number of the last cell; used by the executing goroutine only

	turn chan struct{} // holds one value while somebody waits for input

	mu     sync.Mutex
	asking *question // that waits for its answer, or nil
}

// New reads the connection file and binds the sockets. Clients may connect from now on; they are served by Serve.
func New(o Options) (*Server, error) {
	if o.Engine == nil {
		panic("server: no Engine in Options")
	}
	if o.ConnectionFile != "" {
		c, err := wire.ReadConnection(o.ConnectionFile)
		if err != nil {
			return nil, err
		}
		o.Connection = c
	}
	s := &Server{
		connection: o.Connection, signer: wire.NewSigner(o.Connection.Key),
		engine: o.Engine, version: o.Version, log: o.Log, session: rand.Text(), turn: make(chan struct{}, 1),
	}
	if s.version == "" {
		s.version = "devel"
	}
	if s.log == nil {
		s.log = log.Default()
	}
	s.comms = Comms{send: s.sendComm, targets: map[string]CommOpen{}, open: map[string]*comm{}, asked: map[string]bool{}}
	if e, ok := o.Engine.(interface{ UseComms(session.Comms) }); ok {
		e.UseComms(&s.comms)
	}
	sockets, err := wire.Listen(o.Connection, s.welcome)
	if err != nil {
		return nil, err
	}
	s.sockets = sockets
	for _, p := range []struct {
		socket wire.Socket
		port   *int
	}{
		{sockets.Shell, &s.connection.ShellPort}, {sockets.Control, &s.connection.ControlPort}, {sockets.Stdin, &s.connection.StdinPort},
		{sockets.IOPub, &s.connection.IOPubPort}, {sockets.Heartbeat, &s.connection.HeartbeatPort},
	} {
		if a, ok := p.socket.Addr().(*net.TCPAddr); ok {
			*p.port = a.Port
		}
	}
	s.stopped, s.stop = context.WithCancel(context.Background())
	s.cells.init()
	s.messages.init()
	s.others.init()
	s.openHistory(o.History)
	return s, nil
}

// openHistory starts the history with a file, or without one where there is none to be had.
func (s *Server) openHistory(file string) {
	switch file {
	case "":
		name, err := HistoryFile()
		if err != nil {
			s.log.Print(err)
		}
		file = name
	case "-":
		file = ""
	}
	s.history.open(file, func(err error) { s.log.Print(err) })
}

// welcome is what a new subscriber of iopub gets first.
func (s *Server) welcome(prefix string) [][]byte {
	frames, err := s.signer.Encode(&wire.Message{
		Identities: [][]byte{[]byte(prefix)}, Header: wire.NewHeader(s.session, "iopub_welcome"),
		Content: wire.Welcome{Subscription: prefix},
	})
	if err != nil {
		s.log.Printf("server: iopub_welcome not sent: %v", err)
		return nil
	}
	return frames
}

// Connection returns the connection with the ports that are really bound.
func (s *Server) Connection() wire.Connection { return s.connection }

// engineLimit is how long an interrupted cell may take to end before the kernel goes without it.
const engineLimit = 2 * time.Second

// Serve answers requests until a front end asks for shutdown (nil) or ctx ends (its error). The running cell is
// interrupted, sockets are closed, and then the engine.
func (s *Server) Serve(ctx context.Context) error {
	var readers sync.WaitGroup
	readers.Go(s.echo)
	readers.Go(func() { s.read(s.sockets.Shell, s.receiveShell) })
	readers.Go(func() { s.read(s.sockets.Control, s.receiveControl) })
	readers.Go(func() { s.read(s.sockets.Stdin, s.receiveStdin) })
	readers.Go(func() { s.others.each(s.handle) })
	executing := make(chan struct{})
	go func() {
		defer close(executing)
		var workers sync.WaitGroup
		workers.Go(func() { s.cells.each(s.handle) })
		workers.Go(func() { s.messages.each(s.handle) })
		workers.Wait()
	}()
	s.publish(nil, "status", wire.Status{ExecutionState: "starting"})

	var err error
	select {
	case <-ctx.Done():
		err = ctx.Err()
	case <-s.stopped.Done():
	}
	s.stop()
	s.cells.close()
	s.messages.close()
	s.others.close()
	select { // the end of s.stopped has interrupted what runs
	case <-executing:
	case <-time.After(engineLimit):
		s.log.Print("server: leaving a cell that does not stop")
	}
	err = errors.Join(err, s.sockets.Close())
	readers.Wait()
	s.history.close()
	s.engine.Close()
	return err
}

// Interrupt cancels the running cell, or the one that is about to run; without one the handling of a comm message. When
// nothing runs it does nothing.
func (s *Server) Interrupt() {
	if !s.cells.interrupt() {
		s.messages.interrupt()
	}
}

// request is a received message and where its reply goes.
type request struct {
	*wire.Message
	socket   wire.Socket
	received time.Time
	aborted  bool // a cell before it failed

	ctx    context.Context    // of cells and comm messages: ends with an interrupt, or the request
	cancel context.CancelFunc // ends ctx
}

// read decodes what comes in on a socket until it is closed. What is unsigned, replayed or malformed is dropped.
func (s *Server) read(socket wire.Socket, do func(*request)) {
	for {
		frames, err := socket.Recv()
		if err != nil {
			return
		}
		m, err := s.signer.Decode(frames)
		if err != nil {
			s.log.Printf("server: dropped: %v", err)
			continue
		}
		do(&request{Message: m, socket: socket, received: time.Now()})
	}
}

// echo answers heartbeats with what they are.
func (s *Server) echo() {
	for {
		frames, err := s.sockets.Heartbeat.Recv()
		if err != nil {
			return
		}
		if err := s.sockets.Heartbeat.Send(frames); err != nil {
			return
		}
	}
}

func (s *Server) receiveShell(r *request) {
	to := &s.others
	switch r.Header.MsgType {
	case "execute_request":
		to = &s.cells
	case "comm_open", "comm_msg", "comm_close":
		to = &s.messages
	case "interrupt_request":
		s.Interrupt()
	}
	if to != &s.others {
		r.ctx, r.cancel = context.WithCancel(s.stopped)
	}
	to.put(r)
}

// receiveControl answers at once. An interrupt does not wait for the status before it: a front end that reads nothing
// may hold that up.
func (s *Server) receiveControl(r *request) {
	switch r.Header.MsgType {
	case "execute_request", "comm_open", "comm_msg", "comm_close": // in their turn, like those on the shell socket
		s.receiveShell(r)
		return
	case "interrupt_request":
		s.Interrupt()
	}
	s.handle(r)
}

// reply answers a request on the socket that it came from.
func (s *Server) reply(r *request, msgType string, content any) {
	s.send(r.socket, &wire.Message{
		Identities: r.Identities, Header: wire.NewHeader(s.session, msgType), Parent: r.Header, Content: content,
	})
}

// publish tells all front ends; parent is the request that caused it, or nil.
func (s *Server) publish(parent *request, msgType string, content any) {
	s.publishMessage(parent, &wire.Message{Header: wire.NewHeader(s.session, msgType), Content: content})
}

func (s *Server) publishMessage(parent *request, m *wire.Message) {
	m.Identities = [][]byte{[]byte("kernel." + s.session + "." + m.Header.MsgType)}
	if parent != nil {
		m.Parent = parent.Header
	}
	s.send(s.sockets.IOPub, m)
}

func (s *Server) send(socket wire.Socket, m *wire.Message) {
	frames, err := s.signer.Encode(m)
	if err == nil {
		err = socket.Send(frames)
	}
	if err != nil && !errors.Is(err, wire.ErrClosed) {
		s.log.Printf("server: %s not sent: %v", m.Header.MsgType, err)
	}
}

// recovered turns a panic of a handler or the engine into an error that the front end sees.
func (s *Server) recovered(p any) wire.ErrorReply {
	s.log.Printf("server: panic: %v\n%s", p, debug.Stack())
	text := fmt.Sprintf("the kernel failed at this request (this is a bug in the kernel, not in your code): %v", p)
	return wire.ErrorReply{Status: "error", Name: "KernelError", Value: text, Traceback: []string{text}}
}
