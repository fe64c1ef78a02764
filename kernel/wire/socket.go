package wire

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"net"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/go-zeromq/zmq4"
	"github.com/go-zeromq/zmq4/security/null"
)

// Socket is a bound socket. Recv is for one goroutine; Send and Close may be called from any.
type Socket interface {
	// Recv returns the next message; its first frame is the identity of the peer that sent it.
	Recv() ([][]byte, error)
	// Send queues a message: on a router socket for the peer that the first frame names (and drops it when that peer
	// is gone), on a publishing socket for every subscriber of a prefix of the first frame. The frames are not copied.
	Send(frames [][]byte) error
	// Addr is where the socket listens.
	Addr() net.Addr
	// Close sends what is queued, for at most a second, and ends the socket; Recv then returns ErrClosed.
	Close() error
}

// ErrClosed is what a closed socket answers.
var ErrClosed = errors.New("wire: socket closed")

// Sockets are the five sockets of a kernel.
type Sockets struct {
	Shell, Control, Stdin, Heartbeat Socket // routers
	IOPub                            Socket // publisher
}

// Listen binds the five sockets of a connection. A port of 0 takes any free one. What welcome returns for the prefix of a
// new subscription, as XPUB sockets learn of it, goes to this subscriber alone, before anything that is published; nil
// welcomes nobody.
func Listen(c Connection, welcome func(prefix string) [][]byte) (*Sockets, error) {
	s := &Sockets{}
	for _, b := range []struct {
		name    string
		port    int
		publish bool
		socket  *Socket
	}{
		{"shell", c.ShellPort, false, &s.Shell},
		{"control", c.ControlPort, false, &s.Control},
		{"stdin", c.StdinPort, false, &s.Stdin},
		{"heartbeat", c.HeartbeatPort, false, &s.Heartbeat},
		{"iopub", c.IOPubPort, true, &s.IOPub},
	} {
		listener, err := bind(c.endpoint(b.port))
		if err != nil {
			closeErr := s.Close()
			return nil, errors.Join(fmt.Errorf("wire: %s socket: %w", b.name, err), closeErr)
		}
		*b.socket = newBinding(listener, b.publish, welcome)
	}
	return s, nil
}

// bind listens. The file of an ipc socket whose kernel was killed is replaced; one that answers is not.
func bind(network, address string) (net.Listener, error) {
	l, err := net.Listen(network, address)
	if err == nil || network != "unix" {
		return l, err
	}
	if info, e := os.Lstat(address); e != nil || info.Mode().Type() != os.ModeSocket {
		return nil, err
	}
	if c, e := net.Dial(network, address); e == nil {
		return nil, errors.Join(err, c.Close())
	}
	if e := os.Remove(address); e != nil {
		return nil, errors.Join(err, e)
	}
	return net.Listen(network, address)
}

// Close closes all sockets that are open.
func (s *Sockets) Close() error {
	var wait sync.WaitGroup
	errs := make([]error, 5)
	for i, socket := range []Socket{s.Shell, s.Control, s.Stdin, s.Heartbeat, s.IOPub} {
		if socket != nil {
			wait.Go(func() { errs[i] = socket.Close() })
		}
	}
	wait.Wait()
	return errors.Join(errs...)
}

const (
	handshakeLimit = 10 * time.Second
	// A peer whose queue holds this much and that takes nothing for this long is cut off, so that it does not fill the
	// memory: until then the cell waits for it. Where others wait with the cell, it has no longer than crowdLimit to make
	// room, so that nobody is stopped by another's trouble. It may connect again.
	queueLimit = 64 << 20
	stallLimit = 5 * time.Second
	crowdLimit = 250 * time.Millisecond
	// Largest message that a peer may send: what it announces is allocated at once.
	messageLimit = 256 << 20
	closeLimit   = time.Second
	// Longest prefix, and how many of them one subscriber may have.
	topicLimit  = 1 << 10
	topicsLimit = 1 << 10
)

// limits bound the queue of a peer.
type limits struct {
	bytes int           // that may wait; a single larger message may
	wait  time.Duration // without progress, for the only receiver
	crowd time.Duration // without room, for one of several
}

// binding is a listening socket with its peers.
type binding struct {
	listener net.Listener
	publish  bool
	welcome  func(prefix string) [][]byte // nil: subscribers are not greeted
	queueing limits
	incoming chan [][]byte
	done     chan struct{}
	once     sync.Once
	running  sync.WaitGroup

	mu     sync.Mutex
	peers  map[string]*peer // by identity
	closed bool
}

