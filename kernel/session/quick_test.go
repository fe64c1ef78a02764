package session_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"gonverge/kernel/session"
)

func TestQuick(t *testing.T) {
	f := os.Getenv("CELLS")
	if f == "" {
		t.Skip()
	}
	b, _ := os.ReadFile(f)
	s := newSession(t)
	for _, c := range strings.Split(string(b), "\n---\n") {
		sink := &recorder{}
		r := s.Run(context.Background(), c, session.RunOptions{StoreHistory: true}, sink)
		fmt.Printf("%s\n   => %q out=%q\n", c, valueTexts(r), sink.events)
		if r.Err != nil {
			fmt.Println(strings.Join(r.Err.Traceback, "\n"))
		}
	}
}
