package server

import (
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

// Input asks the front end that runs the cell and waits for its answer or the end of the cell.
func (o *sink) Input(prompt string, password bool) (string, error) {
	if !o.stdin {
		return "", errors.New("this front end does not answer requests for input")
	}
	s := o.server
	select {
	case <-s.stdin: // an answer to a request that was given up
	default:
	}
	s.send(s.sockets.Stdin, &wire.Message{
		Identities: o.request.Identities, Header: wire.NewHeader(s.session, "input_request"), Parent: o.request.Header,
		Content: wire.InputRequest{Prompt: prompt, Password: password},
	})
	select {
	case line := <-s.stdin:
		return line, nil
	case <-o.ctx.Done():
		return "", o.ctx.Err()
	}
}

// receiveStdin takes the answer to an input request; the latest one counts.
func (s *Server) receiveStdin(r *request) {
	if r.Header.MsgType != "input_reply" {
		return
	}
	var in wire.InputReply
	if err := r.Unmarshal(&in); err != nil {
		s.log.Printf("server: dropped: %v", err)
		return
	}
	select {
	case <-s.stdin:
	default:
	}
	s.stdin <- in.Value // this goroutine is the only sender, so there is room
}