func newBinding(l net.Listener, publish bool, welcome func(prefix string) [][]byte) *binding {
	b := &binding{listener: l, publish: publish, welcome: welcome, queueing: limits{queueLimit, stallLimit, crowdLimit}, incoming: make(chan [][]byte, 16), done: make(chan struct{}), peers: map[string]*peer{}}
	b.running.Go(b.accept)
	return b
}

func (b *binding) Addr() net.Addr { return b.listener.Addr() }

func (b *binding) accept() {
	for {
		conn, err := b.listener.Accept()
		if err != nil {
			select {
			case <-b.done:
				return
			case <-time.After(10 * time.Millisecond): // out of file descriptors, say: try again
				continue
			}
		}
		b.running.Go(func() { b.serve(conn) })
	}
}

// serve shakes hands with a peer and reads from it until it or the socket ends.
func (b *binding) serve(raw net.Conn) {
	defer raw.Close() // a second Close of the same connection is harmless
	defer guard(raw)
	if err := raw.SetDeadline(time.Now().Add(handshakeLimit)); err != nil {
		return
	}
	link := newLink(raw)
	kind := zmq4.Router
	if b.publish {
		kind = zmq4.XPub
	}
	conn, err := zmq4.Open(link, null.Security(), kind, nil, true, nil)
	if err != nil {
		return // not a ZeroMQ peer, or gone already
	}
	if err := raw.SetDeadline(time.Time{}); err != nil {
		return
	}
	identity := conn.Peer.Meta["Identity"]
	if identity == "" {
		identity = "\x00" + rand.Text() // no peer can choose a name that starts with zero
	}
	p := newPeer(conn, link, identity, b.queueing)
	if !b.add(p) {
		return
	}
	b.running.Go(func() {
		defer guard(raw)
		p.write()
	})
	defer b.remove(p)
	for {
		m, err := conn.RecvMsg()
		if err != nil {
			return
		}
		if m.Type == zmq4.CmdMsg || len(m.Frames) == 0 {
			continue
		}
		if b.publish {
			b.subscribe(p, m.Frames[0])
			continue
		}
		select {
		case b.incoming <- append([][]byte{[]byte(identity)}, m.Frames...):
		case <-b.done:
			return
		}
	}
}

// subscribe takes a subscription message, one byte (1 or 0) and the prefix.
func (b *binding) subscribe(p *peer, frame []byte) {
	if len(frame) == 0 || frame[0] > 1 || len(frame) > topicLimit {
		return
	}
	prefix := string(frame[1:])
	if frame[0] == 0 {
		p.unsubscribe(prefix)
		return
	}
	var welcome [][]byte
	if b.welcome != nil && !p.full() {
		welcome = b.welcome(prefix)
	}
	p.subscribe(prefix, welcome)
}

// guard keeps a panic with its peer: the framing is another's code and reads what strangers send.
func guard(c net.Conn) {
	if r := recover(); r != nil {
		log.Printf("wire: peer %s dropped: %v\n%s", c.RemoteAddr(), r, debug.Stack())
	}
}

// add registers a peer; one that comes back under the same identity takes the place of the old one.
func (b *binding) add(p *peer) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return false
	}
	if old := b.peers[p.identity]; old != nil {
		old.end()
	}
	b.peers[p.identity] = p
	return true
}

func (b *binding) remove(p *peer) {
	p.end()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.peers[p.identity] == p {
		delete(b.peers, p.identity)
	}
}

func (b *binding) Recv() ([][]byte, error) {
	select {
	case m := <-b.incoming:
		return m, nil
	case <-b.done:
		return nil, ErrClosed
	}
}

func (b *binding) Send(frames [][]byte) error {
	if len(frames) == 0 {
		return errors.New("wire: message without frames")
	}
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return ErrClosed
	}
	var to []*peer
	if b.publish {
		for _, p := range b.peers {
			if p.subscribed(frames[0]) {
				to = append(to, p)
			}
		}
	} else if p := b.peers[string(frames[0])]; p != nil {
		to, frames = append(to, p), frames[1:]
	}
	b.mu.Unlock()
	for _, p := range to {
		p.queue(frames, len(to) > 1)
	}
	return nil
}

func (b *binding) Close() error {
	var err error
	b.once.Do(func() {
		b.mu.Lock()
		b.closed = true
		peers := make([]*peer, 0, len(b.peers))
		for _, p := range b.peers {
			peers = append(peers, p)
		}
		b.mu.Unlock()
		close(b.done)
		err = b.listener.Close()
		limit := time.Now().Add(closeLimit)
		for _, p := range peers {
			p.drain(limit)
			p.end()
		}
		b.running.Wait()
	})
	return err
}
