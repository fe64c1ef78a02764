package session_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gonverge/kernel/session"
)

// Programs are whole Go programs that print. As one cell they must print what the Go toolchain makes them print: beside
// each lies the output of `go run`; with GONVERGE_UPDATE set it is written anew.
func TestProgramsPrintWhatGoPrints(t *testing.T) {
	files, err := filepath.Glob("testdata/programs/*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(err, files)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".go"), func(t *testing.T) {
			golden := strings.TrimSuffix(file, ".go") + ".out"
			if os.Getenv("GONVERGE_UPDATE") != "" {
				b, err := exec.Command("go", "run", file).CombinedOutput()
				if err != nil {
					t.Fatalf("%v\n%s", err, b)
				}
				if err := os.WriteFile(golden, b, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			s := newSession(t)
			for i := range 2 { // and again: a cell that runs twice does the same
				sink := &recorder{}
				ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
				r := s.Run(ctx, string(src), session.RunOptions{StoreHistory: true}, sink)
				cancel()
				if r.Err != nil {
					t.Fatalf("run %d: %s\noutput so far:\n%s", i+1, colour.ReplaceAllString(strings.Join(r.Err.Traceback, "\n"), ""), sink.out())
				}
				got, wanted := strings.Split(sink.out(), "\n"), strings.Split(string(want), "\n")
				for j := range max(len(got), len(wanted)) {
					g, w := "(nothing)", "(nothing)"
					if j < len(got) {
						g = got[j]
					}
					if j < len(wanted) {
						w = wanted[j]
					}
					if g != w {
						t.Errorf("run %d, line %d:\ngot  %s\nwant %s", i+1, j+1, g, w)
					}
				}
			}
		})
	}
}
