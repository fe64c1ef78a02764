package wire

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"
)

func encode(t *testing.T, s *Signer, m *Message) [][]byte {
	t.Helper()
	frames, err := s.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	return frames
}

func TestMessagesSurviveTheTrip(t *testing.T) {
	parent := NewHeader("s", "execute_request")
	m := &Message{
		Identities: [][]byte{[]byte("a"), {0, 1}}, Header: NewHeader("s", "stream"), Parent: parent,
		Metadata: map[string]any{"k": "v"}, Content: Stream{"stdout", "é\n"}, Buffers: [][]byte{{9}, {}},
	}
	for _, key := range []string{"", "secret"} {
		got, err := NewSigner(key).Decode(encode(t, NewSigner(key), m))
		if err != nil {
			t.Fatal(err)
		}
		var content Stream
		if err := got.Unmarshal(&content); err != nil {
			t.Fatal(err)
		}
		if got.Header != m.Header || got.Parent != parent || content != m.Content || got.Metadata["k"] != "v" ||
			!reflect.DeepEqual(got.Identities, m.Identities) || !reflect.DeepEqual(got.Buffers, m.Buffers) {
			t.Errorf("key %q: got %+v, content %+v", key, got, content)
		}
	}
}

func TestMessageWithoutParentHasEmptyParent(t *testing.T) {
	frames := encode(t, NewSigner("k"), &Message{Header: NewHeader("s", "status")})
	if got := string(frames[3]) + string(frames[4]) + string(frames[5]); got != "{}{}{}" {
		t.Errorf("parent, metadata, content are %s", got)
	}
}

