package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"strings"

	"gonverge/kernel/display"
	"gonverge/kernel/server"
	"gonverge/kernel/session"
	"gonverge/kernel/wire"
)

// remote is a kernel behind sockets of this machine: cells go the way that a front end's go.
type remote struct {
	client *wire.Client
	stop   context.CancelFunc
	served chan struct{} // closed when the kernel has ended
}

// overSockets starts the kernel that open makes, and a client that runs cells in it.
func overSockets(open opener) opener {
	return func(show func(display.Bar), limit memory) (engine, error) {
		local, err := open(show, limit)
		if err != nil {
			return nil, err
		}
		inner, ok := local.(server.Engine)
		if !ok {
			return nil, fmt.Errorf("%T cannot be served", local)
		}
		s, err := server.New(server.Options{
			Connection: wire.Connection{Transport: "tcp", IP: "127.0.0.1", Key: rand.Text(), SignatureScheme: "hmac-sha256"},
			Engine:     inner, Version: version(), History: "-", Log: log.New(io.Discard, "", 0),
		})
		if err != nil {
			local.Close()
			return nil, err
		}
		ctx, stop := context.WithCancel(context.Background())
		r := &remote{stop: stop, served: make(chan struct{})}
		go func() {
			defer close(r.served)
			_ = s.Serve(ctx) // it ends with ctx
		}()
		if r.client, err = wire.Dial(ctx, s.Connection()); err == nil {
			var m *wire.Message
			if m, err = r.client.IOPub.Recv(ctx); err == nil && m.Header.MsgType != "iopub_welcome" {
				err = fmt.Errorf("the kernel's first message is %s", m.Header.MsgType)
			}
		}
		if err != nil {
			r.Close()
			return nil, err
		}
		return r, nil
	}
}

// Close ends the kernel.
func (r *remote) Close() {
	r.stop()
	<-r.served
	if r.client != nil {
		r.client.Close()
	}
}

// Run sends the cell to the kernel and collects what it says. The end of ctx interrupts the cell.
func (r *remote) Run(ctx context.Context, source string, o session.RunOptions, sink session.Sink) (reply session.Reply) {
	failed := func(err error) session.Reply {
		return session.Reply{Err: &session.Error{Name: "kernel error", Message: err.Error()}}
	}
	no := false
	header, err := r.client.Send(r.client.Shell, "execute_request", wire.ExecuteRequest{Code: source, Silent: o.Silent, StoreHistory: &o.StoreHistory, AllowStdin: &no})
	if err != nil {
		return failed(err)
	}
	// The kernel answers an interrupt, too, and what it says until then belongs to the cell.
	stop := context.AfterFunc(ctx, func() { _, _ = r.client.Send(r.client.Control, "interrupt_request", nil) }) // a kernel that is gone runs nothing
	defer stop()
	all := context.WithoutCancel(ctx)
	for idle := false; !idle; {
		m, err := r.client.IOPub.Recv(all)
		if err != nil {
			return failed(err)
		}
		if m.Parent.MsgID != header.MsgID {
			continue
		}
		if idle, err = passOn(m, sink, &reply); err != nil {
			return failed(err)
		}
	}
	for {
		m, err := r.client.Shell.Recv(all)
		if err != nil {
			return failed(err)
		}
		if m.Parent.MsgID != header.MsgID {
			continue
		}
		var content struct {
			Status         string
			ExecutionCount int      `json:"execution_count"`
			Name           string   `json:"ename"`
			Value          string   `json:"evalue"`
			Traceback      []string `json:"traceback"`
			Payload        []struct {
				Source, Text string
				Data         map[string]any
			}
		}
		if err := m.Unmarshal(&content); err != nil {
			return failed(err)
		}
		reply.Count = content.ExecutionCount
		if content.Status == "error" {
			reply.Err = &session.Error{Name: content.Name, Message: content.Value, Traceback: content.Traceback}
		} else if content.Status != "ok" {
			return failed(errors.New("the kernel's answer is " + content.Status))
		}
		for _, p := range content.Payload {
			switch p.Source {
			case "page":
				b := bundleOf(p.Data, nil)
				reply.Page = &b
			case "set_next_input":
				reply.Next = p.Text
			}
		}
		return reply
	}
}

// passOn hands one message of a cell on, and tells whether it is the last.
func passOn(m *wire.Message, sink session.Sink, reply *session.Reply) (idle bool, err error) {
	var content struct {
		State     string `json:"execution_state"`
		Name      string
		Text      string
		Data      map[string]any
		Metadata  map[string]any
		Transient map[string]any
		Wait      bool
	}
	switch m.Header.MsgType {
	case "status", "stream", "display_data", "update_display_data", "execute_result", "clear_output":
		if err := m.Unmarshal(&content); err != nil {
			return false, err
		}
	}
	id, _ := content.Transient["display_id"].(string)
	switch m.Header.MsgType {
	case "status":
		return content.State == "idle", nil
	case "stream":
		sink.Stream(content.Name, content.Text)
	case "display_data", "update_display_data":
		sink.Display(bundleOf(content.Data, content.Metadata), id, m.Header.MsgType == "update_display_data")
	case "execute_result":
		reply.Values = append(reply.Values, bundleOf(content.Data, content.Metadata))
	case "clear_output":
		sink.Clear(content.Wait)
	}
	return false, nil
}

// bundleOf reads a bundle as messages carry it.
func bundleOf(data, metadata map[string]any) display.Bundle {
	b := display.Bundle{Data: map[string]any{}, Metadata: metadata}
	for mime, v := range data {
		text, isText := v.(string)
		if isText && mime != "image/svg+xml" && (strings.HasPrefix(mime, "image/") || mime == "application/pdf") {
			if raw, err := base64.StdEncoding.DecodeString(text); err == nil {
				b.Data[mime] = raw
				continue
			}
		}
		b.Data[mime] = v
	}
	if len(metadata) == 0 {
		b.Metadata = nil
	}
	return b
}
