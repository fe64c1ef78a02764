package server

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"gonverge/kernel/wire"
)

// heap is what is in use after a collection, in bytes.
func heap() int {
	runtime.GC()
	runtime.GC() // the second frees what finalizers held
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// times is n, fewer in short mode, and as many as the proof wants where GONVERGE_LONG is set.
func times(n, long int) int {
	switch {
	case os.Getenv("GONVERGE_LONG") != "":
		return long
	case testing.Short():
		return n / 5
	}
	return n
}

func TestInterruptsAtAnyMomentLoseNoReply(t *testing.T) {
	n := times(300, 1000)
	c := connect(t, serve(t), "one", "key").ready()
	rng := rand.New(rand.NewPCG(1, 2))
	seen := map[any]int{}
	for range n {
		id := c.execute("brief")
		time.Sleep(time.Duration(rng.IntN(2000)) * time.Microsecond)
		c.reply(c.controls, c.send(c.control, "interrupt_request", nil))
		reply, _ := c.gather(id)
		seen[reply["status"]]++
	}
	if seen["ok"]+seen["error"] != n || seen["ok"] == 0 || seen["error"] == 0 {
		t.Errorf("got %v", seen)
	}
}

// An interrupt between two cells stops the one that comes next: a front end that shows a running cell means that one.
func TestInterruptReachesTheCellThatIsAboutToRun(t *testing.T) {
	s := serve(t)
	c := connect(t, s, "one", "key").ready()
	for range 20 {
		id := c.execute("wait")
		for s.cells.current() == nil { // the request has arrived, at the earliest moment that can be seen from here
			s.cells.mu.Lock()
			queued := len(s.cells.waiting) > 0
			s.cells.mu.Unlock()
			if queued {
				break
			}
			runtime.Gosched()
		}
		s.Interrupt()
		if _, reply := c.reply(c.replies, id); reply["ename"] != "interrupted" {
			t.Fatalf("got %v", reply)
		}
	}
	// Of cells that wait, an interrupt stops only the running one; its error aborts the others.
	first, second := c.execute("deaf"), c.execute("value 2")
	for s.cells.current() == nil {
		runtime.Gosched()
	}
	s.Interrupt()
	s.Interrupt()
	if _, reply := c.reply(c.replies, first); reply["ename"] != "interrupted" {
		t.Errorf("running: %v", reply)
	}
	if _, reply := c.reply(c.replies, second); reply["status"] != "aborted" {
		t.Errorf("waiting: %v", reply)
	}
	s.Interrupt() // nothing runs
	if _, reply := c.reply(c.replies, c.execute("value 3")); reply["status"] != "ok" {
		t.Errorf("after it: %v", reply)
	}
}

func TestManyCellsTakeNoMemory(t *testing.T) {
	n := times(3000, 10_000)
	c := connect(t, serve(t), "one", "key").ready()
	cells := func(n int) {
		for i := range n {
			code := "value 1"
			if i%100 == 0 {
				code = "fail 1"
			}
			if reply, got := c.gather(c.execute(code)); len(got) != 2 {
				t.Fatalf("cell %d: got %v, %v", i, reply, got)
			}
		}
	}
	cells(n / 10) // the client's and the kernel's memories of signatures grow first, and the history
	before, goroutines := heap(), runtime.NumGoroutine()
	cells(n - n/10)
	if grown := heap() - before; grown > n*400+1<<19 { // a signature of 16 bytes for each of 9 messages on two sides, in maps; a line
		t.Errorf("%d cells left %d kB", n, grown>>10)
	} else {
		t.Logf("%d cells left %d kB", n, grown>>10)
	}
	if now := runtime.NumGoroutine(); now > goroutines+2 {
		t.Errorf("%d goroutines, %d before", now, goroutines)
	}
}

// A front end that stops reading is cut off. Until then it holds up the others no longer than a moment, and what waits for
// it is bounded.
func TestStalledFrontEndHarmsNobody(t *testing.T) {
	if testing.Short() {
		t.Skip("needs more output than may wait for a front end, 64 MB: not in short mode")
	}
	megabytes := times(120, 400)
	s := serve(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := wire.Dial(ctx, s.Connection())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if m, err := c.IOPub.Recv(ctx); err != nil || m.Header.MsgType != "iopub_welcome" {
		t.Fatalf("got %v, %v", m, err)
	}
	stalled := subscribeByHand(t, s.sockets.IOPub.Addr().String())
	defer stalled.Close()
	before := heap()
	request, err := c.Send(c.Shell, "execute_request", wire.ExecuteRequest{Code: "flood " + strconv.Itoa(megabytes)})
	if err != nil {
		t.Fatal(err)
	}
	start, last, longest, most, got := time.Now(), time.Now(), time.Duration(0), 0, 0
	for i := 0; ; i++ {
		m, err := c.IOPub.Recv(ctx)
		if err != nil {
			t.Fatal(err)
		}
		longest, last = max(longest, time.Since(last)), time.Now()
		if i%256 == 0 {
			most = max(most, heap()-before)
		}
		if m.Header.MsgType == "stream" {
			var content wire.Stream
			if err := m.Unmarshal(&content); err != nil {
				t.Fatal(err)
			}
			got += len(content.Text)
		}
		if m.Parent.MsgID == request.MsgID && m.Header.MsgType == "status" && got > 0 {
			break
		}
	}
	if m, err := c.Shell.Recv(ctx); err != nil || m.Parent.MsgID != request.MsgID {
		t.Errorf("got %v, %v", m, err)
	}
	t.Logf("%d MB in %v beside a stalled front end, longest pause %v, at most %d MB of memory", megabytes, time.Since(start), longest, most>>20)
	if got != megabytes<<20 {
		t.Errorf("%d bytes arrived", got)
	}
	if most > 120<<20 { // the 64 MB that may wait, and 16 MB in this test's client
		t.Errorf("%d MB of memory", most>>20)
	}
	if left := heap() - before; left > 20<<20 {
		t.Errorf("%d MB are kept for a front end that was cut off", left>>20)
	}
}

// subscribeByHand connects to iopub and never reads.
func subscribeByHand(t *testing.T, address string) net.Conn {
	t.Helper()
	raw, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	if err := raw.(*net.TCPConn).SetReadBuffer(64 << 10); err != nil { // systems offer up to some 30 MB by themselves
		t.Fatal(err)
	}
	greeting := make([]byte, 64)
	greeting[0], greeting[8], greeting[9], greeting[10] = 0xff, 1, 0x7f, 3
	copy(greeting[12:], "NULL")
	body := append([]byte("\x05READY\x0bSocket-Type"), binary.BigEndian.AppendUint32(nil, 3)...)
	body = append(body, "SUB"...)
	if _, err := raw.Write(append(append(greeting, 4, byte(len(body))), body...)); err != nil {
		t.Fatal(err)
	}
	// The welcome shows that the kernel has seen the subscription.
	if _, err := raw.Write([]byte{0, 1, 1}); err != nil {
		t.Fatal(err)
	}
	if err := raw.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	var seen []byte
	for b := make([]byte, 1000); !bytes.Contains(seen, []byte(`"subscription"`)); {
		n, err := raw.Read(b)
		if err != nil {
			t.Fatalf("no welcome: %v", err)
		}
		seen = append(seen, b[:n]...)
	}
	return raw
}

// While the only front end reads nothing, an interrupt of a cell that floods still gets through.
func TestInterruptOfAFloodThatNobodyReads(t *testing.T) {
	s := serve(t)
	stalled := subscribeByHand(t, s.sockets.IOPub.Addr().String())
	defer stalled.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	c, err := wire.Dial(ctx, s.Connection())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() // this one reads nothing from iopub either
	if _, err := c.Send(c.Shell, "execute_request", wire.ExecuteRequest{Code: "flood 1000"}); err != nil {
		t.Fatal(err)
	}
	for s.cells.current() == nil {
		time.Sleep(time.Millisecond)
	}
	running := s.cells.current()
	start := time.Now()
	if _, err := c.Send(c.Control, "interrupt_request", nil); err != nil {
		t.Fatal(err)
	}
	select {
	case <-running.ctx.Done():
	case <-time.After(10 * time.Second):
		t.Error("no interrupt")
	}
	t.Logf("interrupted after %v", time.Since(start))
	if _, err := c.Control.Recv(ctx); err != nil {
		t.Error(err)
	}
}

func TestHistoryOfRealKernels(t *testing.T) {
	t.Setenv("GONVERGE_CACHE", t.TempDir())
	for run := 1; run <= 2; run++ {
		s, err := New(Options{Connection: wire.Connection{Transport: "tcp", IP: "127.0.0.1", Key: "key"}, Engine: &engine{}})
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- s.Serve(context.Background()) }()
		c := connect(t, s, "one", "key").ready()
		c.gather(c.execute(fmt.Sprint("value ", run)))
		no := false
		c.gather(c.send(c.shell, "execute_request", wire.ExecuteRequest{Code: "value secret", StoreHistory: &no}))
		if run == 2 {
			_, reply := c.reply(c.replies, c.send(c.shell, "history_request", map[string]any{"hist_access_type": "tail", "n": 10, "session": nil}))
			if got, want := fmt.Sprint(reply["history"]), "[[1 1 value 1] [2 1 value 2]]"; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		}
		c.reply(c.controls, c.send(c.control, "shutdown_request", wire.ShutdownRequest{}))
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	file, err := HistoryFile()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
}
