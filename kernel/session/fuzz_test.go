package session_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gonverge/kernel/session"
)

// FuzzRun: no cell crashes or hangs the session, none is an internal error of the kernel, and the next cell works.
func FuzzRun(f *testing.F) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		for _, q := range readTable(f, file) {
			for _, st := range q.steps {
				f.Add(st.src)
			}
		}
	}
	f.Fuzz(func(t *testing.T, src string) {
		for _, world := range []string{"os.", "net", "http", "exec", "syscall", "%", "unsafe", "runtime", "debug"} {
			if strings.Contains(src, world) {
				return
			}
		}
		s, err := session.New(session.Options{Tables: tables(), MemoryLimit: 2 << 30})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		began := time.Now()
		r := s.Run(ctx, src, session.RunOptions{StoreHistory: true}, &recorder{})
		if took := time.Since(began); took > 30*time.Second {
			t.Fatalf("took %v", took)
		}
		if r.Err != nil && (r.Err.Name == "internal error" || strings.Contains(r.Err.Message, "internal:")) {
			t.Fatalf("%s\n%s", src, strings.Join(r.Err.Traceback, "\n"))
		}
		if r.Err != nil && r.Err.Name == "interrupted" {
			return
		}
		if got := s.Run(context.Background(), "40 + 2", session.RunOptions{}, &recorder{}); valueTexts(got) != "42" {
			t.Fatalf("after\n%s\n40 + 2 = %s, %v", src, valueTexts(got), got.Err)
		}
	})
}
