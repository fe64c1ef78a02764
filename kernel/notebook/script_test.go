package notebook_test

import (
	"context"
	"fmt"
	"strings"

	"gonverge/kernel/display"
	"gonverge/kernel/session"
)

// script is a session that understands lines of commands, so that every kind of
// output can be had without a Go interpreter.
type script struct{ count int }

func (s *script) Run(ctx context.Context, source string, o session.RunOptions, sink session.Sink) session.Reply {
	s.count++
	reply := session.Reply{Count: s.count}
	for line := range strings.Lines(source) {
		line = strings.TrimSuffix(line, "\n")
		do, arg, _ := strings.Cut(line, " ")
		arg = strings.NewReplacer(`\n`, "\n", `\r`, "\r").Replace(arg)
		id, rest, _ := strings.Cut(arg, " ")
		switch do {
		case "print":
			sink.Stream("stdout", arg)
		case "warn":
			sink.Stream("stderr", arg)
		case "show":
			sink.Display(display.Text(rest), strings.Trim(id, "-"), false)
		case "bar":
			sink.Display(display.Text(rest), "bar-"+id, false)
		case "update":
			sink.Display(display.Text(rest), id, true)
		case "clear":
			sink.Clear(arg == "wait")
		case "picture":
			sink.Display(display.Bundle{Data: map[string]any{
				"image/png": []byte("PNG" + id), "image/svg+xml": "<svg>\n" + id + "</svg>\n", "text/plain": "picture", "application/json": map[string]any{"b": 1, "a": []int{2}},
			}, Metadata: map[string]any{"image/png": map[string]any{"width": 10}}}, "", false)
		case "value":
			reply.Values = append(reply.Values, display.Text(arg))
		case "fail":
			reply.Err = &session.Error{Name: "error", Message: arg, Traceback: []string{"In[1]:1:1", "error: " + arg}, Cell: s.count, Line: 1, Column: 1}
			return reply
		case "wait":
			<-ctx.Done()
			reply.Err = &session.Error{Name: "interrupted", Message: "the cell was interrupted"}
			return reply
		case "input":
			_, err := sink.Input("?", false)
			sink.Stream("stdout", err.Error())
		default:
			panic(fmt.Sprintf("script: unknown command %q", do))
		}
	}
	return reply
}
