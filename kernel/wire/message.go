package wire

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// Version is the protocol version of every message that is sent.
const Version = "5.5"

// delimiter parts the identities from the message proper.
const delimiter = "<IDS|MSG>"

// Header says what a message is and where it comes from.
type Header struct {
	MsgID      string `json:"msg_id"`
	Session    string `json:"session"`
	Username   string `json:"username"`
	Date       string `json:"date"`
	MsgType    string `json:"msg_type"`
	Version    string `json:"version"`
	SubshellID string `json:"subshell_id,omitempty"`
}

// Time returns when the message was made by its sender's clock; the zero time if it does not say.
func (h Header) Time() time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999"} {
		if t, err := time.Parse(layout, h.Date); err == nil {
			return t
		}
	}
	return time.Time{}
}

// SecondDigits returns how many digits of a second the date has: 3 from browsers, 6 from most programs.
func (h Header) SecondDigits() int {
	_, fraction, _ := strings.Cut(h.Date, ".")
	return len(fraction) - len(strings.TrimLeft(fraction, "0123456789"))
}

// NewHeader returns the header of a new message of the given type.
func NewHeader(session, msgType string) Header {
	return Header{
		MsgID: rand.Text(), Session: session, Username: "kernel", MsgType: msgType, Version: Version,
		Date: time.Now().UTC().Format("2006-01-02T15:04:05.000000Z"),
	}
}

// Message is a Jupyter message. Received ones have Content as json.RawMessage; for sending it is anything that
// encoding/json takes.
type Message struct {
	Identities [][]byte       // routing: the peer that sent it, or the peer or topic that it is for
	Header     Header         // of this message
	Parent     Header         // of the request that caused it; the zero Header if none
	Metadata   map[string]any // nil is {}
	Content    any
	Buffers    [][]byte
}

// Unmarshal decodes the content of a received message.
func (m *Message) Unmarshal(content any) error {
	raw, ok := m.Content.(json.RawMessage)
	if !ok {
		return fmt.Errorf("wire: %s was not received", m.Header.MsgType)
	}
	if err := json.Unmarshal(raw, content); err != nil {
		return fmt.Errorf("wire: content of %s: %w", m.Header.MsgType, err)
	}
	return nil
}

// Errors of Decode.
var (
	ErrFrames    = errors.New("wire: malformed message")
	ErrSignature = errors.New("wire: wrong signature")
	ErrReplay    = errors.New("wire: message received before")
)

// Signer encodes and decodes messages with the key of a connection. It is safe for concurrent use.
type Signer struct {
	key []byte

	mu     sync.Mutex
	recent map[mark]struct{} // signatures seen lately
	order  []mark            // the same as a ring
	next   int
}

// mark stands for a signature: its first 16 bytes, which nobody without the key can bring to collide.
type mark [16]byte

// replayMemory is how many signatures a signer remembers, as many as ipykernel.
const replayMemory = 1 << 16

// NewSigner returns a signer for the key of a connection file; with an empty key messages are not signed.
func NewSigner(key string) *Signer {
	return &Signer{key: []byte(key), recent: map[mark]struct{}{}}
}

// sum returns the HMAC-SHA256 of header, parent, metadata and content, nil without a key.
func (s *Signer) sum(frames [][]byte) []byte {
	if len(s.key) == 0 {
		return nil
	}
	mac := hmac.New(sha256.New, s.key)
	for _, f := range frames {
		mac.Write(f)
	}
	return mac.Sum(nil)
}

// sign returns the same in hexadecimal, as messages carry it.
func (s *Signer) sign(frames [][]byte) []byte { return hex.AppendEncode(nil, s.sum(frames)) }

// Encode returns the frames of a message: identities, delimiter, signature, header, parent, metadata, content, buffers.
func (s *Signer) Encode(m *Message) ([][]byte, error) {
	var parent any = struct{}{}
	if m.Parent.MsgID != "" {
		parent = m.Parent
	}
	metadata, content := m.Metadata, m.Content
	if metadata == nil {
		metadata = map[string]any{}
	}
	if content == nil {
		content = struct{}{}
	}
	frames := make([][]byte, 0, len(m.Identities)+6+len(m.Buffers))
	frames = append(append(frames, m.Identities...), []byte(delimiter), nil)
	at := len(frames)
	for _, part := range []any{m.Header, parent, metadata, content} {
		data, err := json.Marshal(part)
		if err != nil {
			return nil, fmt.Errorf("wire: %s: %w", m.Header.MsgType, err)
		}
		frames = append(frames, data)
	}
	frames[at-1] = s.sign(frames[at:])
	return append(frames, m.Buffers...), nil
}

// Decode checks and decodes the frames of a received message. The result keeps the frames.
func (s *Signer) Decode(frames [][]byte) (*Message, error) {
	at := 0
	for at < len(frames) && string(frames[at]) != delimiter {
		at++
	}
	if len(frames)-at < 6 {
		return nil, fmt.Errorf("%w: %d frames, %d after the delimiter (at least 5 wanted)", ErrFrames, len(frames), max(0, len(frames)-at-1))
	}
	signature, parts := frames[at+1], frames[at+2:at+6]
	sum := s.sum(parts)
	if len(s.key) > 0 && !hmac.Equal(signature, hex.AppendEncode(nil, sum)) { // in constant time
		return nil, ErrSignature
	}
	m := &Message{Identities: frames[:at], Content: json.RawMessage(parts[3]), Buffers: frames[at+6:]}
	for i, to := range []any{&m.Header, &m.Parent, &m.Metadata} {
		if err := json.Unmarshal(parts[i], to); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrFrames, err)
		}
	}
	if !json.Valid(parts[3]) {
		return nil, fmt.Errorf("%w: content is not JSON", ErrFrames)
	}
	if m.Header.MsgType == "" || m.Header.MsgID == "" {
		return nil, fmt.Errorf("%w: header without msg_type or msg_id", ErrFrames)
	}
	if len(s.key) > 0 && s.seen(mark(sum[:len(mark{})])) {
		return nil, ErrReplay
	}
	return m, nil
}

// seen remembers a signature and reports whether it knew it.
func (s *Signer) seen(m mark) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.recent[m]; known {
		return true
	}
	if len(s.order) < replayMemory {
		s.order = append(s.order, m)
	} else {
		delete(s.recent, s.order[s.next])
		s.order[s.next] = m
		s.next = (s.next + 1) % replayMemory
	}
	s.recent[m] = struct{}{}
	return false
}
