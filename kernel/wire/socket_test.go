package wire

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"
)

func listen(t *testing.T, publish bool) *binding {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := newBinding(l, publish, nil)
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// dial connects a go-zeromq socket; received messages come through the channel.
func dial(t *testing.T, s zmq4.Socket, b *binding) <-chan [][]byte {
	t.Helper()
	before := subscribers(b)
	if err := s.Dial("tcp://" + b.Addr().String()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if s.Type() == zmq4.Sub {
		if err := s.SetOption(zmq4.OptionSubscribe, ""); err != nil {
			t.Fatal(err)
		}
		eventually(t, "subscription", func() bool { return subscribers(b) == before+1 })
	}
	got := make(chan [][]byte, 1000)
	go func() {
		defer close(got)
		for {
			m, err := s.Recv()
			if err != nil {
				return
			}
			got <- m.Frames
		}
	}()
	return got
}

// subscribers counts the peers that get everything.
func subscribers(b *binding) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, p := range b.peers {
		if p.subscribed(nil) {
			n++
		}
	}
	return n
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s did not come", what)
		}
	}
}

func receive(t *testing.T, c <-chan [][]byte) [][]byte {
	t.Helper()
	select {
	case m := <-c:
		return m
	case <-time.After(10 * time.Second):
		t.Fatal("no message within 10 s")
		return nil
	}
}

func TestRouterAnswersThePeerThatAsked(t *testing.T) {
	b := listen(t, false)
	answers := map[string]<-chan [][]byte{}
	for _, name := range []string{"one", "two"} {
		s := zmq4.NewDealer(context.Background(), zmq4.WithID(zmq4.SocketIdentity(name)))
		answers[name] = dial(t, s, b)
		if err := s.Send(zmq4.NewMsgFrom([]byte("I am"), []byte(name))); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		m, err := b.Recv()
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Send([][]byte{m[0], []byte("you are"), m[2]}); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range answers {
		if m := receive(t, c); len(m) != 2 || string(m[1]) != name {
			t.Errorf("%s got %q", name, m)
		}
	}
	if err := b.Send([][]byte{[]byte("nobody"), {}}); err != nil {
		t.Errorf("message for a peer that is gone: %v", err)
	}
}

func TestEverySubscriberGetsEverythingInOrder(t *testing.T) {
	b := listen(t, true)
	subscribers := []<-chan [][]byte{
		dial(t, zmq4.NewSub(context.Background()), b),
		dial(t, zmq4.NewSub(context.Background()), b),
	}
	const n = 900
	for i := range n {
		if err := b.Send([][]byte{[]byte("topic"), fmt.Append(nil, i), make([]byte, i)}); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range subscribers {
		for i := range n {
			if m := receive(t, c); len(m) != 3 || string(m[1]) != fmt.Sprint(i) || len(m[2]) != i {
				t.Fatalf("message %d: got %d frames, %q", i, len(m), m[1])
			}
		}
	}
}

func TestStalledSubscriberStopsNobody(t *testing.T) {
	b := listen(t, true)
	b.queueing = limits{1 << 20, time.Minute, time.Second} // a second: so late may a loaded machine let the good one read
	good := dial(t, zmq4.NewSub(context.Background()), b)
	// A subscriber that never reads after its subscription.
	raw, err := net.Dial("tcp", b.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	if err := raw.(*net.TCPConn).SetReadBuffer(64 << 10); err != nil { // systems offer up to some 30 MB by themselves
		t.Fatal(err)
	}
	shake(t, raw, "SUB")
	if _, err := raw.Write([]byte{0, 1, 1}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "subscription", func() bool { return subscribers(b) == 2 })
	payload := make([]byte, 1<<20)
	start := time.Now()
	const n = 40
	go func() {
		for range n {
			if err := b.Send([][]byte{[]byte("t"), payload}); err != nil {
				t.Error(err)
			}
		}
	}()
	for range n {
		receive(t, good)
	}
	t.Logf("40 MB took %v beside a stalled subscriber", time.Since(start))
	eventually(t, "end of the stalled subscriber", func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		return len(b.peers) == 1
	})
}

// shake does a ZMTP 3.0 handshake by hand.
func shake(t *testing.T, c net.Conn, kind string) {
	t.Helper()
	greeting := make([]byte, 64)
	greeting[0], greeting[8], greeting[9], greeting[10] = 0xff, 1, 0x7f, 3
	copy(greeting[12:], "NULL")
	body := append([]byte("\x05READY\x0bSocket-Type"), 0, 0, 0, byte(len(kind)))
	body = append(body, kind...)
	if _, err := c.Write(append(append(greeting, 4, byte(len(body))), body...)); err != nil {
		t.Fatal(err)
	}
}

// welcomed is a publishing socket that welcomes its subscribers.
func welcomed(t *testing.T) *binding {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := newBinding(l, true, func(prefix string) [][]byte { return [][]byte{[]byte(prefix), []byte("welcome")} })
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func TestSubscribersAreWelcomedFirst(t *testing.T) {
	b := welcomed(t)
	done := make(chan struct{})
	var flood sync.WaitGroup
	defer flood.Wait()
	defer close(done)
	flood.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(50 * time.Microsecond):
				if err := b.Send([][]byte{[]byte("topic"), []byte("news")}); err != nil {
					t.Error(err)
				}
			}
		}
	})
	for range 10 {
		c := dial(t, zmq4.NewSub(context.Background()), b)
		if m := receive(t, c); string(m[0]) != "" || string(m[1]) != "welcome" {
			t.Fatalf("the first message is %q", m)
		}
		if m := receive(t, c); string(m[1]) != "news" { // the welcome of others goes to them alone
			t.Fatalf("the second message is %q", m)
		}
	}
}

