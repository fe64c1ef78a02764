package server

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"

	"gonverge/kernel/display"
	"gonverge/kernel/session"
	"gonverge/kernel/wire"
)

// engine is a stand-in for a session with a language of a few words:
//
//	print X        writes X to stdout, and X reversed to stderr
//	value X        has the value X
//	both           has a value and an error value
//	fail X         stops with an error
//	slow X         stops with an error after a while
//	brief          runs for a millisecond, or until it is interrupted
//	wait           runs until it is interrupted
//	flood N        writes N MB to stdout
//	deaf           runs for a moment and does not hear interrupts
//	show, update, clear   the other outputs
//	ask X          asks for a line and has it as value
//	panic          makes the engine itself fail
type engine struct{ count int }

func text(s string) display.Bundle { return display.Bundle{Data: map[string]any{"text/plain": s}} }

func (e *engine) Run(ctx context.Context, source string, o session.RunOptions, sink session.Sink) session.Reply {
	if o.StoreHistory {
		e.count++
	}
	r := session.Reply{Count: e.count}
	word, rest, _ := strings.Cut(source, " ")
	fail := func(name, message string) session.Reply {
		r.Err = &session.Error{Name: name, Message: message, Traceback: []string{"In[1]:1:1", message}}
		return r
	}
	switch word {
	case "print":
		sink.Stream("stdout", rest)
		b := []rune(rest)
		slices.Reverse(b)
		sink.Stream("stderr", string(b))
	case "value":
		r.Values = []display.Bundle{text(rest)}
	case "both":
		r.Values = []display.Bundle{text("1"), text("<nil>")}
	case "fail":
		return fail("error", rest)
	case "slow":
		time.Sleep(50 * time.Millisecond)
		return fail("error", rest)
	case "brief":
		select {
		case <-ctx.Done():
			return fail("interrupted", "interrupted")
		case <-time.After(time.Millisecond):
		}
	case "wait":
		sink.Stream("stdout", "waiting")
		<-ctx.Done()
		return fail("interrupted", "interrupted")
	case "flood":
		n, _ := strconv.Atoi(rest)
		for range 16 * n {
			if ctx.Err() != nil {
				return fail("interrupted", "interrupted")
			}
			sink.Stream("stdout", strings.Repeat("x", 64<<10))
		}
	case "deaf":
		time.Sleep(50 * time.Millisecond)
		if ctx.Err() != nil {
			return fail("interrupted", "interrupted")
		}
	case "show":
		sink.Display(display.Bundle{Data: map[string]any{"image/png": []byte{1, 2}}}, "id", false)
	case "update":
		sink.Display(text("later"), "id", true)
	case "clear":
		sink.Clear(true)
	case "ask":
		line, err := sink.Input(rest, rest == "password?")
		if err != nil {
			return fail("error", err.Error())
		}
		r.Values = []display.Bundle{text(line)}
	case "panic":
		panic("engine out of order")
	}
	return r
}

func (e *engine) Complete(source string, cursor int) session.Completion {
	return session.Completion{Start: strings.LastIndex(source[:cursor], " ") + 1, End: cursor, Items: []session.CompletionItem{{Text: "Print", Kind: "func", Type: "func()"}}}
}

func (e *engine) Inspect(source string, cursor, detail int) (display.Bundle, bool) {
	if source == "nothing" {
		return display.Bundle{}, false
	}
	return text(source[:cursor]), true
}

func (e *engine) IsComplete(source string) (string, string) {
	if strings.HasSuffix(source, "{") {
		return "incomplete", "\t"
	}
	return "complete", ""
}

func (e *engine) Close() {}

// serve starts a server on free ports; it must end without an error when the test does.
func serve(t testing.TB) *Server {
	t.Helper()
	s, err := New(Options{
		Connection: wire.Connection{Transport: "tcp", IP: "127.0.0.1", Key: "key", SignatureScheme: "hmac-sha256"},
		Engine:     &engine{}, Version: "test", History: "-", Log: log.New(io.Discard, "", 0),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil && !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		case <-time.After(10 * time.Second):
			t.Error("the server did not end")
		}
	})
	return s
}

// client is a front end.
type client struct {
	t                             testing.TB
	signer                        *wire.Signer
	session                       string
	shell, control, stdin, iopub  zmq4.Socket
	replies, controls, asks, outs chan *wire.Message
	see                           func(*wire.Message) // what outputs collects; may be nil
}

