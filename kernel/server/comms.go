package server

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"

	"gonverge/kernel/session"
	"gonverge/kernel/wire"
)

// CommReceive is called with each message that the front end sends on a comm, in order and one at a time for all comms.
// ctx ends with an interrupt that finds no cell to stop. What goes to the sink is shown by the front end as caused by
// the message.
type CommReceive = func(ctx context.Context, data map[string]any, buffers [][]byte, sink session.Sink)

// CommOpen is called when the front end opens a comm to a target. It returns who receives its messages, or an error to
// refuse: the front end is then told that the comm is closed.
type CommOpen = func(id string, data map[string]any, buffers [][]byte) (CommReceive, error)

// Comms are the comms that are open, in both directions. The methods have only types of package session and of the
// language, so that an engine can describe them as an interface of its own. They may be called from any goroutine.
type Comms struct {
	send func(msgType string, content wire.Comm, metadata map[string]any, buffers [][]byte)

	mu      sync.Mutex
	targets map[string]CommOpen
	open    map[string]*comm // by id
	asked   map[string]bool  // targets that front ends named
}

// comm is one that is open.
type comm struct {
	target  string
	receive CommReceive
	closed  func() // may be nil
}

// commsLimit is how many comms may be open: no front end comes near it, and a wild one must not fill the memory.
const commsLimit = 10_000

// Register makes a target known that front ends can open comms to; another one of that name is replaced, and nil
// removes it.
func (c *Comms) Register(target string, open CommOpen) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if open == nil {
		delete(c.targets, target)
	} else {
		c.targets[target] = open
	}
}

// Open opens a comm to a target of the front end, and returns its id. receive gets the front end's messages and may be
// nil; closed, if it is not nil, is called when the front end closes the comm.
func (c *Comms) Open(target string, data, metadata map[string]any, buffers [][]byte, receive CommReceive, closed func()) string {
	id := rand.Text()
	c.mu.Lock()
	c.open[id] = &comm{target, receive, closed}
	c.mu.Unlock()
	c.send("comm_open", wire.Comm{CommID: id, Target: target, Data: data}, metadata, buffers)
	return id
}

// Send sends a message on an open comm.
func (c *Comms) Send(id string, data, metadata map[string]any, buffers [][]byte) error {
	c.mu.Lock()
	_, ok := c.open[id]
	c.mu.Unlock()
	if !ok {
		return fmt.Errorf("server: comm %s is not open", id)
	}
	c.send("comm_msg", wire.Comm{CommID: id, Data: data}, metadata, buffers)
	return nil
}

// Asked tells whether a front end has named the target, in a comm_open or a comm_info_request: it has a use for it. Front
// ends with ipywidgets ask for jupyter.widget when they connect, the others do not.
func (c *Comms) Asked(target string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asked[target]
}

// ask notes that a front end has named a target.
func (c *Comms) ask(target string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.asked) < commsLimit && target != "" {
		c.asked[target] = true
	}
}

// Close closes a comm; one that is not open is left alone.
func (c *Comms) Close(id string, data map[string]any) {
	if c.remove(id) != nil {
		c.send("comm_close", wire.Comm{CommID: id, Data: data}, nil, nil)
	}
}

func (c *Comms) remove(id string) *comm {
	c.mu.Lock()
	defer c.mu.Unlock()
	was := c.open[id]
	delete(c.open, id)
	return was
}

// accept opens a comm as a front end wants it.
func (c *Comms) accept(in wire.Comm, buffers [][]byte) error {
	c.mu.Lock()
	open, known := c.targets[in.Target]
	_, taken := c.open[in.CommID]
	count := len(c.open)
	c.mu.Unlock()
	switch {
	case !known:
		return fmt.Errorf("server: no comm target %q", in.Target)
	case in.CommID == "" || taken:
		return fmt.Errorf("server: comm id %q is empty or open already", in.CommID)
	case count >= commsLimit:
		return fmt.Errorf("server: %d comms are open", count)
	}
	receive, err := open(in.CommID, in.Data, buffers)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open[in.CommID] = &comm{target: in.Target, receive: receive}
	return nil
}

// receiver returns who receives the messages of a comm, or nil.
func (c *Comms) receiver(id string) CommReceive {
	c.mu.Lock()
	defer c.mu.Unlock()
	if known := c.open[id]; known != nil {
		return known.receive
	}
	return nil
}

// list returns the open comms, of one target unless it is "".
func (c *Comms) list(target string) map[string]wire.CommInfo {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := map[string]wire.CommInfo{}
	for id, known := range c.open {
		if target == "" || target == known.target {
			list[id] = wire.CommInfo{Target: known.target}
		}
	}
	return list
}

// Comms returns the comms of this kernel. Targets are registered before Serve, or whenever a cell asks for it.
func (s *Server) Comms() *Comms { return &s.comms }

// sendComm publishes a comm message for the running cell, or else for the comm message that is being handled.
func (s *Server) sendComm(msgType string, content wire.Comm, metadata map[string]any, buffers [][]byte) {
	if content.Data == nil {
		content.Data = map[string]any{}
	}
	cause := s.cells.current()
	if cause == nil {
		cause = s.messages.current()
	}
	s.publishMessage(cause, &wire.Message{Header: wire.NewHeader(s.session, msgType), Content: content, Metadata: metadata, Buffers: buffers})
}

func (s *Server) commInfo(r *request) (any, error) {
	var in wire.CommInfoRequest
	if err := r.Unmarshal(&in); err != nil {
		return nil, err
	}
	s.comms.ask(in.Target)
	return wire.CommInfoReply{Status: "ok", Comms: s.comms.list(in.Target)}, nil
}

// commOpen opens a comm, or tells the front end that it is closed.
func (s *Server) commOpen(r *request) (any, error) {
	var in wire.Comm
	if err := r.Unmarshal(&in); err != nil {
		return nil, err
	}
	s.comms.ask(in.Target)
	if err := s.comms.accept(in, r.Buffers); err != nil {
		s.log.Print(err)
		s.publish(r, "comm_close", wire.Comm{CommID: in.CommID, Data: map[string]any{}})
	}
	return nil, nil
}

func (s *Server) commMessage(r *request) (any, error) {
	var in wire.Comm
	if err := r.Unmarshal(&in); err != nil {
		return nil, err
	}
	if receive := s.comms.receiver(in.CommID); receive != nil {
		receive(r.ctx, in.Data, r.Buffers, &sink{server: s, request: r, ctx: r.ctx})
	}
	return nil, nil
}

func (s *Server) commClose(r *request) (any, error) {
	var in wire.Comm
	if err := r.Unmarshal(&in); err != nil {
		return nil, err
	}
	if was := s.comms.remove(in.CommID); was != nil && was.closed != nil {
		was.closed()
	}
	return nil, nil
}
