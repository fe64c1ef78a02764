package server_test

import (
	"context"
	"fmt"
	"time"

	"gonverge/kernel/display"
	"gonverge/kernel/server"
	"gonverge/kernel/session"
	"gonverge/kernel/wire"
)

// echo is an engine whose cells have themselves as value.
type echo struct{}

func (echo) Run(ctx context.Context, source string, o session.RunOptions, sink session.Sink) session.Reply {
	return session.Reply{Values: []display.Bundle{{Data: map[string]any{"text/plain": source}}}}
}
func (echo) Complete(string, int) session.Completion              { return session.Completion{} }
func (echo) Inspect(string, int, int) (b display.Bundle, ok bool) { return b, false }
func (echo) IsComplete(string) (status, indent string)            { return "complete", "" }
func (echo) Close()                                               { fmt.Println("closed") }

func Example() {
	s, err := server.New(server.Options{Connection: wire.Connection{Transport: "tcp", IP: "127.0.0.1", Key: "secret"}, Engine: echo{}, History: "-"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("shell is bound:", s.Connection().ShellPort > 0)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	fmt.Println(s.Serve(ctx))
	// Output:
	// shell is bound: true
	// closed
	// context deadline exceeded
}
