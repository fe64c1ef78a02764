package wire

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"
)

func TestClientTalksToAKernel(t *testing.T) {
	signer := NewSigner("k")
	c := Connection{Transport: "tcp", IP: "127.0.0.1", Key: "k"}
	sockets, err := Listen(c, func(prefix string) [][]byte {
		frames, err := signer.Encode(&Message{Header: NewHeader("kernel", "iopub_welcome"), Content: Welcome{prefix}})
		if err != nil {
			t.Error(err)
		}
		return frames
	})
	if err != nil {
		t.Fatal(err)
	}
	defer sockets.Close()
	_, c.ShellPort = port(sockets.Shell)
	_, c.ControlPort = port(sockets.Control)
	_, c.StdinPort = port(sockets.Stdin)
	_, c.IOPubPort = port(sockets.IOPub)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	client, err := Dial(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if m, err := client.IOPub.Recv(ctx); err != nil || m.Header.MsgType != "iopub_welcome" {
		t.Fatalf("got %v, %v", m, err)
	}
	sent, err := client.Send(client.Shell, "execute_request", ExecuteRequest{Code: "x"})
	if err != nil {
		t.Fatal(err)
	}
	frames, err := sockets.Shell.Recv()
	if err != nil {
		t.Fatal(err)
	}
	request, err := signer.Decode(frames)
	if err != nil || request.Header != sent {
		t.Fatalf("got %+v, %v", request, err)
	}
	frames, err = signer.Encode(&Message{Identities: request.Identities, Header: NewHeader("kernel", "execute_reply"), Parent: request.Header})
	if err != nil {
		t.Fatal(err)
	}
	if err := sockets.Shell.Send(frames); err != nil {
		t.Fatal(err)
	}
	if m, err := client.Shell.Recv(ctx); err != nil || m.Parent != sent {
		t.Errorf("got %+v, %v", m, err)
	}
	short, stop := context.WithTimeout(ctx, 10*time.Millisecond)
	defer stop()
	if _, err := client.Stdin.Recv(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if err := sockets.Close(); err != nil {
		t.Error(err)
	}
	if _, err := client.Shell.Recv(ctx); err == nil || ctx.Err() != nil {
		t.Errorf("a kernel that is gone: %v", err)
	}
	if _, err := Dial(ctx, c); err == nil {
		t.Error("dialled a kernel that is gone")
	}
}

func port(s Socket) (string, int) {
	address := s.(*binding).listener.Addr().(interface{ AddrPort() netip.AddrPort }).AddrPort()
	return address.Addr().String(), int(address.Port())
}
