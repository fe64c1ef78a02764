package session

import (
	"bytes"
	"compress/gzip"
	"testing"
	"time"
)

// zipped is what the runtime would have written, cut short or made up.
func zipped(b []byte) []byte {
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	_, _ = w.Write(b) // into memory
	_ = w.Close()
	return buf.Bytes()
}

func TestProfiles(t *testing.T) {
	// One sample (locations 1 2, values 3 and 30 ms) of lib/nn's F called by the interpreter.
	good := []byte{0x12, 0x0b, 0x0a, 2, 1, 2, 0x12, 5, 3, 0x80, 0x87, 0xa7, 0x0e}
	good = append(good, 0x22, 6, 8, 1, 0x22, 2, 8, 1, 0x22, 6, 8, 2, 0x22, 2, 8, 2, 0x2a, 4, 8, 1, 16, 1, 0x2a, 4, 8, 2, 16, 2, 0x32, 0)
	for _, name := range []string{"gonverge/lib/nn.F", "github.com/traefik/yaegi/interp.runCfg"} {
		good = append(append(good, 0x32, byte(len(name))), name...)
	}
	stacks, err := readProfile(zipped(good))
	if err != nil || len(stacks) != 1 || stacks[0].time != 30*time.Millisecond || owner(stacks[0].stack) != library || owner(stacks[0].stack[1:]) != interpreted {
		t.Errorf("got %v, %v", stacks, err)
	}
	for _, bad := range [][]byte{nil, {1, 2, 3}, zipped([]byte{0x12}), zipped([]byte{0x12, 9, 1}), zipped([]byte{0x0d, 1, 2, 3, 4}), zipped([]byte{0x12, 2, 0x0a, 9})} {
		if _, err := profileText(bad, time.Second); err == nil {
			t.Errorf("%v: no error", bad)
		}
	}
}
