package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"gonverge/kernel/server"
	"gonverge/kernel/wire"
)

// jupyter returns a Python that has Jupyter's clients, and the environment in which it finds the kernel of this test
// binary under the name gonverge. Without Jupyter the test is skipped, or fails when REQUIRE_JUPYTER is set.
func jupyter(t *testing.T) (python string, environment []string) {
	t.Helper()
	if testing.Short() {
		t.Skip("needs Jupyter's clients: not in short mode")
	}
	const imports = "import jupyter_client, nbconvert, nbclient, jupyter_kernel_test"
	var why []string
	for _, candidate := range []string{os.Getenv("PYTHON"), "/usr/bin/python3", "python3"} {
		if candidate == "" {
			continue
		}
		out, err := exec.Command(candidate, "-c", imports).CombinedOutput()
		if err == nil {
			python = candidate
			break
		}
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		why = append(why, fmt.Sprintf("%s: %v %s", candidate, err, lines[len(lines)-1]))
	}
	if python == "" {
		text := "Jupyter's clients are not installed (" + strings.Join(why, "; ") + ")"
		if os.Getenv("REQUIRE_JUPYTER") != "" {
			t.Fatal(text)
		}
		t.Skip(text)
	}
	prefix := t.TempDir()
	if code, _, stderr := gonverge("install", "-prefix", prefix); code != 0 {
		t.Fatal(stderr)
	}
	return python, append(os.Environ(),
		"JUPYTER_PATH="+filepath.Join(prefix, "share", "jupyter"),
		"JUPYTER_RUNTIME_DIR="+filepath.Join(prefix, "runtime"),
		"JUPYTER_CONFIG_DIR="+filepath.Join(prefix, "config"),
		"JUPYTER_DATA_DIR="+filepath.Join(prefix, "data"),
		"GONVERGE_CACHE="+filepath.Join(prefix, "cache"),
		"PYDEVD_DISABLE_FILE_VALIDATION=1",
	)
}

// runPython runs Python with arguments for at most a minute and a half; its output is shown when it fails.
func runPython(t *testing.T, python string, environment []string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	defer cancel()
	c := exec.CommandContext(ctx, python, args...)
	c.Env = environment
	c.WaitDelay = time.Second // children may hold the pipe
	out, err := c.CombinedOutput()
	if err != nil {
		t.Errorf("%s: %v\n%s", strings.Join(args, " "), err, out)
	} else if testing.Verbose() {
		t.Logf("%s", out)
	}
	return string(out)
}

func TestJupyterClient(t *testing.T) {
	python, environment := jupyter(t)
	runPython(t, python, environment, "testdata/jupyter/client.py", "gonverge")
}

func TestJupyterConformance(t *testing.T) {
	python, environment := jupyter(t)
	out := runPython(t, python, environment, "testdata/jupyter/conformance.py", "gonverge", "-v")
	if strings.Contains(out, "skipped") { // there is a sample for each of its tests
		t.Errorf("not all tests ran:\n%s", out)
	}
}

func TestNbconvertExecutesANotebook(t *testing.T) {
	python, environment := jupyter(t)
	dir := t.TempDir()
	runPython(t, python, environment, "-m", "nbconvert", "--to", "notebook", "--execute", "--ExecutePreprocessor.timeout=60",
		"--output-dir", dir, "--output", "out.ipynb", "testdata/jupyter/smoke.ipynb")
	data, err := os.ReadFile(filepath.Join(dir, "out.ipynb"))
	if err != nil {
		t.Fatal(err)
	}
	var book struct {
		Cells []struct {
			ID      string
			Outputs []struct {
				Text []string
				Data map[string]any
			}
		}
	}
	if err := json.Unmarshal(data, &book); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, c := range book.Cells {
		for _, o := range c.Outputs {
			got[c.ID] += strings.Join(o.Text, "")
			if o.Data != nil {
				got[c.ID] += fmt.Sprint(o.Data)
			}
		}
	}
	for id, want := range map[string]string{"mixed": "a\n", "value": "text/plain:[42]", "matrix": "text/html"} {
		if !strings.Contains(got[id], want) {
			t.Errorf("cell %s: got %q, want %q in it", id, got[id], want)
		}
	}
}

