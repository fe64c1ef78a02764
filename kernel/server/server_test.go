package server

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"

	"gonverge/kernel/wire"
)

func TestCells(t *testing.T) {
	c := connect(t, serve(t), "one", "key").ready()
	tests := []struct {
		code  string
		reply string // some fields of the reply
		want  []string
	}{
		{"print ab", "ok 1", []string{
			`execute_input {"code":"print ab","execution_count":1}`,
			`stream {"name":"stdout","text":"ab"}`, `stream {"name":"stderr","text":"ba"}`}},
		{"value 42", "ok 2", []string{
			`execute_input {"code":"value 42","execution_count":2}`,
			`execute_result {"execution_count":2,"data":{"text/plain":"42"},"metadata":{}}`}},
		{"both", "ok 3", []string{
			`execute_input {"code":"both","execution_count":3}`,
			`execute_result {"execution_count":3,"data":{"text/plain":"1\n\u003cnil\u003e"},"metadata":{}}`}},
		{"show", "ok 4", []string{
			`execute_input {"code":"show","execution_count":4}`,
			`display_data {"data":{"image/png":"AQI="},"metadata":{},"transient":{"display_id":"id"}}`}},
		{"update", "ok 5", []string{
			`execute_input {"code":"update","execution_count":5}`,
			`update_display_data {"data":{"text/plain":"later"},"metadata":{},"transient":{"display_id":"id"}}`}},
		{"clear", "ok 6", []string{
			`execute_input {"code":"clear","execution_count":6}`, `clear_output {"wait":true}`}},
		{"fail because", "error 7", []string{
			`execute_input {"code":"fail because","execution_count":7}`,
			`error {"ename":"error","evalue":"because","traceback":["In[1]:1:1","because"]}`}},
		{" ", "ok 7", []string{`execute_input {"code":" ","execution_count":7}`}},
		{"", "ok 7", []string{`execute_input {"code":"","execution_count":7}`}},
	}
	for _, test := range tests {
		reply, got := c.gather(c.execute(test.code))
		if s := fmt.Sprint(reply["status"], " ", reply["execution_count"]); s != test.reply {
			t.Errorf("%q: reply %s, want %s", test.code, s, test.reply)
		}
		if !reflect.DeepEqual(got, test.want) {
			t.Errorf("%q:\ngot  %s\nwant %s", test.code, strings.Join(got, "\n     "), strings.Join(test.want, "\n     "))
		}
	}
	reply, _ := c.gather(c.execute("fail again"))
	for _, field := range []string{"ename", "evalue", "traceback", "execution_count"} {
		if reply[field] == nil {
			t.Errorf("error reply without %s: %v", field, reply)
		}
	}
}

func TestSilentCellsAreNotCountedOrEchoed(t *testing.T) {
	c := connect(t, serve(t), "one", "key").ready()
	reply, got := c.gather(c.send(c.shell, "execute_request", wire.ExecuteRequest{Code: "value 1", Silent: true}))
	if len(got) > 0 || reply["execution_count"] != 0.0 {
		t.Errorf("got %v, %v", reply, got)
	}
	no := false
	reply, got = c.gather(c.send(c.shell, "execute_request", wire.ExecuteRequest{Code: "value 1", StoreHistory: &no}))
	if len(got) != 2 || reply["execution_count"] != 0.0 {
		t.Errorf("not stored: got %v, %v", reply, got)
	}
}

