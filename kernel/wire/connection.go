package wire

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"strconv"
)

// Connection is the content of a connection file: where the five sockets are and how messages are signed.
type Connection struct {
	Transport       string `json:"transport"` // "tcp" or "ipc"
	IP              string `json:"ip"`        // address, or path prefix for ipc
	ShellPort       int    `json:"shell_port"`
	ControlPort     int    `json:"control_port"`
	StdinPort       int    `json:"stdin_port"`
	IOPubPort       int    `json:"iopub_port"`
	HeartbeatPort   int    `json:"hb_port"`
	SignatureScheme string `json:"signature_scheme"` // "hmac-sha256" or ""
	Key             string `json:"key"`              // "" leaves messages unsigned
	KernelName      string `json:"kernel_name,omitempty"`
}

// ReadConnection reads and checks the connection file that a front end wrote.
func ReadConnection(file string) (Connection, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return Connection{}, fmt.Errorf("wire: connection file: %w", err)
	}
	c, err := ParseConnection(data)
	if err != nil {
		return Connection{}, fmt.Errorf("wire: connection file %s: %w", file, err)
	}
	return c, nil
}

// ParseConnection decodes and checks the content of a connection file.
func ParseConnection(data []byte) (Connection, error) {
	c := Connection{Transport: "tcp", IP: "127.0.0.1", SignatureScheme: "hmac-sha256"}
	if err := json.Unmarshal(data, &c); err != nil {
		return Connection{}, err
	}
	if c.Transport != "tcp" && c.Transport != "ipc" {
		return Connection{}, fmt.Errorf("transport %q is not supported (tcp or ipc)", c.Transport)
	}
	if c.SignatureScheme != "hmac-sha256" && c.Key != "" {
		return Connection{}, fmt.Errorf("signature scheme %q is not supported (hmac-sha256)", c.SignatureScheme)
	}
	if c.IP == "" {
		c.IP = "127.0.0.1" // an empty address would be all of them
	}
	for _, p := range []struct {
		name string
		port int
	}{{"shell", c.ShellPort}, {"control", c.ControlPort}, {"stdin", c.StdinPort}, {"iopub", c.IOPubPort}, {"heartbeat", c.HeartbeatPort}} {
		if p.port < 0 || p.port > 65535 {
			return Connection{}, fmt.Errorf("%s port %d is out of range", p.name, p.port)
		}
	}
	return c, nil
}

// Write writes the connection file, for the eyes of this user only: it holds the key.
func (c Connection) Write(file string) error {
	data, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return fmt.Errorf("wire: connection file: %w", err)
	}
	if err := os.WriteFile(file, append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("wire: connection file: %w", err)
	}
	if err := os.Chmod(file, 0o600); err != nil { // the file may have been there
		return fmt.Errorf("wire: connection file: %w", err)
	}
	return nil
}

// endpoint returns what net.Listen and net.Dial take for one of the ports: the given address and no other. "*" is all of
// the machine's addresses.
func (c Connection) endpoint(port int) (network, address string) {
	switch {
	case c.Transport == "ipc":
		return "unix", c.IP + "-" + strconv.Itoa(port)
	case c.IP == "":
		c.IP = "127.0.0.1"
	case c.IP == "*":
		c.IP = ""
	}
	return "tcp", net.JoinHostPort(c.IP, strconv.Itoa(port))
}