// Every notebook of the repository through nbclient and out through nbconvert, with small nets: minutes, so only where
// GONVERGE_LONG is set.
func TestNbclientExecutesEveryNotebook(t *testing.T) {
	if os.Getenv("GONVERGE_LONG") == "" {
		t.Skip("takes minutes: set GONVERGE_LONG=1")
	}
	python, environment := jupyter(t)
	if os.Getenv("GONVERGE_RECIPE") == "" {
		environment = append(environment, "GONVERGE_RECIPE=smoke")
	}
	if cache := os.Getenv("GONVERGE_CACHE"); cache != "" { // with nets that are trained already
		environment = append(environment, "GONVERGE_CACHE="+cache)
	}
	books, err := filepath.Glob("../notebooks/*.ipynb")
	if err != nil || len(books) == 0 {
		t.Fatal(books, err)
	}
	for _, book := range books {
		t.Run(filepath.Base(book), func(t *testing.T) {
			dir := t.TempDir()
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
			defer cancel()
			c := exec.CommandContext(ctx, python, "-c", `
import nbclient, nbconvert, nbformat, os, sys
nb = nbformat.read(sys.argv[1], as_version=4)
nbclient.NotebookClient(nb, timeout=600, kernel_name="gonverge", resources={"metadata": {"path": sys.argv[2]}}).execute()
nbformat.validate(nb)
page, _ = nbconvert.HTMLExporter().from_notebook_node(nb)
assert "image/png" in page or "<svg" in page or "<table" in page, "nothing to see"
`, book, dir)
			c.Env, c.WaitDelay = environment, time.Second
			if out, err := c.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// Every sentence of the messaging protocol by a client that believes nothing.
func TestProtocolByAStrictClient(t *testing.T) {
	python, environment := jupyter(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	runPython(t, python, append(environment, "TMPDIR="+t.TempDir()), "testdata/jupyter/protocol.py", self)
}

// A notebook that a front end saves has no emptied outputs where bars were, and all else.
func TestBarsInASavedNotebook(t *testing.T) {
	python, environment := jupyter(t)
	runPython(t, python, environment, "-c", `
import nbclient, nbformat, nbformat.v4 as v4
bar = 'for i := range 3 {\n\tb := display.Progress(fmt.Sprint("bar ", i), 100)\n\tfor range 100 { b.Add(1) }\n\tb.Finish("loss 0.5")\n}\n'
both = 'var wg sync.WaitGroup\nfor i := range 4 {\n\twg.Go(func() {\n\t\tb := display.Progress(fmt.Sprint("bar ", i), 100)\n\t\tfor k := range 100 {\n\t\t\tif k % 50 == 0 { fmt.Println("line", i, k) }\n\t\t\tb.Add(1)\n\t\t}\n\t\tb.Finish("")\n\t})\n}\nwg.Wait()\n'
cells = [bar, bar + "42", 'fmt.Println("a")\n' + bar + 'fmt.Println("b")', both + '"end"', bar + 'panic("x")', bar + "display.HTML(\"<b>h</b>\")"]
nb = v4.new_notebook(cells=[v4.new_code_cell(c) for c in cells])
nbclient.NotebookClient(nb, timeout=60, kernel_name="gonverge", allow_errors=True).execute()
nbformat.validate(nb)
for c in nb.cells:
    for o in c.outputs:
        assert o.output_type != "display_data" or o.data["text/plain"].strip(), c
got = [[o.output_type for o in c.outputs] for c in nb.cells]
text = lambda c: "".join(o.text for o in c.outputs if o.output_type == "stream")
assert got[0] == [] and got[1] == ["execute_result"] and got[4] == ["error"] and got[5] == ["execute_result"], got
assert text(nb.cells[2]) == "a\nb\n", nb.cells[2]
assert [o.data["text/plain"] for o in nb.cells[2].outputs if "data" in o] == ["bar %d: 100 done, loss 0.5" % i for i in range(3)], nb.cells[2]
assert sorted(text(nb.cells[3]).split("\n")) == [""] + sorted("line %d %d" % (i, k) for i in range(4) for k in (0, 50)), nb.cells[3]
assert sorted(o.data["text/plain"] for o in nb.cells[3].outputs if o.output_type == "display_data") == ["bar %d: 100 done" % i for i in range(4)], nb.cells[3]
assert nb.cells[3].outputs[-1].data["text/plain"] == "end"
`)
}

// A kernel whose front end was killed must not stay behind.
func TestKernelEndsWithItsParent(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("parents are watched on Unix")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "connection.json")
	if err := os.WriteFile(file, []byte(`{"transport":"tcp","ip":"127.0.0.1","key":"k","signature_scheme":"hmac-sha256"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	parent := exec.Command("/bin/sh", "-c", `JPY_PARENT_PID=$$ "$0" kernel "$1" >"$2/log" 2>&1 & echo $! >"$2/pid.new"; mv "$2/pid.new" "$2/pid"; wait`, self, file, dir)
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	for end := time.Now().Add(20 * time.Second); pid == 0; time.Sleep(10 * time.Millisecond) {
		if data, err := os.ReadFile(filepath.Join(dir, "pid")); err == nil {
			if pid, err = strconv.Atoi(string(bytes.TrimSpace(data))); err != nil {
				t.Fatal(err)
			}
		}
		if time.Now().After(end) {
			t.Fatal("no kernel")
		}
	}
	alive := func() bool {
		if state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil && bytes.Contains(state, []byte(") Z ")) {
			return false // ended, and nobody has asked for its exit code
		}
		p, err := os.FindProcess(pid)
		return err == nil && p.Signal(syscall.Signal(0)) == nil
	}
	time.Sleep(2 * time.Second)
	if !alive() {
		log, _ := os.ReadFile(filepath.Join(dir, "log")) // shown as far as it is there
		t.Fatalf("the kernel ended by itself: %s", log)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait() // it was killed
	for end := time.Now().Add(10 * time.Second); alive(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			p, _ := os.FindProcess(pid)
			_ = p.Kill()
			t.Fatal("the kernel outlived its parent by 10 s")
		}
	}
}

// frontEnd is a client in Go of a kernel with its real engine in this process.
type frontEnd struct {
	*wire.Client
	t   *testing.T
	ctx context.Context
}

func startKernel(t *testing.T) *frontEnd {
	t.Helper()
	engine, err := newSession(nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.New(server.Options{
		Connection: wire.Connection{Transport: "tcp", IP: "127.0.0.1", Key: "k"}, Engine: engine, History: "-", Log: log.New(io.Discard, "", 0),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	client, err := wire.Dial(ctx, s.Connection())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	f := &frontEnd{client, t, ctx}
	if m := f.next(client.IOPub); m.Header.MsgType != "iopub_welcome" {
		t.Fatalf("the first iopub message is %s", m.Header.MsgType)
	}
	return f
}

func (f *frontEnd) next(from *wire.Channel) *wire.Message {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.ctx, time.Minute)
	defer cancel()
	m, err := from.Recv(ctx)
	if err != nil {
		f.t.Fatal(err)
	}
	return m
}

func (f *frontEnd) send(to *wire.Channel, msgType string, content any) string {
	f.t.Helper()
	h, err := f.Send(to, msgType, content)
	if err != nil {
		f.t.Fatal(err)
	}
	return h.MsgID
}

// awaitBusy waits until the kernel says that it handles a request.
func (f *frontEnd) awaitBusy(id string) {
	f.t.Helper()
	for m := f.next(f.IOPub); m.Parent.MsgID != id; m = f.next(f.IOPub) {
	}
}

// finish waits for reply and idle of a cell. It returns the reply's status and the plain text of the cell's result.
func (f *frontEnd) finish(id string) (status, result string) {
	f.t.Helper()
	for idle := false; !idle; {
		m := f.next(f.IOPub)
		if m.Parent.MsgID != id {
			continue
		}
		var content struct {
			ExecutionState string `json:"execution_state"`
			Data           map[string]any
		}
		if err := m.Unmarshal(&content); err != nil {
			f.t.Fatal(err)
		}
		if text, ok := content.Data["text/plain"].(string); ok {
			result = text
		}
		idle = content.ExecutionState == "idle"
	}
	m := f.next(f.Shell)
	var reply wire.StatusReply
	if err := m.Unmarshal(&reply); err != nil || m.Parent.MsgID != id {
		f.t.Fatalf("reply to %s, want one to %s; %v", m.Parent.MsgID, id, err)
	}
	return reply.Status, result
}

func (f *frontEnd) run(code string) (status, result string) {
	f.t.Helper()
	return f.finish(f.send(f.Shell, "execute_request", wire.ExecuteRequest{Code: code}))
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

// What cells declare stays, old versions of functions among it, and some kilobytes of positions; no more may stay.
func TestManyRealCells(t *testing.T) {
	f := startKernel(t)
	n := times(500, 10_000)
	heap := func() int {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc)
	}
	before := 0
	for i := range n {
		if i == n/10 {
			before = heap()
		}
		code, want := fmt.Sprintf("x := %d\nx * 2", i), fmt.Sprint(2*i)
		switch i % 4 {
		case 1:
			code, want = fmt.Sprintf("func f(n int) int { return n + %d }\nf(1)", i), fmt.Sprint(1+i)
		case 2:
			code, want = "total := 0\nfor i := range 10 {\n\ttotal += i\n}\ntotal", "45"
		case 3:
			code, want = "undefinedName", ""
		}
		status, got := f.run(code)
		if got != want || (status == "ok") != (want != "") {
			t.Fatalf("cell %d: %s: got %s %q, want %q", i, code, status, got, want)
		}
	}
	cells := n - n/10
	each := (heap() - before) / cells
	t.Logf("%d cells left %d bytes each", cells, each)
	if each > 3<<10 { // 1.9 kB as measured over 10,000
		t.Errorf("a cell leaves %d bytes", each)
	}
}

func TestRealInterruptsLoseNoReply(t *testing.T) {
	f := startKernel(t)
	rng := rand.New(rand.NewPCG(3, 4))
	cells := []string{"for {}", "time.Sleep(2 * time.Millisecond)", "select {}", "s := 0\nfor i := 0; i < 20000; i++ { s += i }\ns", `fmt.Println("x")`}
	seen := map[string]int{}
	f.run("kept := 7")
	n := times(100, 1000)
	for i := range n {
		id := f.send(f.Shell, "execute_request", wire.ExecuteRequest{Code: cells[i%len(cells)]})
		if i%len(cells) == 0 || i%len(cells) == 2 {
			f.awaitBusy(id) // these never end: an interrupt that comes before the cell does would be lost
		}
		time.Sleep(time.Duration(rng.IntN(4000)) * time.Microsecond)
		f.send(f.Control, "interrupt_request", nil)
		f.next(f.Control)
		status, _ := f.finish(id)
		seen[status]++
	}
	if seen["ok"]+seen["error"] != n || seen["error"] < 2*n/5 {
		t.Errorf("got %v of %d", seen, n)
	}
	if status, got := f.run("kept"); status != "ok" || got != "7" {
		t.Errorf("after them: %s %s", status, got)
	}
}

// A figure notebook in the classic notebook in a browser, its picture visible. It needs jupyter-notebook, node, npm and
// chromium, trains small nets (GONVERGE_RECIPE=smoke unless it is set) and runs only where REQUIRE_BROWSER is 1.
func TestFigureNotebookInABrowser(t *testing.T) {
	if os.Getenv("REQUIRE_BROWSER") != "1" {
		t.Skip("drives Chromium for a minute: set REQUIRE_BROWSER=1")
	}
	python, environment := jupyter(t)
	dir := t.TempDir()
	for from, to := range map[string]string{"testdata/jupyter/browser.mjs": "browser.mjs", "../notebooks/figure-1.ipynb": "book/figure.ipynb"} {
		data, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		to = filepath.Join(dir, to)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	command := func(name string, args ...string) *exec.Cmd {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
		t.Cleanup(cancel)
		c := exec.CommandContext(ctx, name, args...)
		c.Dir, c.Env, c.WaitDelay = dir, environment, time.Second
		if cache := os.Getenv("GONVERGE_CACHE"); cache != "" { // with nets that are trained already
			c.Env = append(c.Env, "GONVERGE_CACHE="+cache)
		}
		if os.Getenv("GONVERGE_RECIPE") == "" {
			c.Env = append(c.Env, "GONVERGE_RECIPE=smoke")
		}
		return c
	}
	if out, err := command("npm", "install", "--no-audit", "--no-fund", "playwright-core@1").CombinedOutput(); err != nil {
		t.Fatalf("npm install playwright-core: %v\n%s", err, out)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(address) // an address of a listener has a port
	notebook := command(python, "-m", "notebook", "--no-browser", "--allow-root", "--ip=127.0.0.1", "--port="+port,
		"--NotebookApp.port_retries=0", "--NotebookApp.token=secret", "--notebook-dir="+filepath.Join(dir, "book"))
	var serverLog bytes.Buffer
	notebook.Stdout, notebook.Stderr = &serverLog, &serverLog
	if err := notebook.Start(); err != nil {
		t.Fatal(err)
	}
	ended := func() string {
		_ = notebook.Process.Signal(syscall.SIGTERM) // it may have ended by itself
		_ = notebook.Wait()                          // with the exit code of a signal
		return serverLog.String()
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			break
		}
		if time.Now().After(end) {
			t.Fatalf("the notebook server does not answer:\n%s", ended())
		}
	}
	out, err := command("node", "browser.mjs", "http://"+address+"/notebooks/figure.ipynb?token=secret", "1", filepath.Join(dir, "shot.png")).CombinedOutput()
	log := ended()
	t.Logf("%s", out)
	if err != nil {
		t.Errorf("%v\n%s", err, log)
	}
	if keep := os.Getenv("GONVERGE_SCREENSHOT"); keep != "" {
		if data, err := os.ReadFile(filepath.Join(dir, "shot.png")); err != nil {
			t.Error(err)
		} else if err := os.WriteFile(keep, data, 0o644); err != nil {
			t.Error(err)
		}
	}
}