func TestUserExpressions(t *testing.T) {
	c := connect(t, serve(t), "one", "key").ready()
	reply, _ := c.gather(c.send(c.shell, "execute_request", wire.ExecuteRequest{Code: "", UserExpressions: map[string]string{"a": "value 1", "b": "fail x"}}))
	got := fmt.Sprint(reply["user_expressions"])
	if want := "map[a:map[data:map[text/plain:1] metadata:map[] status:ok] b:map[ename:error evalue:x status:error traceback:[In[1]:1:1 x]]]"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestInformation(t *testing.T) {
	c := connect(t, serve(t), "one", "key").ready()
	c.gather(c.execute("value é1"))
	c.gather(c.execute("print x"))
	tests := []struct {
		name, msgType string
		content       any
		want          string // part of the reply
	}{
		{"kernel info", "kernel_info_request", nil, "protocol_version:5.5 status:ok supported_features:[]"},
		{"language", "kernel_info_request", nil, "file_extension:.go mimetype:text/x-go name:go"},
		{"completion counts code points", "complete_request", map[string]any{"code": "é Pr", "cursor_pos": 4}, "cursor_end:4 cursor_start:2 matches:[Print]"},
		{"completion has kinds", "complete_request", map[string]any{"code": "é Pr", "cursor_pos": 4}, "end:4 signature:func() start:2 text:Print type:function"},
		{"completion beyond the end", "complete_request", map[string]any{"code": "é", "cursor_pos": 99}, "cursor_end:1"},
		{"inspection", "inspect_request", map[string]any{"code": "éab", "cursor_pos": 2, "detail_level": 1}, "data:map[text/plain:éa] found:true"},
		{"nothing to inspect", "inspect_request", map[string]any{"code": "nothing", "cursor_pos": 2}, "data:map[] found:false metadata:map[] status:ok"},
		{"complete", "is_complete_request", map[string]any{"code": "x"}, "status:complete"},
		{"incomplete", "is_complete_request", map[string]any{"code": "{"}, "indent:\t status:incomplete"},
		{"history tail", "history_request", map[string]any{"hist_access_type": "tail", "n": 1}, "history:[[1 2 print x]]"},
		{"history range", "history_request", map[string]any{"hist_access_type": "range", "session": 0, "start": 1, "stop": 2}, "history:[[1 1 value é1]]"},
		{"history with output", "history_request", map[string]any{"hist_access_type": "range", "start": 2, "output": true}, "history:[[1 2 [print x <nil>]]]"},
		{"history search", "history_request", map[string]any{"hist_access_type": "search", "pattern": "v*1", "n": 9}, "history:[[1 1 value é1]]"},
		{"comm info", "comm_info_request", map[string]any{}, "comms:map[]"},
		{"ports", "connect_request", nil, "shell_port:"},
		{"unknown", "quux_request", nil, "ename:NotImplemented"},
		{"content of another type", "complete_request", []int{1}, "ename:BadRequest"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			id := c.send(c.shell, test.msgType, test.content)
			if got := c.outputs(id); len(got) > 0 {
				t.Errorf("outputs %v", got)
			}
			msgType, reply := c.reply(c.replies, id)
			if want := strings.TrimSuffix(test.msgType, "request") + "reply"; msgType != want {
				t.Errorf("reply is a %s", msgType)
			}
			if got := fmt.Sprint(reply); !strings.Contains(got, test.want) {
				t.Errorf("got %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestOthersAreAnsweredWhileACellRuns(t *testing.T) {
	c := connect(t, serve(t), "one", "key").ready()
	running := c.execute("wait")
	for _, msgType := range []string{"kernel_info_request", "complete_request", "inspect_request", "is_complete_request", "history_request"} {
		c.reply(c.replies, c.send(c.shell, msgType, map[string]any{"hist_access_type": "tail"}))
	}
	c.reply(c.controls, c.send(c.control, "kernel_info_request", nil))
	start := time.Now()
	if _, reply := c.reply(c.controls, c.send(c.control, "interrupt_request", nil)); reply["status"] != "ok" {
		t.Errorf("interrupt: %v", reply)
	}
	if _, reply := c.reply(c.replies, running); reply["ename"] != "interrupted" {
		t.Errorf("interrupted cell: %v", reply)
	}
	if d := time.Since(start); d > time.Second {
		t.Errorf("interrupt took %v", d)
	}
	if reply, _ := c.gather(c.execute("value 1")); reply["status"] != "ok" {
		t.Errorf("cell after the interrupt: %v", reply)
	}
}

func TestErrorAbortsTheCellsThatWait(t *testing.T) {
	c := connect(t, serve(t), "one", "key").ready()
	var ids []string
	for _, code := range []string{"value 1", "slow fail", "value 2", "value 3"} {
		ids = append(ids, c.execute(code))
	}
	for i, want := range []string{"ok", "error", "aborted", "aborted"} {
		if _, reply := c.reply(c.replies, ids[i]); reply["status"] != want {
			t.Errorf("cell %d: got %v, want %s", i, reply, want)
		}
	}
	if _, reply := c.reply(c.replies, c.execute("value 4")); reply["status"] != "ok" {
		t.Errorf("next cell: %v", reply)
	}
	no := false
	for name, request := range map[string]wire.ExecuteRequest{
		"without stop_on_error": {Code: "slow fail", StopOnError: &no},
		"in a silent cell":      {Code: "slow fail", Silent: true},
	} {
		failing := c.send(c.shell, "execute_request", request)
		after := c.execute("value 5")
		c.reply(c.replies, failing)
		if _, reply := c.reply(c.replies, after); reply["status"] != "ok" {
			t.Errorf("cell after an error %s: %v", name, reply)
		}
	}
}

// All cells of a notebook are sent at once, but the first may fail before the second has arrived.
func TestErrorAbortsCellsThatWereMadeBeforeIt(t *testing.T) {
	var a abortion
	at := time.Now().Truncate(time.Second).Add(123 * time.Millisecond) // which says nothing of the clock: its text does
	clock := "2006-01-02T15:04:05.000000Z07:00"
	made := func(session string, ms int) *request {
		h := wire.NewHeader(session, "execute_request")
		h.Date = at.Add(time.Duration(ms) * time.Millisecond).UTC().Format(clock)
		return &request{Message: &wire.Message{Header: h}, received: time.Now().Add(-100 * time.Millisecond)}
	}
	a.start(made("s", 0)) // the reply leaves 100 ms after the request came
	for _, test := range []struct {
		name string
		r    *request
		want bool
	}{
		{"another front end", made("t", 1), false},
		{"made soon after", made("s", 1), true},
		{"made before", made("s", 90), true},
		{"made when the error was known", made("s", 150), false},
		{"after that", made("s", 2), false},
	} {
		if got := a.covers(test.r); got != test.want {
			t.Errorf("%s: aborted %v, want %v", test.name, got, test.want)
		}
	}
	// A browser's clock has milliseconds.
	clock = "2006-01-02T15:04:05.000Z07:00"
	a.start(made("s", 0))
	if !a.covers(made("s", 110)) || a.covers(made("s", 130)) {
		t.Error("the burst of a browser is not 20 ms")
	}
	clock = time.RFC3339
	a.start(made("s", 0))
	if a.covers(made("s", 0)) {
		t.Error("a clock with seconds tells what came before")
	}
}

func TestTwoFrontEnds(t *testing.T) {
	s := serve(t)
	one, two := connect(t, s, "one", "key").ready(), connect(t, s, "two", "key").ready()
	id := one.execute("print hello")
	for _, c := range []*client{one, two} {
		if got := c.outputs(id); len(got) != 3 {
			t.Errorf("%s: got %v", c.session, got)
		}
	}
	one.reply(one.replies, id)
	id = two.execute("value 1")
	if _, reply := two.reply(two.replies, id); reply["execution_count"] != 2.0 {
		t.Errorf("got %v", reply)
	}
	select {
	case m := <-one.replies:
		t.Errorf("the other front end got %s", m.Header.MsgType)
	case <-time.After(20 * time.Millisecond):
	}
}

func TestWrongKeyIsNotAnswered(t *testing.T) {
	s := serve(t)
	good := connect(t, s, "good", "key").ready()
	bad := connect(t, s, "bad", "wrong")
	bad.execute("print intruder")
	none := connect(t, s, "none", "")
	none.execute("print intruder")
	reply, _ := good.gather(good.execute("value 1"))
	if reply["execution_count"] != 1.0 {
		t.Errorf("the intruder's cell was counted: %v", reply)
	}
	for _, c := range []*client{bad, none} {
		select {
		case m := <-c.replies:
			t.Errorf("%s: got %s", c.session, m.Header.MsgType)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func TestKernelOutlivesAFailingEngine(t *testing.T) {
	c := connect(t, serve(t), "one", "key").ready()
	reply, got := c.gather(c.execute("panic"))
	if reply["ename"] != "KernelError" || len(got) != 2 {
		t.Errorf("got %v, %v", reply, got)
	}
	if reply, _ := c.gather(c.execute("value 1")); reply["status"] != "ok" {
		t.Errorf("cell after it: %v", reply)
	}
}

func TestHeartbeatIsEchoed(t *testing.T) {
	s := serve(t)
	req := zmq4.NewReq(context.Background())
	defer req.Close()
	if err := req.Dial("tcp://" + s.sockets.Heartbeat.Addr().String()); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		want := fmt.Sprint("ping ", i)
		if err := req.Send(zmq4.NewMsgString(want)); err != nil {
			t.Fatal(err)
		}
		m, err := req.Recv()
		if err != nil || string(m.Frames[len(m.Frames)-1]) != want {
			t.Fatalf("got %q, %v", m.Frames, err)
		}
	}
}

func TestShutdownRepliesAndEnds(t *testing.T) {
	for _, restart := range []bool{false, true} {
		s, err := New(Options{Connection: wire.Connection{Transport: "tcp", IP: "127.0.0.1", Key: "key"}, Engine: &engine{}, History: "-"})
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- s.Serve(context.Background()) }()
		c := connect(t, s, "one", "key").ready()
		c.execute("wait") // a running cell does not stop it
		_, reply := c.reply(c.controls, c.send(c.control, "shutdown_request", wire.ShutdownRequest{Restart: restart}))
		if reply["status"] != "ok" || reply["restart"] != restart {
			t.Errorf("got %v", reply)
		}
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(5 * time.Second):
			t.Fatal("the server goes on")
		}
	}
}

func TestCursorsCountCodePoints(t *testing.T) {
	const s = "aé😀b"
	for runes, bytes := range map[int]int{-1: 0, 0: 0, 1: 1, 2: 3, 3: 7, 4: 8, 9: 8} {
		if got := byteOffset(s, runes); got != bytes {
			t.Errorf("byteOffset(%d) = %d, want %d", runes, got, bytes)
		}
	}
	for bytes, runes := range map[int]int{-1: 0, 0: 0, 1: 1, 3: 2, 7: 3, 8: 4, 99: 4} {
		if got := runeOffset(s, bytes); got != runes {
			t.Errorf("runeOffset(%d) = %d, want %d", bytes, got, runes)
		}
	}
}

// One cell from request to idle, without the interpreter.
func BenchmarkRoundTrip(b *testing.B) {
	c := connect(b, serve(b), "one", "key").ready()
	for b.Loop() {
		c.gather(c.execute("value 1"))
	}
}
