package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"gonverge/kernel/session"
	"gonverge/kernel/wire"
)

// commHub is how an engine, which does not import this package, may describe Comms.
type commHub interface {
	Register(target string, open func(id string, data map[string]any, buffers [][]byte) (func(context.Context, map[string]any, [][]byte, session.Sink), error))
	Open(target string, data, metadata map[string]any, buffers [][]byte, receive func(context.Context, map[string]any, [][]byte, session.Sink), closed func()) string
	Send(id string, data, metadata map[string]any, buffers [][]byte) error
	Close(id string, data map[string]any)
}

func TestCommsOfTheFrontEnd(t *testing.T) {
	s := serve(t)
	var hub commHub = s.Comms()
	hub.Register("echo", func(id string, data map[string]any, _ [][]byte) (func(context.Context, map[string]any, [][]byte, session.Sink), error) {
		if data["refuse"] == true {
			return nil, errors.New("refused")
		}
		return func(_ context.Context, data map[string]any, buffers [][]byte, sink session.Sink) {
			sink.Stream("stdout", "got it")
			if err := hub.Send(id, data, map[string]any{"version": "2.1.0"}, buffers); err != nil {
				t.Error(err)
			}
		}, nil
	})
	c := connect(t, s, "one", "key").ready()
	open := func(id, target string, data map[string]any) []string {
		return c.outputs(c.send(c.shell, "comm_open", wire.Comm{CommID: id, Target: target, Data: data}))
	}
	known := func(target string) any {
		id := c.send(c.shell, "comm_info_request", wire.CommInfoRequest{Target: target})
		_, reply := c.reply(c.replies, id)
		return reply["comms"]
	}
	if got := open("7", "echo", map[string]any{}); len(got) != 0 {
		t.Errorf("open: got %v", got)
	}
	closed := []string{`comm_close {"comm_id":"7","data":{}}`}
	if got := open("7", "echo", nil); !reflect.DeepEqual(got, closed) {
		t.Errorf("open twice: got %v", got)
	}
	closed = []string{`comm_close {"comm_id":"8","data":{}}`}
	if got := open("8", "echo", map[string]any{"refuse": true}); !reflect.DeepEqual(got, closed) {
		t.Errorf("refused: got %v", got)
	}
	if got := open("8", "jupyter.widget.control", nil); !reflect.DeepEqual(got, closed) {
		t.Errorf("unknown target: got %v", got)
	}
	if got := fmt.Sprint(known(""), known("echo"), known("other")); got != "map[7:map[target_name:echo]] map[7:map[target_name:echo]] map[]" {
		t.Errorf("comm_info: got %s", got)
	}

	m := &wire.Message{Header: wire.NewHeader("one", "comm_msg"), Content: wire.Comm{CommID: "7", Data: map[string]any{"n": 1}}, Buffers: [][]byte{{1, 2}}}
	c.sendMessage(c.shell, m)
	var buffers [][]byte
	c.see = func(m *wire.Message) {
		if m.Header.MsgType == "comm_msg" {
			buffers = m.Buffers
			if m.Metadata["version"] != "2.1.0" {
				t.Errorf("metadata %v", m.Metadata)
			}
		}
	}
	want := []string{`stream {"name":"stdout","text":"got it"}`, `comm_msg {"comm_id":"7","data":{"n":1}}`}
	if got := c.outputs(m.Header.MsgID); !reflect.DeepEqual(got, want) {
		t.Errorf("message: got %v", got)
	}
	if !reflect.DeepEqual(buffers, m.Buffers) {
		t.Errorf("buffers: got %v", buffers)
	}
	c.outputs(c.send(c.shell, "comm_close", wire.Comm{CommID: "7"}))
	if got := fmt.Sprint(known("")); got != "map[]" {
		t.Errorf("comm_info after close: got %s", got)
	}
	if err := hub.Send("7", nil, nil, nil); err == nil {
		t.Error("a closed comm takes messages")
	}
	for _, msgType := range []string{"comm_msg", "comm_close", "quux"} {
		if got := c.outputs(c.send(c.shell, msgType, wire.Comm{CommID: "nobody's"})); len(got) != 0 {
			t.Errorf("%s: got %v", msgType, got)
		}
	}
	if got := c.outputs(c.send(c.shell, "comm_msg", []int{1})); len(got) != 0 {
		t.Errorf("content of another type: got %v", got)
	}
}

func TestCommsOfTheKernel(t *testing.T) {
	s := serve(t)
	c := connect(t, s, "one", "key").ready()
	messages, closed := make(chan map[string]any, 1), make(chan bool, 1)
	id := s.Comms().Open("jupyter.widget", map[string]any{"state": 1}, nil, nil, func(_ context.Context, data map[string]any, _ [][]byte, _ session.Sink) {
		messages <- data
	}, func() { closed <- true })
	m := c.next(c.outs)
	var content wire.Comm
	if err := m.Unmarshal(&content); err != nil || m.Header.MsgType != "comm_open" || content.CommID != id || content.Target != "jupyter.widget" {
		t.Errorf("got %s %+v, %v", m.Header.MsgType, content, err)
	}
	c.send(c.shell, "comm_msg", wire.Comm{CommID: id, Data: map[string]any{"value": 2}})
	if got := <-messages; got["value"] != 2.0 {
		t.Errorf("got %v", got)
	}
	c.send(c.shell, "comm_close", wire.Comm{CommID: id})
	<-closed
	s.Comms().Close(id, nil) // not open any more: nothing is sent
	other := s.Comms().Open("t", nil, nil, nil, nil, nil)
	s.Comms().Close(other, map[string]any{"bye": true})
	for c.next(c.outs).Header.MsgType != "comm_open" {
	}
	if m := c.next(c.outs); m.Header.MsgType != "comm_close" {
		t.Errorf("got %s", m.Header.MsgType)
	}
}

// A slow handler holds up neither completion nor cells, and an interrupt ends it.
func TestCommMessagesRunBesideTheRest(t *testing.T) {
	s := serve(t)
	started := make(chan bool)
	s.Comms().Register("slow", func(string, map[string]any, [][]byte) (CommReceive, error) {
		return func(ctx context.Context, _ map[string]any, _ [][]byte, _ session.Sink) {
			started <- true
			<-ctx.Done()
		}, nil
	})
	c := connect(t, s, "one", "key").ready()
	c.outputs(c.send(c.shell, "comm_open", wire.Comm{CommID: "1", Target: "slow"}))
	slow := c.send(c.shell, "comm_msg", wire.Comm{CommID: "1"})
	<-started
	c.reply(c.replies, c.send(c.shell, "complete_request", wire.CompleteRequest{Code: "x"}))
	if reply, _ := c.gather(c.execute("value 1")); reply["status"] != "ok" {
		t.Errorf("got %v", reply)
	}
	c.reply(c.controls, c.send(c.control, "interrupt_request", nil))
	for {
		if m := c.next(c.outs); m.Parent.MsgID == slow && strings.Contains(string(m.Content.(json.RawMessage)), "idle") {
			return
		}
	}
}

func TestPanicOfACommHandlerStaysThere(t *testing.T) {
	s := serve(t)
	s.Comms().Register("bad", func(string, map[string]any, [][]byte) (CommReceive, error) { panic("bad") })
	c := connect(t, s, "one", "key").ready()
	c.outputs(c.send(c.shell, "comm_open", wire.Comm{CommID: "1", Target: "bad"}))
	if reply, _ := c.gather(c.execute("value 1")); reply["status"] != "ok" { // and no reply came for comm_open
		t.Errorf("got %v", reply)
	}
}
