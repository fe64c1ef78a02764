package wire

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-zeromq/zmq4"
)

// peer is one connected front end on one socket, with the messages that wait for it.
type peer struct {
	conn     *zmq4.Conn
	link     *link
	identity string
	limits   limits

	mu      sync.Mutex
	changed *sync.Cond
	waiting [][][]byte // messages in order
	size    int        // their bytes
	busy    bool       // the writer holds messages
	ended   bool
	topics  map[string]bool
}

func newPeer(conn *zmq4.Conn, l *link, identity string, limits limits) *peer {
	p := &peer{conn: conn, link: l, identity: identity, limits: limits, topics: map[string]bool{}}
	p.changed = sync.NewCond(&p.mu)
	l.buffer() // from now on the writer flushes
	return p
}

// queue puts a message behind the others. When too much waits, it gives the peer some time and then cuts it off: all
// that it needs as long as it takes something, or in a crowd a short while to make room.
func (p *peer) queue(frames [][]byte, crowd bool) {
	size := sizeOf(frames)
	p.mu.Lock()
	defer p.mu.Unlock()
	for !p.ended && !p.roomLocked(size) {
		patience := p.limits.wait
		if crowd {
			patience = p.limits.crowd
		}
		taken := p.link.taken()
		if !p.waitForRoomLocked(size, patience) && (crowd || p.link.taken() == taken) {
			p.endLocked()
		}
	}
	if p.ended {
		return
	}
	p.waiting = append(p.waiting, frames)
	p.size += size
	p.changed.Broadcast()
}

func (p *peer) roomLocked(size int) bool { return p.size == 0 || p.size+size <= p.limits.bytes }

// waitForRoomLocked reports whether there is room, or the peer ended, within the patience.
func (p *peer) waitForRoomLocked(size int, patience time.Duration) bool {
	late := false
	timer := time.AfterFunc(patience, func() {
		p.mu.Lock()
		late = true
		p.changed.Broadcast()
		p.mu.Unlock()
	})
	defer timer.Stop()
	for !late && !p.ended && !p.roomLocked(size) {
		p.changed.Wait()
	}
	return p.ended || p.roomLocked(size)
}

// write sends what is queued until the peer ends. Messages that came while it wrote leave in one flush.
func (p *peer) write() {
	defer p.end()
	for {
		p.mu.Lock()
		p.busy = false
		p.changed.Broadcast()
		for len(p.waiting) == 0 && !p.ended {
			p.changed.Wait()
		}
		if p.ended {
			p.mu.Unlock()
			return
		}
		messages := p.waiting
		p.waiting = nil
		p.busy = true
		p.mu.Unlock()
		for i, m := range messages {
			messages[i] = nil // what is sent takes no more memory
			if err := p.conn.SendMsg(zmq4.NewMsgFrom(m...)); err != nil {
				return
			}
			p.mu.Lock()
			p.size -= sizeOf(m)
			p.changed.Broadcast()
			p.mu.Unlock()
		}
		if err := p.link.Flush(); err != nil {
			return
		}
	}
}

// drain waits until everything queued has been written, or the time is over.
func (p *peer) drain(until time.Time) {
	timer := time.AfterFunc(time.Until(until), p.end)
	defer timer.Stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	for !p.ended && (p.busy || len(p.waiting) > 0) {
		p.changed.Wait()
	}
}

// end closes the connection; reader and writer then return.
func (p *peer) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.endLocked()
}

func (p *peer) endLocked() {
	if p.ended {
		return
	}
	p.ended = true
	p.waiting, p.size = nil, 0
	p.changed.Broadcast()
	_ = p.conn.Close() // the peer is given up: nothing can be done about a failed close
}

