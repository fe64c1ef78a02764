package server

import (
	"bytes"
	"context"
	"errors"

	"gonverge/kernel/display"
	"gonverge/kernel/wire"
)

// sink publishes what one cell puts out, also after the cell ended (goroutines that it started).
type sink struct {
	server  *Server
	request *request
	ctx     context.Context // ends with the cell or its interrupt
	stdin   bool            // the front end answers input requests
}

func (o *sink) Stream(name, text string) {
	if text != "" {
		o.server.publish(o.request, "stream", wire.Stream{Name: name, Text: text})
	}
}

func (o *sink) Display(b display.Bundle, id string, update bool) {
	content := wire.DisplayData{Data: b.JSON(), Metadata: b.MetadataJSON()}
	if id != "" {
		content.Transient = map[string]any{"display_id": id}
	}
	if update && id != "" {
		o.server.publish(o.request, "update_display_data", content)
	} else {
		o.server.publish(o.request, "display_data", content)
	}
}

func (o *sink) Clear(wait bool) {
	o.server.publish(o.request, "clear_output", wire.ClearOutput{Wait: wait})
}

// question is a request for input that waits for its answer.
type question struct {
	id     string   // of the input_request
	asker  *request // the cell
	answer chan string
}

// Input asks the front end that runs the cell and waits for its answer or the end of the cell.
func (o *sink) Input(prompt string, password bool) (string, error) {
	if !o.stdin {
		return "", errors.New("this front end does not answer requests for input")
	}
	s := o.server
	select { // goroutines of a cell ask one after the other
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-o.ctx.Done():
		return "", o.ctx.Err()
	}
	header := wire.NewHeader(s.session, "input_request")
	q := &question{header.MsgID, o.request, make(chan string, 1)}
	s.ask(q)
	defer s.ask(nil)
	s.send(s.sockets.Stdin, &wire.Message{
		Identities: o.request.Identities, Header: header, Parent: o.request.Header,
		Content: wire.InputRequest{Prompt: prompt, Password: password},
	})
	select {
	case line := <-q.answer:
		return line, nil
	case <-o.ctx.Done():
		return "", o.ctx.Err()
	}
}

func (s *Server) ask(q *question) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asking = q
}

// receiveStdin takes the answer to an input request.
func (s *Server) receiveStdin(r *request) {
	if r.Header.MsgType != "input_reply" {
		return
	}
	var in wire.InputReply
	if err := r.Unmarshal(&in); err != nil {
		s.log.Printf("server: dropped: %v", err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.asking
	if q == nil || !q.answeredBy(r) {
		s.log.Print("server: dropped an answer that nobody waits for")
		return
	}
	s.asking = nil
	q.answer <- in.Value // there is room: this is the only answer
}

// answeredBy reports whether a reply can be the answer: it comes from the front end that was asked and, if it names a
// message as its cause, which not all do, then this question or its cell.
func (q *question) answeredBy(r *request) bool {
	if len(r.Identities) == 0 || !bytes.Equal(r.Identities[0], q.asker.Identities[0]) {
		return false
	}
	cause := r.Parent.MsgID
	return cause == "" || cause == q.id || cause == q.asker.Header.MsgID
}
