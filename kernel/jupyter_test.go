package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
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
	runPython(t, python, environment, "testdata/jupyter/conformance.py", "gonverge", "-v")
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