// subscribe adds a prefix, unless the peer has very many, and queues the welcome, if any. Both happen at once: what is
// published before is not sent, and whoever has the welcome misses nothing. A peer that subscribes without end and reads
// nothing is cut off.
func (p *peer) subscribe(prefix string, welcome [][]byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended || len(p.topics) >= topicsLimit {
		return
	}
	size := sizeOf(welcome)
	if !p.roomLocked(size) {
		p.endLocked()
		return
	}
	p.topics[prefix] = true
	if len(welcome) > 0 {
		p.waiting = append(p.waiting, welcome)
		p.size += size
		p.changed.Broadcast()
	}
}

func sizeOf(frames [][]byte) int {
	size := 0
	for _, f := range frames {
		size += len(f)
	}
	return size
}

func (p *peer) unsubscribe(prefix string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.topics, prefix)
}

// full says that the peer has as many prefixes as it may.
func (p *peer) full() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.topics) >= topicsLimit
}

func (p *peer) subscribed(topic []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for prefix := range p.topics {
		if bytes.HasPrefix(topic, []byte(prefix)) {
			return true
		}
	}
	return false
}

var errMessageSize = errors.New("wire: message too large")

// The flags of a frame that matter here, and what a frame costs beside its bytes.
const (
	flagMore  = 1
	flagLong  = 2
	frameCost = 64
)

// link is a connection that collects writes until Flush, and refuses to read on when a peer announces a message beyond
// messageLimit: it follows the framing of ZMTP 3, a greeting of 64 bytes, then flags, a length of 1 or 8 bytes, a body.
type link struct {
	net.Conn
	in *bufio.Reader

	mu      sync.Mutex    // the reader may answer a ping while the writer writes
	out     *bufio.Writer // nil during the handshake
	written atomic.Int64  // bytes that the connection took

	greeting int    // bytes of the greeting still to come
	body     uint64 // bytes of the current frame still to come
	message  uint64 // bytes of the current message so far
	header   []byte // of the next frame, as far as it has been read
}

func newLink(c net.Conn) *link {
	return &link{Conn: c, in: bufio.NewReaderSize(c, 16<<10), greeting: 64}
}

func (l *link) buffer() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.out = bufio.NewWriterSize(metered{l}, 64<<10)
}

// taken is how many bytes the connection has taken so far.
func (l *link) taken() int64 { return l.written.Load() }

// metered writes to the connection of a link in pieces, so that progress shows within a large message too.
type metered struct{ *link }

func (m metered) Write(b []byte) (int, error) {
	const piece = 256 << 10
	done := 0
	for done < len(b) {
		n, err := m.Conn.Write(b[done:min(len(b), done+piece)])
		m.written.Add(int64(n))
		done += n
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

func (l *link) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.out == nil {
		return l.Conn.Write(b)
	}
	return l.out.Write(b)
}

func (l *link) Flush() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out.Flush()
}

func (l *link) Read(b []byte) (int, error) {
	n, err := l.in.Read(b)
	if e := l.follow(b[:n]); e != nil {
		return 0, e
	}
	return n, err
}

// follow notes what was read; it fails at the last byte of a header that announces too much, before anybody allocates.
func (l *link) follow(b []byte) error {
	for len(b) > 0 {
		switch {
		case l.greeting > 0:
			n := min(l.greeting, len(b))
			l.greeting -= n
			b = b[n:]
		case l.body > 0:
			n := min(l.body, uint64(len(b)))
			l.body -= n
			b = b[n:]
		default:
			l.header = append(l.header, b[0])
			b = b[1:]
			size := uint64(0)
			switch {
			case len(l.header) == 2 && l.header[0]&flagLong == 0:
				size = uint64(l.header[1])
			case len(l.header) == 9:
				size = binary.BigEndian.Uint64(l.header[1:])
			default:
				continue
			}
			if size > messageLimit || l.message+size > messageLimit {
				return fmt.Errorf("%w: frame of %d bytes after %d, limit %d", errMessageSize, size, l.message, messageLimit)
			}
			l.body = size
			l.message += size + frameCost
			if l.header[0]&flagMore == 0 {
				l.message = 0
			}
			l.header = l.header[:0]
		}
	}
	return nil
}
