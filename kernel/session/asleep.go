package session

import (
	"fmt"
	"go/types"
	"strings"

	"gonverge/kernel/check"
)

// Waiting for ever. Package run sees when all goroutines of cells wait for each other (its asleep.go). Then compiled code
// alone could still wake one: a timer, a signal, a server that calls back. Whether cells have ever named any is known
// here, from what the checker says their names mean; where they have, nothing is said.

// quiet are the packages whose functions never do anything after they have returned, but for those in wakes. A slash at
// the end stands for all packages below.
var quiet = []string{
	"archive/", "bufio", "bytes", "cmp", "compress/", "container/", "crypto", "crypto/", "embed", "encoding", "encoding/", "errors", "flag", "fmt", "go/",
	"hash", "hash/", "html", "html/", "image", "image/", "index/", "io", "io/", "iter", "log", "log/", "maps", "math", "math/", "mime", "net/url", "os",
	"path", "path/", "reflect", "regexp", "regexp/", "runtime", "runtime/debug", "slices", "sort", "strconv", "strings", "sync", "sync/atomic", "text/", "time", "unicode", "unicode/",
	"gonum.org/", "gonverge/",
}

// wakes are names of quiet packages that may act later on a channel or by a callback.
var wakes = map[string]bool{
	"time.After": true, "time.AfterFunc": true, "time.Tick": true, "time.NewTimer": true, "time.NewTicker": true,
	"(*time.Timer).Reset": true, "(*time.Ticker).Reset": true, "runtime.SetFinalizer": true, "runtime.AddCleanup": true,
}

// mayWake tells whether a cell names compiled code that could wake a goroutine which waits.
func mayWake(info *types.Info) bool {
	for _, o := range info.Uses {
		if f, ok := o.(*types.Func); ok && wakes[f.FullName()] {
			return true
		}
		if _, isPackage := o.(*types.PkgName); isPackage || o.Pkg() == nil || check.InSession(o) || isQuiet(o.Pkg().Path()) {
			continue
		}
		return true
	}
	return false
}

func isQuiet(path string) bool {
	for _, q := range quiet {
		if path == q || strings.HasSuffix(q, "/") && strings.HasPrefix(path, q) {
			return true
		}
	}
	return false
}

// asleep tells the user that the cell waits for ever, where that is certain.
func (s *Session) asleep(pos int, what string) {
	s.mu.Lock()
	at, certain := s.position(pos), !s.woken
	label := s.files.Label(at.Cell)
	s.mu.Unlock()
	if !certain {
		return
	}
	s.machine.Flush()
	s.stream("stderr", fmt.Sprintf("%s:%d: the cell waits %s, and nothing that runs can end that; interrupt it to stop\n", label, at.Line, what))
}
