package server

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"

	"gonverge/kernel/wire"
)

// hears waits until questions reach the client: its stdin socket connects beside the others.
func (c *client) hears() *client {
	c.t.Helper()
	for range 100 {
		id := c.send(c.shell, "execute_request", wire.ExecuteRequest{Code: "ask ready?", Silent: true})
		select {
		case <-c.asks:
			c.send(c.stdin, "input_reply", wire.InputReply{Value: "yes"})
			c.gather(id)
			return c
		case <-time.After(100 * time.Millisecond):
			c.reply(c.controls, c.send(c.control, "interrupt_request", nil))
			c.gather(id)
		}
	}
	c.t.Fatal("no questions arrive")
	return nil
}

func TestInput(t *testing.T) {
	c := connect(t, serve(t), "one", "key").ready().hears()
	for prompt, password := range map[string]bool{"name?": false, "password?": true} {
		id := c.execute("ask " + prompt)
		ask := c.next(c.asks)
		var in wire.InputRequest
		if err := ask.Unmarshal(&in); err != nil {
			t.Fatal(err)
		}
		if want := (wire.InputRequest{Prompt: prompt, Password: password}); in != want || ask.Parent.MsgID != id {
			t.Errorf("got %+v, parent %+v", in, ask.Parent)
		}
		c.send(c.stdin, "input_reply", wire.InputReply{Value: "bob"})
		if _, got := c.gather(id); len(got) != 2 || !strings.Contains(got[1], "bob") {
			t.Errorf("got %v", got)
		}
	}
	no := false
	id := c.send(c.shell, "execute_request", wire.ExecuteRequest{Code: "ask 3", AllowStdin: &no})
	if reply, _ := c.gather(id); !strings.Contains(fmt.Sprint(reply["evalue"]), "does not answer") {
		t.Errorf("input where none is allowed: %v", reply)
	}
}

// An interrupt ends the wait for input. The answer that comes too late is not taken for that to the next question, nor
// is what another front end says.
func TestOnlyTheAnswerToTheQuestionCounts(t *testing.T) {
	s := serve(t)
	c := connect(t, s, "one", "key").ready().hears()
	other := connect(t, s, "two", "key").ready().hears()
	id := c.execute("ask 1")
	first := c.next(c.asks)
	c.reply(c.controls, c.send(c.control, "interrupt_request", nil))
	if reply, _ := c.gather(id); reply["status"] != "error" {
		t.Errorf("interrupted input: %v", reply)
	}
	id = c.execute("ask 2")
	c.next(c.asks)
	answer := func(c *client, parent wire.Header, value string) {
		c.sendMessage(c.stdin, &wire.Message{Header: wire.NewHeader(c.session, "input_reply"), Parent: parent, Content: wire.InputReply{Value: value}})
	}
	answer(c, first.Header, "too late")
	answer(other, wire.Header{}, "not asked")
	other.send(other.stdin, "quux", nil)
	select {
	case m := <-c.replies:
		t.Errorf("got %s %s", m.Header.MsgType, m.Content)
	case <-time.After(50 * time.Millisecond):
	}
	answer(c, wire.Header{}, "right")
	if _, got := c.gather(id); len(got) != 2 || !strings.Contains(got[1], "right") {
		t.Errorf("got %v", got)
	}
}

func TestRubbishOnTheStdinSocketIsDropped(t *testing.T) {
	s := serve(t)
	c := connect(t, s, "one", "key").ready().hears()
	raw := zmq4.NewDealer(context.Background())
	defer raw.Close()
	for _, socket := range []wire.Socket{s.sockets.Stdin, s.sockets.Shell, s.sockets.Control, s.sockets.IOPub} {
		dealer := zmq4.NewDealer(context.Background())
		if socket == s.sockets.IOPub {
			dealer = zmq4.NewSub(context.Background())
		}
		if err := dealer.Dial("tcp://" + socket.Addr().String()); err != nil {
			t.Fatal(err)
		}
		for _, frames := range [][][]byte{{{}}, {[]byte("<IDS|MSG>")}, {[]byte("<IDS|MSG>"), {}, {}, {}, {}, {}}} {
			if err := dealer.Send(zmq4.NewMsgFrom(frames...)); err != nil && socket != s.sockets.IOPub {
				t.Error(err)
			}
		}
		dealer.Close()
	}
	c.send(c.stdin, "input_reply", []int{1})
	if reply, _ := c.gather(c.execute("value 1")); reply["status"] != "ok" {
		t.Errorf("got %v", reply)
	}
}
