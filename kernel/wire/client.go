package wire

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"sync"

	"github.com/go-zeromq/zmq4"
	"github.com/go-zeromq/zmq4/security/null"
)

// Client is the front end's end of a kernel's sockets but the heartbeat: for running cells through a kernel, and for tests.
//
//	client, err := wire.Dial(ctx, connection)
//	defer client.Close()
//	request, err := client.Send(client.Shell, "execute_request", wire.ExecuteRequest{Code: "1 + 1"})
//	reply, err := client.Shell.Recv(ctx) // reply.Parent.MsgID == request.MsgID
type Client struct {
	Shell, Control, Stdin, IOPub *Channel
	session                      string
	signer                       *Signer
	ended                        chan struct{}
	end                          sync.Once
}

// Channel is one of the sockets of a client. What it receives waits until it is asked for; then the kernel waits.
type Channel struct {
	name     string
	client   *Client
	conn     *zmq4.Conn
	sending  sync.Mutex
	messages chan *Message
	failed   chan struct{} // closed when the kernel is gone
	err      error         // why, once failed is closed
}

// waiting is how many received messages a channel of a client holds.
const waiting = 256

// Dial connects to the kernel of a connection and subscribes to all that it publishes. What a kernel publishes before it
// sends iopub_welcome to the client may be lost.
func Dial(ctx context.Context, connection Connection) (*Client, error) {
	c := &Client{session: rand.Text(), signer: NewSigner(connection.Key), ended: make(chan struct{})}
	for _, to := range []struct {
		name    string
		kind    zmq4.SocketType
		port    int
		channel **Channel
	}{
		{"shell", zmq4.Dealer, connection.ShellPort, &c.Shell},
		{"control", zmq4.Dealer, connection.ControlPort, &c.Control},
		{"stdin", zmq4.Dealer, connection.StdinPort, &c.Stdin},
		{"iopub", zmq4.Sub, connection.IOPubPort, &c.IOPub},
	} {
		channel, err := c.open(ctx, to.name, to.kind, connection, to.port)
		if err != nil {
			c.Close()
			return nil, fmt.Errorf("wire: %s socket: %w", to.name, err)
		}
		*to.channel = channel
	}
	if err := c.IOPub.conn.SendMsg(zmq4.NewMsg([]byte{1})); err != nil { // subscribe to everything
		c.Close()
		return nil, fmt.Errorf("wire: iopub socket: %w", err)
	}
	for _, channel := range []*Channel{c.Shell, c.Control, c.Stdin, c.IOPub} {
		go channel.read()
	}
	return c, nil
}

func (c *Client) open(ctx context.Context, name string, kind zmq4.SocketType, connection Connection, port int) (*Channel, error) {
	var dialer net.Dialer
	network, address := connection.endpoint(port)
	raw, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { raw.Close() }) // ends a handshake that nobody answers
	defer stop()
	conn, err := zmq4.Open(raw, null.Security(), kind, zmq4.SocketIdentity(c.session), false, nil)
	if err != nil {
		return nil, errors.Join(err, raw.Close())
	}
	return &Channel{name: name, client: c, conn: conn, messages: make(chan *Message, waiting), failed: make(chan struct{})}, nil
}

// read decodes what the kernel sends, until it or the client ends.
func (c *Channel) read() {
	defer close(c.failed)
	for {
		m, err := c.conn.RecvMsg()
		if err != nil {
			c.err = fmt.Errorf("wire: %s socket: %w", c.name, err)
			return
		}
		decoded, err := c.client.signer.Decode(m.Frames)
		if err != nil {
			c.err = fmt.Errorf("wire: %s socket: %w", c.name, err)
			return
		}
		select {
		case c.messages <- decoded:
		case <-c.client.ended:
			c.err = ErrClosed
			return
		}
	}
}

// Recv returns the next message. It fails when ctx ends or the kernel is gone.
func (c *Channel) Recv(ctx context.Context) (*Message, error) {
	select {
	case m := <-c.messages:
		return m, nil
	default:
	}
	select {
	case m := <-c.messages:
		return m, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-c.failed:
		select {
		case m := <-c.messages: // what came before the end
			return m, nil
		default:
			return nil, c.err
		}
	}
}

// Send sends a new message and returns its header, by whose MsgID the kernel's answers name it.
func (c *Client) Send(to *Channel, msgType string, content any) (Header, error) {
	m := &Message{Header: NewHeader(c.session, msgType), Content: content}
	return m.Header, c.SendMessage(to, m)
}

// SendMessage sends a message as it is.
func (c *Client) SendMessage(to *Channel, m *Message) error {
	frames, err := c.signer.Encode(m)
	if err != nil {
		return err
	}
	to.sending.Lock()
	defer to.sending.Unlock()
	if err := to.conn.SendMsg(zmq4.NewMsgFrom(frames...)); err != nil {
		return fmt.Errorf("wire: %s socket: %w", to.name, err)
	}
	return nil
}

// Close ends the connections. Recv then returns what was received and an error.
func (c *Client) Close() {
	c.end.Do(func() {
		close(c.ended)
		for _, channel := range []*Channel{c.Shell, c.Control, c.Stdin, c.IOPub} {
			if channel != nil {
				_ = channel.conn.Close() // the kernel may have closed it
			}
		}
	})
}
