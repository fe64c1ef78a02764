package bench

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

//go:embed peer.py
var prelude string

// Peer is a Python process that measures the same work. Its methods are not safe for
// concurrent use. A nil Peer has no cases.
type Peer struct {
	Versions []string // "torch 1.13.0"
	cases    []string

	process *exec.Cmd
	stop    context.CancelFunc
	in      io.WriteCloser
	out     *bufio.Reader
	errors  *tail
}

// StartPeer starts a peer with a script (see the package's comment) that needs the modules,
// which are imported before it runs. It returns nil and no error if there is no Python or a
// module is missing; missing says which. The process ends with ctx or [Peer.Close].
func StartPeer(ctx context.Context, python, script string, modules ...string) (p *Peer, missing string, err error) {
	path, err := interpreter(python)
	if err != nil {
		return nil, "Python", nil
	}
	ctx, stop := context.WithCancel(ctx)
	p = &Peer{stop: stop, errors: &tail{}}
	p.process = exec.CommandContext(ctx, path, append([]string{"-u", "-c", prelude + "\n" + "load()\n" + script + "\nserve()\n"}, modules...)...)
	p.process.Env = environment(os.Environ())
	p.process.Stderr = p.errors
	p.process.WaitDelay = time.Second
	if p.in, err = p.process.StdinPipe(); err == nil {
		var out io.ReadCloser
		if out, err = p.process.StdoutPipe(); err == nil {
			p.out = bufio.NewReader(out)
			err = p.process.Start()
		}
	}
	if err != nil {
		stop()
		return nil, "", fmt.Errorf("bench: %s: %w", path, err)
	}
	var hello struct {
		Missing  string
		Versions []string
		Cases    []string
	}
	if err := p.read(&hello); err != nil {
		p.Close()
		return nil, "", err
	}
	if hello.Missing != "" {
		p.Close()
		return nil, "Python's " + hello.Missing, nil
	}
	p.Versions, p.cases = hello.Versions, hello.Cases
	return p, "", nil
}

// peer starts a peer for a table, and notes there what it is or what is missing.
func (o Options) peer(ctx context.Context, t *Table, script string, modules ...string) (*Peer, error) {
	if o.NoPeers {
		return nil, nil
	}
	p, missing, err := StartPeer(ctx, o.Python, script, modules...)
	if missing != "" {
		t.Note("No peer: " + missing + " is not installed.")
	}
	if p != nil {
		t.Peers = append(t.Peers, p.Versions...)
	}
	return p, err
}

// interpreter returns the path of Python.
func interpreter(python string) (string, error) {
	if python != "" {
		return exec.LookPath(python)
	}
	if path, err := exec.LookPath("/usr/bin/python3"); err == nil {
		return path, nil // the system's, which has the distribution's packages
	}
	return exec.LookPath("python3")
}

// environment returns one thread for every library, and OpenBLAS without settings that make it
// take the processor for another.
func environment(env []string) []string {
	unset := []string{"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"}
	env = slices.DeleteFunc(slices.Clone(env), func(s string) bool {
		name, _, _ := strings.Cut(s, "=")
		return slices.Contains(unset, name)
	})
	return append(env, "OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1", "MKL_NUM_THREADS=1", "NUMEXPR_NUM_THREADS=1")
}

// Case returns a contender: a case of the script, under a name for people. A nil peer, and one
// that has no such case, return a contender without a function, which [Options.Alternate]
// leaves out.
func (p *Peer) Case(name, of string) Contender {
	if p == nil || !slices.Contains(p.cases, of) {
		return Contender{Name: name}
	}
	return Contender{Name: name, Do: func(ctx context.Context, n int) (Time, error) {
		if err := ctx.Err(); err != nil {
			return Time{}, err
		}
		t, err := p.Do(of, n)
		if err != nil && ctx.Err() != nil { // which ended the process
			err = ctx.Err()
		}
		return t, err
	}}
}

// Do lets the peer call a case n times and returns the time of all calls together, measured by
// the peer, and the last number that it returned.
func (p *Peer) Do(of string, n int) (Time, error) {
	if _, err := fmt.Fprintf(p.in, "%d %s\n", n, of); err != nil {
		return Time{}, fmt.Errorf("bench: peer: %w%s", err, p.errors)
	}
	var t struct {
		CPU, Wall, Value float64
		Error            string
	}
	if err := p.read(&t); err != nil {
		return Time{}, err
	}
	if t.Error != "" {
		return Time{}, fmt.Errorf("bench: peer: %s: %s", of, t.Error)
	}
	second := float64(time.Second)
	return Time{CPU: time.Duration(t.CPU * second), Wall: time.Duration(t.Wall * second), Value: t.Value}, nil
}

// read reads an answer, a line of JSON.
func (p *Peer) read(to any) error {
	line, err := p.out.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, to)
	}
	if err == io.EOF {
		err = errors.New("ended")
	}
	if err != nil {
		_ = p.process.Wait() // for the rest of what it said; the error is the one above
		return fmt.Errorf("bench: peer: %w%s", err, p.errors)
	}
	return nil
}

// Close ends the process. A nil peer may be closed.
func (p *Peer) Close() {
	if p == nil {
		return
	}
	_ = p.in.Close()     // it may have ended already
	p.stop()             // or hang
	_ = p.process.Wait() // killed: that is no news
}

// tail keeps the end of what is written.
type tail struct{ text []byte }

func (t *tail) Write(b []byte) (int, error) {
	t.text = append(t.text, b...)
	if n := len(t.text) - 4096; n > 0 {
		t.text = t.text[n:]
	}
	return len(b), nil
}

func (t *tail) String() string {
	if s := strings.TrimSpace(string(t.text)); s != "" {
		return ": " + s
	}
	return ""
}