func connect(t testing.TB, s *Server, session, key string) *client {
	t.Helper()
	c := &client{t: t, signer: wire.NewSigner(key), session: session}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	id := zmq4.WithID(zmq4.SocketIdentity(session))
	c.shell, c.control, c.stdin = zmq4.NewDealer(ctx, id), zmq4.NewDealer(ctx, id), zmq4.NewDealer(ctx, id)
	c.iopub = zmq4.NewSub(ctx)
	sockets := s.sockets
	c.replies = c.listen(c.shell, sockets.Shell)
	c.controls = c.listen(c.control, sockets.Control)
	c.asks = c.listen(c.stdin, sockets.Stdin)
	c.outs = c.listen(c.iopub, sockets.IOPub)
	if err := c.iopub.SetOption(zmq4.OptionSubscribe, ""); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *client) listen(socket zmq4.Socket, to wire.Socket) chan *wire.Message {
	c.t.Helper()
	if err := socket.Dial("tcp://" + to.Addr().String()); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { socket.Close() })
	messages := make(chan *wire.Message, 1000)
	go func() {
		for {
			m, err := socket.Recv()
			if err != nil {
				return
			}
			decoded, err := c.signer.Decode(m.Frames)
			if errors.Is(err, wire.ErrSignature) {
				continue // this client has another key
			}
			if err != nil {
				c.t.Error(err)
				return
			}
			messages <- decoded
		}
	}()
	return messages
}

// ready waits until iopub messages arrive: the first is the welcome.
func (c *client) ready() *client {
	c.t.Helper()
	m := c.next(c.outs)
	if m.Header.MsgType != "iopub_welcome" || m.Parent.MsgID != "" || string(m.Content.(json.RawMessage)) != `{"subscription":""}` {
		c.t.Fatalf("the first iopub message is %s %s", m.Header.MsgType, m.Content)
	}
	return c
}

// send sends a request and returns its id.
func (c *client) send(socket zmq4.Socket, msgType string, content any) string {
	c.t.Helper()
	m := &wire.Message{Header: wire.NewHeader(c.session, msgType), Content: content}
	c.sendMessage(socket, m)
	return m.Header.MsgID
}

func (c *client) sendMessage(socket zmq4.Socket, m *wire.Message) {
	c.t.Helper()
	frames, err := c.signer.Encode(m)
	if err != nil {
		c.t.Fatal(err)
	}
	if err := socket.Send(zmq4.NewMsgFrom(frames...)); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) execute(code string) string {
	return c.send(c.shell, "execute_request", map[string]any{"code": code})
}

func (c *client) next(from chan *wire.Message) *wire.Message {
	c.t.Helper()
	select {
	case m := <-from:
		return m
	case <-time.After(10 * time.Second):
		c.t.Fatal("no message within 10 s")
		return nil
	}
}

// reply waits for the answer to a request and returns it as type and generic content.
func (c *client) reply(from chan *wire.Message, id string) (string, map[string]any) {
	c.t.Helper()
	m := c.next(from)
	if m.Parent.MsgID != id {
		c.t.Fatalf("reply %s to %s %s, want one to %s", m.Header.MsgType, m.Parent.MsgType, m.Parent.MsgID, id)
	}
	var content map[string]any
	if err := m.Unmarshal(&content); err != nil {
		c.t.Fatal(err)
	}
	return m.Header.MsgType, content
}

// outputs collects the iopub messages of a request between busy and idle, as "type content" in short JSON.
func (c *client) outputs(id string) []string {
	c.t.Helper()
	var got []string
	busy := false
	for {
		m := c.next(c.outs)
		if m.Parent.MsgID != id {
			continue
		}
		raw := string(m.Content.(json.RawMessage))
		switch raw {
		case `{"execution_state":"busy"}`:
			busy = true
			continue
		case `{"execution_state":"idle"}`:
			if !busy {
				c.t.Error("idle before busy")
			}
			return got
		}
		if !busy {
			c.t.Errorf("%s before busy", m.Header.MsgType)
		}
		if c.see != nil {
			c.see(m)
		}
		got = append(got, m.Header.MsgType+" "+raw)
	}
}

// gather waits until a request has been replied to and is idle.
func (c *client) gather(id string) (reply map[string]any, outputs []string) {
	c.t.Helper()
	outputs = c.outputs(id)
	_, reply = c.reply(c.replies, id)
	return reply, outputs
}
