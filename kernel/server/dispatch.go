package server

import (
	"runtime"
	"strings"

	"gonverge/kernel/display"
	"gonverge/kernel/session"
	"gonverge/kernel/wire"
)

// handler answers one type of request: it returns the content of the reply, or nil when there is none to send.
// An error becomes an error reply.
type handler func(*Server, *request) (any, error)

// handlers by message type, for shell and control alike.
var handlers = map[string]handler{
	"execute_request":     (*Server).execute,
	"kernel_info_request": (*Server).kernelInfo,
	"complete_request":    (*Server).complete,
	"inspect_request":     (*Server).inspect,
	"is_complete_request": (*Server).isComplete,
	"history_request":     (*Server).historyRequest,
	"comm_info_request":   (*Server).commInfo,
	"comm_open":           (*Server).commOpen,
	"comm_msg":            (*Server).commMessage,
	"comm_close":          (*Server).commClose,
	"connect_request":     (*Server).connect,
	"interrupt_request":   (*Server).interruptRequest,
	"shutdown_request":    (*Server).shutdown,
}

// handle answers one request, with the status busy before and idle after it.
func (s *Server) handle(r *request) {
	s.publish(r, "status", wire.Status{ExecutionState: "busy"})
	defer s.publish(r, "status", wire.Status{ExecutionState: "idle"})
	base, isRequest := strings.CutSuffix(r.Header.MsgType, "_request") // messages of other names have no reply
	replyType := base + "_reply"
	defer func() {
		if p := recover(); p != nil {
			if content := s.recovered(p); isRequest {
				s.reply(r, replyType, content)
			}
		}
	}()
	do, ok := handlers[r.Header.MsgType]
	if !ok {
		s.log.Printf("server: no handler for %s", r.Header.MsgType)
		if isRequest {
			text := "this kernel does not know " + r.Header.MsgType
			s.reply(r, replyType, wire.ErrorReply{Status: "error", Name: "NotImplemented", Value: text, Traceback: []string{text}})
		}
		return
	}
	content, err := do(s, r)
	if err != nil && !isRequest {
		s.log.Printf("server: %s: %v", r.Header.MsgType, err)
		return
	}
	if err != nil {
		content = wire.ErrorReply{Status: "error", Name: "BadRequest", Value: err.Error(), Traceback: []string{err.Error()}}
	}
	if content != nil {
		s.reply(r, replyType, content)
	}
}

func (s *Server) kernelInfo(*request) (any, error) {
	version := strings.TrimPrefix(runtime.Version(), "go")
	return wire.KernelInfoReply{
		Status: "ok", ProtocolVersion: wire.Version, Implementation: "gonverge", ImplementationVersion: s.version,
		LanguageInfo: wire.LanguageInfo{
			Name: "go", Version: version, MimeType: "text/x-go", FileExtension: ".go", PygmentsLexer: "go", CodemirrorMode: "go",
		},
		Banner: "Gonverge " + s.version + ": Go cells that keep their values, and a library to compare what networks learn",
		HelpLinks: []wire.HelpLink{
			{Text: "A Tour of Go", URL: "https://go.dev/tour/"},
			{Text: "Go standard library", URL: "https://pkg.go.dev/std"},
			{Text: "gonum", URL: "https://pkg.go.dev/gonum.org/v1/gonum"},
		},
		SupportedFeatures: []string{},
	}, nil
}

func (s *Server) complete(r *request) (any, error) {
	var in wire.CompleteRequest
	if err := r.Unmarshal(&in); err != nil {
		return nil, err
	}
	c := s.engine.Complete(in.Code, byteOffset(in.Code, in.CursorPos))
	start, end := runeOffset(in.Code, c.Start), runeOffset(in.Code, c.End)
	matches, typed := make([]string, 0, len(c.Items)), make([]wire.TypedCompletion, 0, len(c.Items))
	for _, item := range c.Items {
		matches = append(matches, item.Text)
		typed = append(typed, wire.TypedCompletion{Start: start, End: end, Text: item.Text, Type: jupyterKind(item.Kind), Signature: item.Type})
	}
	return wire.CompleteReply{
		Status: "ok", Matches: matches, CursorStart: start, CursorEnd: end,
		Metadata: map[string]any{"_jupyter_types_experimental": typed},
	}, nil
}

// jupyterKind translates to the words for which front ends have icons.
func jupyterKind(kind string) string {
	switch kind {
	case "var":
		return "instance"
	case "func", "method":
		return "function"
	case "type":
		return "class"
	case "package":
		return "module"
	case "field":
		return "property"
	}
	return kind // "const" and "keyword" are called so
}

func (s *Server) inspect(r *request) (any, error) {
	var in wire.InspectRequest
	if err := r.Unmarshal(&in); err != nil {
		return nil, err
	}
	b, found := s.engine.Inspect(in.Code, byteOffset(in.Code, in.CursorPos), in.DetailLevel)
	if !found {
		b = display.Bundle{}
	}
	return wire.InspectReply{Status: "ok", Found: found, Data: b.JSON(), Metadata: b.MetadataJSON()}, nil
}

func (s *Server) isComplete(r *request) (any, error) {
	var in wire.IsCompleteRequest
	if err := r.Unmarshal(&in); err != nil {
		return nil, err
	}
	status, indent := s.engine.IsComplete(in.Code)
	return wire.IsCompleteReply{Status: status, Indent: indent}, nil
}

func (s *Server) connect(*request) (any, error) {
	c := s.connection
	return wire.ConnectReply{
		Status: "ok", ShellPort: c.ShellPort, ControlPort: c.ControlPort, StdinPort: c.StdinPort, IOPubPort: c.IOPubPort, HeartbeatPort: c.HeartbeatPort,
	}, nil
}

// interruptRequest confirms what was done when the request was read.
func (s *Server) interruptRequest(*request) (any, error) {
	return wire.StatusReply{Status: "ok"}, nil
}

// shutdown replies to the one that asked and to all others, then ends Serve; sockets send what is queued before they close.
func (s *Server) shutdown(r *request) (any, error) {
	var in wire.ShutdownRequest
	if err := r.Unmarshal(&in); err != nil {
		return nil, err
	}
	content := wire.ShutdownReply{Status: "ok", Restart: in.Restart}
	s.reply(r, "shutdown_reply", content)
	s.publish(r, "shutdown_reply", content)
	s.stop()
	return nil, nil
}

// byteOffset converts a cursor in code points, as the protocol counts, to a byte offset within the text.
func byteOffset(text string, runes int) int {
	for i := range text {
		if runes <= 0 {
			return i
		}
		runes--
	}
	return len(text)
}

// runeOffset is the inverse of byteOffset.
func runeOffset(text string, bytes int) int {
	return len([]rune(text[:min(max(bytes, 0), len(text))]))
}

var _ Engine = (*session.Session)(nil)