func TestSubscriptionsAreBounded(t *testing.T) {
	b := welcomed(t)
	raw, err := net.Dial("tcp", b.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	go io.Copy(io.Discard, raw)
	shake(t, raw, "SUB")
	for i := range 3 * topicsLimit {
		if _, err := raw.Write([]byte{0, 4, 1, 'a', byte(i), byte(i >> 8)}); err != nil {
			t.Fatal(err)
		}
	}
	long := append(binary.BigEndian.AppendUint64([]byte{2}, 1+2*topicLimit), make([]byte, 1+2*topicLimit)...)
	long[9] = 1
	if _, err := raw.Write(append(long, 0, 1, 0, 0, 1, 2)); err != nil { // and an unsubscription, and no subscription
		t.Fatal(err)
	}
	eventually(t, "the limit", func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, p := range b.peers {
			return p.full()
		}
		return false
	})
}

// A reader that is slow, but reads, gets everything when it is alone, however long it takes.
func TestSlowSubscriberIsWaitedFor(t *testing.T) {
	b := listen(t, true)
	b.queueing = limits{1 << 20, 2 * time.Second, 50 * time.Millisecond}
	raw, err := net.Dial("tcp", b.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	shake(t, raw, "SUB")
	if _, err := raw.Write([]byte{0, 1, 1}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "subscription", func() bool { return subscribers(b) == 1 })
	const messages, size = 12, 1 << 20
	var read atomic.Int64
	go func() {
		for buffer := make([]byte, 256<<10); ; time.Sleep(10 * time.Millisecond) {
			n, err := raw.Read(buffer)
			read.Add(int64(n))
			if err != nil {
				return
			}
		}
	}()
	for range messages {
		if err := b.Send([][]byte{[]byte("t"), make([]byte, size)}); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the last byte", func() bool { return read.Load() >= messages*size })
}

func TestRubbishHarmsNobody(t *testing.T) {
	huge := binary.BigEndian.AppendUint64([]byte{2}, 1<<62)
	tests := []struct {
		name  string
		shake bool
		bytes []byte
	}{
		{"nothing", false, nil},
		{"HTTP", false, []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n                                                                   ")},
		{"short greeting", false, []byte{0xff, 0, 0}},
		{"zeros", false, make([]byte, 1000)},
		{"huge frame", true, huge},
		{"huge message", true, append(binary.BigEndian.AppendUint64([]byte{3}, messageLimit/2), huge...)},
		{"empty frame", true, []byte{0, 0}},
		{"empty command", true, []byte{4, 0}},
		{"command with a long name", true, []byte{4, 2, 200, 'x'}},
		{"half a frame", true, []byte{0, 200, 1, 2, 3}},
		{"reserved flags", true, []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
	}
	for _, publish := range []bool{false, true} {
		b := listen(t, publish)
		for _, test := range tests {
			t.Run(fmt.Sprint(test.name, " publish=", publish), func(t *testing.T) {
				raw, err := net.Dial("tcp", b.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				if test.shake {
					kind := "DEALER"
					if publish {
						kind = "SUB"
					}
					shake(t, raw, kind)
				}
				if len(test.bytes) > 0 {
					if _, err := raw.Write(test.bytes); err != nil {
						t.Fatal(err)
					}
				}
				time.Sleep(5 * time.Millisecond)
				raw.Close()
			})
		}
		if !publish {
			s := zmq4.NewDealer(context.Background())
			answer := dial(t, s, b)
			if err := s.Send(zmq4.NewMsgFrom([]byte("still"), []byte("there"))); err != nil {
				t.Fatal(err)
			}
			for {
				m, err := b.Recv()
				if err != nil {
					t.Fatal(err)
				}
				if len(m) == 3 && string(m[1]) == "still" {
					if err := b.Send(m); err != nil {
						t.Fatal(err)
					}
					break
				}
			}
			receive(t, answer)
		}
	}
}

func TestCloseSendsWhatIsQueuedAndLeavesNothingRunning(t *testing.T) {
	before := runtime.NumGoroutine()
	s, err := Listen(Connection{Transport: "tcp", IP: "127.0.0.1"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := dial(t, zmq4.NewSub(context.Background()), s.IOPub.(*binding))
	const n = 500
	for range n {
		if err := s.IOPub.Send([][]byte{make([]byte, 10_000)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	for range n {
		receive(t, got)
	}
	if err := s.IOPub.Send([][]byte{{}}); err != ErrClosed {
		t.Errorf("Send after Close: %v", err)
	}
	if _, err := s.Shell.Recv(); err != ErrClosed {
		t.Errorf("Recv after Close: %v", err)
	}
	eventually(t, "end of the goroutines", func() bool { return runtime.NumGoroutine() <= before+4 }) // the subscriber's own
}

func TestPortInUseIsReported(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := Listen(Connection{Transport: "tcp", IP: "127.0.0.1", StdinPort: l.Addr().(*net.TCPAddr).Port}, nil); err == nil {
		t.Error("no error")
	} else {
		t.Log(err)
	}
}

func TestUnixSockets(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("ipc is for Unix")
	}
	dir := t.TempDir()
	s, err := Listen(Connection{Transport: "ipc", IP: dir + "/k", ShellPort: 1, ControlPort: 2, StdinPort: 3, HeartbeatPort: 4, IOPubPort: 5}, nil)
	if err != nil {
		t.Fatal(err)
	}
	// A kernel that was killed leaves the files of its sockets behind; one that lives keeps them.
	c := Connection{Transport: "ipc", IP: dir + "/k", ShellPort: 1, ControlPort: 2, StdinPort: 3, HeartbeatPort: 4, IOPubPort: 5}
	if _, err := Listen(c, nil); err == nil {
		t.Error("the sockets of a living kernel were taken")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	left, err := net.ListenUnix("unix", &net.UnixAddr{Net: "unix", Name: dir + "/k-1"})
	if err != nil {
		t.Fatal(err)
	}
	left.SetUnlinkOnClose(false)
	if err := left.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = Listen(c, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// silent is a listener to which nobody comes.
type silent struct{ closed chan struct{} }

func (s silent) Accept() (net.Conn, error) { <-s.closed; return nil, net.ErrClosed }
func (s silent) Close() error              { close(s.closed); return nil }
func (s silent) Addr() net.Addr            { return &net.TCPAddr{} }

// Whatever a peer sends, before or after its handshake, ends with this peer.
func FuzzPeer(f *testing.F) {
	f.Add(false, []byte("\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x03"))
	f.Add(true, []byte{0, 1, 1, 3, 0, 0, 0, 0, 0, 0, 0, 0, 1, 'x', 0, 0})
	f.Add(true, []byte{4, 5, 4, 'P', 'I', 'N', 'G'})
	f.Add(true, []byte{2, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, handshake bool, data []byte) {
		for _, publish := range []bool{false, true} {
			b := newBinding(silent{make(chan struct{})}, publish, nil)
			go func() {
				for {
					if _, err := b.Recv(); err != nil {
						return
					}
				}
			}()
			ours, theirs := net.Pipe()
			served := make(chan struct{})
			go func() {
				defer close(served)
				b.serve(ours)
			}()
			go io.Copy(io.Discard, theirs)
			if handshake {
				kind := "DEALER"
				if publish {
					kind = "SUB"
				}
				shake(t, theirs, kind)
			}
			_, _ = theirs.Write(data) // refused when the peer was dropped: that is what we want
			theirs.Close()
			<-served
			if err := b.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}