// The signature of a fixed message by Python: hmac.new(b"key", b'{"a":1}' + b'{}' + b'{}' + b'{"b":2}', sha256).hexdigest()
func TestSignatureIsThatOfOtherImplementations(t *testing.T) {
	const want = "0206f42f4ae2a48f6054ab91271f90c100f7022f55fb1f23de6377624d533752"
	got := string(NewSigner("key").sign([][]byte{[]byte(`{"a":1}`), []byte(`{}`), []byte(`{}`), []byte(`{"b":2}`)}))
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestBadMessagesAreRefused(t *testing.T) {
	signed := func(parts ...string) [][]byte {
		s := NewSigner("k")
		frames := [][]byte{[]byte(delimiter), nil}
		for _, p := range parts {
			frames = append(frames, []byte(p))
		}
		frames[1] = s.sign(frames[2:])
		return frames
	}
	header := `{"msg_id":"1","msg_type":"x"}`
	unsigned := signed(header, "{}", "{}", "{}")
	unsigned[1] = nil
	wrong := signed(header, "{}", "{}", "{}")
	wrong[1] = NewSigner("other").sign(wrong[2:])
	tests := []struct {
		name   string
		frames [][]byte
		want   error
	}{
		{"nothing", nil, ErrFrames},
		{"no delimiter", [][]byte{{1}, {2}, {3}, {4}, {5}, {6}, {7}}, ErrFrames},
		{"too few frames", [][]byte{[]byte(delimiter), {}, {}}, ErrFrames},
		{"unsigned", unsigned, ErrSignature},
		{"another key", wrong, ErrSignature},
		{"header is no JSON", signed("{", "{}", "{}", "{}"), ErrFrames},
		{"header is no object", signed("[]", "{}", "{}", "{}"), ErrFrames},
		{"content is no JSON", signed(header, "{}", "{}", "}"), ErrFrames},
		{"no type", signed("{}", "{}", "{}", "{}"), ErrFrames},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, err := NewSigner("k").Decode(test.frames); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

func TestReplayedMessagesAreRefused(t *testing.T) {
	s := NewSigner("k")
	frames := encode(t, s, &Message{Header: NewHeader("s", "execute_request")})
	if _, err := s.Decode(frames); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Decode(frames); !errors.Is(err, ErrReplay) {
		t.Errorf("got %v, want %v", err, ErrReplay)
	}
}

func TestHeaderTimes(t *testing.T) {
	h := NewHeader("s", "x")
	if d := time.Since(h.Time()); d < 0 || d > time.Minute {
		t.Errorf("own date %q is %v ago", h.Date, d)
	}
	for _, date := range []string{"2026-11-24T10:00:00.123456Z", "2026-11-24T10:00:00.123456+00:00", "2026-11-24T10:00:00.123456"} {
		if got := (Header{Date: date}).Time().UTC().Format("15:04:05.000000"); got != "10:00:00.123456" {
			t.Errorf("%s: got %s", date, got)
		}
	}
	for date, want := range map[string]int{
		"2026-11-24T10:00:00.123Z": 3, "2026-11-24T10:00:00.123000Z": 6, "2026-11-24T10:00:00+01:00": 0, "2026-11-24T10:00:00.5+01:00": 1, "": 0,
	} {
		if got := (Header{Date: date}).SecondDigits(); got != want {
			t.Errorf("%q has %d digits, want %d", date, got, want)
		}
	}
	if !(Header{Date: "yesterday"}).Time().IsZero() {
		t.Error("a date that is none has a time")
	}
}

func TestConnectionFiles(t *testing.T) {
	tests := []struct{ name, text, wantErr string }{
		{"full", `{"transport":"tcp","ip":"127.0.0.1","shell_port":1,"control_port":2,"stdin_port":3,"iopub_port":4,"hb_port":5,"key":"k","signature_scheme":"hmac-sha256"}`, ""},
		{"unsigned", `{"shell_port":1,"key":"","signature_scheme":""}`, ""},
		{"another transport", `{"transport":"inproc"}`, `transport "inproc" is not supported`},
		{"another scheme", `{"key":"k","signature_scheme":"hmac-md5"}`, `signature scheme "hmac-md5"`},
		{"port", `{"hb_port":70000}`, "heartbeat port 70000"},
		{"truncated", `{"transport":"tcp"`, "unexpected end"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "connection.json")
			if err := os.WriteFile(file, []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := ReadConnection(file)
			if test.wantErr == "" && err != nil || test.wantErr != "" && (err == nil || !strings.Contains(err.Error(), test.wantErr) || !strings.Contains(err.Error(), file)) {
				t.Errorf("got %v, want %q", err, test.wantErr)
			}
		})
	}
}

func TestConnectionFilesAreForTheirOwnerOnly(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("permissions are of Unix")
	}
	file := filepath.Join(t.TempDir(), "connection.json")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	want := Connection{Transport: "tcp", IP: "127.0.0.1", ShellPort: 1, Key: "k", SignatureScheme: "hmac-sha256"}
	if err := want.Write(file); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got %v, %v", info.Mode(), err)
	}
	if got, err := ReadConnection(file); err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestSocketsAreBoundToTheGivenAddressOnly(t *testing.T) {
	for ip, want := range map[string]string{"127.0.0.1": "127.0.0.1:7", "": "127.0.0.1:7", "*": ":7", "::1": "[::1]:7"} {
		if _, got := (Connection{Transport: "tcp", IP: ip}).endpoint(7); got != want {
			t.Errorf("%q: got %s, want %s", ip, got, want)
		}
	}
	if c, err := ParseConnection([]byte(`{"ip":""}`)); err != nil || c.IP != "127.0.0.1" {
		t.Errorf("got %+v, %v", c, err)
	}
}

func TestOldSignaturesAreForgotten(t *testing.T) {
	s := NewSigner("k")
	for i := range 3 * replayMemory {
		if s.seen(mark{byte(i), byte(i >> 8), byte(i >> 16)}) {
			t.Fatalf("%d was not seen before", i)
		}
	}
	if len(s.recent) != replayMemory || len(s.order) != replayMemory {
		t.Errorf("%d and %d are remembered", len(s.recent), len(s.order))
	}
}

func FuzzDecode(f *testing.F) {
	frames, err := NewSigner("").Encode(&Message{Identities: [][]byte{{1}}, Header: NewHeader("s", "x"), Content: Stream{"stdout", "x"}})
	if err != nil {
		f.Fatal(err)
	}
	joined, err := json.Marshal(frames)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(joined)
	f.Add([]byte(`["PElEU3xNU0c+","","e30=","e30=","e30=","e30="]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var frames [][]byte
		if json.Unmarshal(data, &frames) != nil {
			return
		}
		m, err := NewSigner("").Decode(frames)
		if err != nil {
			return
		}
		var any any
		if err := m.Unmarshal(&any); err != nil {
			t.Error(err)
		}
		if _, err := NewSigner("").Encode(m); err != nil {
			t.Error(err)
		}
	})
}
