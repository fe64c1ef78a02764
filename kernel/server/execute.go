package server

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"gonverge/kernel/display"
	"gonverge/kernel/session"
	"gonverge/kernel/wire"
)

// execute runs a cell. It is called by the executing goroutine only.
func (s *Server) execute(r *request) (any, error) {
	var in wire.ExecuteRequest
	if err := r.Unmarshal(&in); err != nil {
		return nil, err
	}
	defer s.cells.done() // before the reply: whoever has it and interrupts then means the next cell
	if r.aborted || s.abort.covers(r) {
		return wire.StatusReply{Status: "aborted"}, nil
	}
	store := isTrue(in.StoreHistory) && !in.Silent && strings.TrimSpace(in.Code) != ""
	count := s.count
	if store {
		count++
		s.history.add(count, in.Code)
	}
	if !in.Silent {
		s.publish(r, "execute_input", wire.ExecuteInput{Code: in.Code, ExecutionCount: count})
	}
	out := s.runCell(r, in.Code, session.RunOptions{Silent: in.Silent, StoreHistory: store}, isTrue(in.AllowStdin))
	if store {
		if out.Count > 0 {
			count = out.Count
		}
		s.count = count
	}
	if out.Err != nil {
		return s.failed(r, &in, count, out.Err), nil
	}
	if b, ok := display.Merge(out.Values); ok && !in.Silent {
		content := wire.DisplayData{ExecutionCount: &count, Data: b.JSON(), Metadata: b.MetadataJSON()}
		if b.ID != "" {
			content.Transient = map[string]any{"display_id": b.ID}
		}
		s.publish(r, "execute_result", content)
	}
	return wire.ExecuteReply{Status: "ok", ExecutionCount: count, UserExpressions: s.evaluate(r, in.UserExpressions), Payload: payload(out)}, nil
}

// payload is what a front end is to do with its pages and cells.
func payload(out session.Reply) []any {
	list := []any{}
	if out.Page != nil {
		list = append(list, map[string]any{"source": "page", "data": out.Page.JSON(), "start": 0})
	}
	if out.Next != "" {
		list = append(list, map[string]any{"source": "set_next_input", "text": out.Next, "replace": true})
	}
	return list
}

// runCell lets the engine run the source, interruptible, and survives it.
func (s *Server) runCell(r *request, source string, o session.RunOptions, stdin bool) (reply session.Reply) {
	defer func() {
		if p := recover(); p != nil {
			e := s.recovered(p)
			reply = session.Reply{Err: &session.Error{Name: e.Name, Message: e.Value, Traceback: e.Traceback}}
		}
	}()
	return s.engine.Run(r.ctx, source, o, &sink{server: s, request: r, ctx: r.ctx, stdin: stdin})
}

// failed publishes the error, sees to the cells that wait, and returns the reply.
func (s *Server) failed(r *request, in *wire.ExecuteRequest, count int, e *session.Error) wire.ErrorReply {
	content := wire.ErrorReply{Name: e.Name, Value: e.Message, Traceback: e.Traceback}
	if content.Traceback == nil {
		content.Traceback = []string{e.Error()}
	}
	s.publish(r, "error", content)
	if isTrue(in.StopOnError) && !in.Silent { // as ipykernel does
		s.abort.start(r)
		s.cells.abort()
	}
	content.Status, content.ExecutionCount = "error", &count
	content.UserExpressions, content.Payload = map[string]any{}, []any{}
	return content
}

// evaluate runs the user expressions after a cell, silently and in the order of their names.
func (s *Server) evaluate(r *request, expressions map[string]string) map[string]any {
	values := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(expressions)) {
		out := s.runCell(r, expressions[name], session.RunOptions{Silent: true, Label: name}, false)
		if out.Err != nil {
			values[name] = wire.ErrorReply{Status: "error", Name: out.Err.Name, Value: out.Err.Message, Traceback: out.Err.Traceback}
			continue
		}
		b, _ := display.Merge(out.Values)
		values[name] = map[string]any{"status": "ok", "data": b.JSON(), "metadata": b.MetadataJSON()}
	}
	return values
}

// abortion decides which cells came too early to know of an error before them. A front end that runs all cells sends
// them at once, but the first may have failed before the others arrive; those are known by the front end's own clock:
// made less time after the failed request than passed here until its reply.
type abortion struct {
	mu      sync.Mutex
	session string
	failed  time.Time // when the front end made the failed request
	window  time.Duration
}

// burst is how long a browser may take to make the requests of all cells; nobody reacts to an error that fast in one.
// Programs react faster, and the microseconds in their dates say that they are none.
const burst = 20 * time.Millisecond

func (a *abortion) start(r *request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.session, a.failed, a.window = r.Header.Session, r.Header.Time(), time.Since(r.received)
	switch digits := r.Header.SecondDigits(); {
	case digits == 0: // seconds tell nothing here
		a.failed = time.Time{}
	case digits <= 3:
		a.window += burst
	}
}

func (a *abortion) covers(r *request) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.failed.IsZero() || r.Header.Session != a.session {
		return false
	}
	made := r.Header.Time()
	if !made.IsZero() && made.Sub(a.failed) < a.window {
		return true
	}
	a.failed = time.Time{} // the front end has seen the error: from here on all is new
	return false
}

// isTrue reads an optional flag whose default is true.
func isTrue(flag *bool) bool { return flag == nil || *flag }
