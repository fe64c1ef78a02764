package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"go/build/constraint"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gonverge/kernel/display"
	"gonverge/kernel/session"
	"gonverge/kernel/symbols"
)

// The tests that Go has of itself, in the folder test of its source, as cells. A program whose first line says "run" must
// print what it prints under Go, mostly nothing; one that says "compile" must be accepted, and one that says "errorcheck"
// refused, each by what Go has to say and never by an error of the kernel's own. testdata/gosuite.txt lists
// those that a cell cannot be, each with its reason. GONVERGE_GOSUITE=all runs these too and names those that pass.

// suiteProgram is one file of the suite.
type suiteProgram struct {
	path string // below the folder, with slashes
	kind string // "run", "compile" or "errorcheck"
}

var suiteHeader = regexp.MustCompile(`(?m)^// *(run|compile|build|errorcheck|errorcheckandrundiag|rundir|runoutput|skip|asmcheck|buildrundir|runindir|errorcheckdir|compiledir)\b(.*)$`)

var colour = regexp.MustCompile("\x1b\\[[0-9;]*m")

// suite finds the programs of one file for the platform of the tests.
func suite(t *testing.T) (root string, programs []suiteProgram) {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Skip("no Go toolchain")
	}
	root = filepath.Join(strings.TrimSpace(string(out)), "test")
	if _, err := os.Stat(filepath.Join(root, "ken")); err != nil {
		t.Skip("this Go has come without its folder test")
	}
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && strings.HasSuffix(path, ".dir") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		h := suiteHeader.FindStringSubmatch(string(src))
		if h == nil || !builds(src) {
			return nil
		}
		kind, flags := h[1], h[2]
		switch {
		case kind == "build":
			kind = "compile"
		case kind == "errorcheck" && strings.Contains(flags, "-"): // of what the compiler reports beside errors
			return nil
		}
		if kind == "run" || kind == "compile" || kind == "errorcheck" {
			rel, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			programs = append(programs, suiteProgram{filepath.ToSlash(rel), kind})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(programs) < 1500 {
		t.Fatalf("only %d programs in %s", len(programs), root)
	}
	return root, programs
}

// builds tells whether the build constraint of a file holds here, without cgo.
func builds(src []byte) bool {
	for line := range strings.Lines(string(src)) {
		if !constraint.IsGoBuild(line) {
			continue
		}
		x, err := constraint.Parse(strings.TrimSpace(line))
		return err == nil && x.Eval(func(tag string) bool {
			return tag == runtime.GOOS || tag == runtime.GOARCH || tag == "gc" || tag == "unix" || strings.HasPrefix(tag, "go1.")
		})
	}
	return true
}

// excuses reads the list of what a cell cannot be.
func excuses(t *testing.T) map[string]string {
	f, err := os.Open("testdata/gosuite.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	why := map[string]string{}
	for sc := bufio.NewScanner(f); sc.Scan(); {
		path, reason, _ := strings.Cut(strings.TrimSpace(sc.Text()), " ")
		if path == "" || path == "#" {
			continue
		}
		if strings.TrimSpace(reason) == "" {
			t.Fatalf("gosuite.txt: %s without a reason", path)
		}
		why[path] = strings.TrimSpace(reason)
	}
	return why
}

func TestGoSuite(t *testing.T) {
	if os.Getenv("GONVERGE_LONG") == "" && os.Getenv("GONVERGE_GOSUITE") == "" {
		t.Skip("runs 2,000 programs for some minutes; GONVERGE_LONG=1 runs it")
	}
	root, programs := suite(t)
	why, all := excuses(t), os.Getenv("GONVERGE_GOSUITE") == "all"
	for path := range why {
		if !slices.ContainsFunc(programs, func(p suiteProgram) bool { return p.path == path }) {
			t.Logf("%s is excused and not in the suite of this Go", path)
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	jobs := make(chan suiteProgram)
	var mu sync.Mutex
	passed, excused := map[string]int{}, map[string]int{}
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for p := range jobs {
				fault := ""
				switch p.kind {
				case "run":
					fault = suiteRun(self, root, p.path)
				default:
					fault = suiteCheck(root, p)
				}
				mu.Lock()
				switch reason := why[p.path]; {
				case fault == "":
					passed[p.kind]++
					if reason != "" {
						t.Logf("%s passes, and is excused: %s", p.path, reason)
					}
				case reason != "":
					excused[p.kind]++
				default:
					t.Errorf("%s: %s", p.path, colour.ReplaceAllString(fault, ""))
				}
				mu.Unlock()
			}
		})
	}
	for _, p := range programs {
		if why[p.path] != "" && !all {
			mu.Lock()
			excused[p.kind]++
			mu.Unlock()
			continue
		}
		jobs <- p
	}
	close(jobs)
	wg.Wait()
	t.Logf("passed %v, excused %v", passed, excused)
}

// suiteRun runs a program as one cell in a process of its own: "" when it prints what it must.
func suiteRun(self, root, path string) string {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	dir, err := os.MkdirTemp("", "gosuite")
	if err != nil {
		return err.Error()
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(root, filepath.FromSlash(path))
	cmd := exec.CommandContext(ctx, self, "exec", file)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "TMPDIR="+dir)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	failed := cmd.Run()
	want, err := os.ReadFile(strings.TrimSuffix(file, ".go") + ".out")
	if err != nil && !os.IsNotExist(err) {
		return err.Error()
	}
	switch {
	case ctx.Err() != nil:
		return "runs for more than five minutes"
	case failed != nil:
		return fmt.Sprintf("%v\n%.600s", failed, out.String())
	case out.String() != string(want):
		return fmt.Sprintf("got\n%.300s\nwant\n%.300s", out.String(), want)
	}
	return ""
}

// suiteCheck runs a program that has only to be compiled, or refused.
func suiteCheck(root string, p suiteProgram) string {
	src, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(p.path)))
	if err != nil {
		return err.Error()
	}
	s, err := session.New(session.Options{Tables: session.Tables{Symbols: symbols.Exports(), ExportData: symbols.ExportData(), Preload: symbols.Preload()}})
	if err != nil {
		return err.Error()
	}
	defer s.Close()
	if p.kind == "compile" { // main is not there to be run
		src = bytes.ReplaceAll(src, []byte("main()"), []byte("mainOf()"))
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	r := s.Run(ctx, string(src), session.RunOptions{Label: p.path}, discard{})
	switch {
	case r.Err != nil && (r.Err.Name == "internal error" || strings.Contains(r.Err.Message, "internal:")):
		return strings.Join(r.Err.Traceback, "\n")
	case p.kind == "compile" && r.Err != nil && refused(r.Err.Name):
		return strings.Join(r.Err.Traceback, "\n")
	case p.kind == "errorcheck" && (r.Err == nil || !refused(r.Err.Name)):
		return "is accepted"
	}
	return ""
}

// refused tells the errors of cells that did not run.
func refused(name string) bool { return name == "compile error" || name == "syntax error" }

// discard is a sink for what does not matter.
type discard struct{}

func (discard) Stream(string, string)                {}
func (discard) Display(display.Bundle, string, bool) {}
func (discard) Clear(bool)                           {}
func (discard) Input(string, bool) (string, error)   { return "", fmt.Errorf("no input") }
