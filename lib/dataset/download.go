package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gonverge/lib/progress"
	"gonverge/lib/store"
)

// errStalled ends a connection that is open but brings nothing.
var errStalled = errors.New("no data for a minute")

const stall = time.Minute

// download fetches the archive into c.Dir.
func (k *cifar) download(ctx context.Context, c CIFAR10Config) error {
	url, sum := c.URL, c.SHA256
	if url == "" {
		url = k.url
	}
	if sum == "" {
		sum = k.sha256
	}
	return fetch(ctx, k.name, url, sum, filepath.Join(c.Dir, k.archive))
}

// fetch downloads a file of a set, and the folder for it if need be.
func fetch(ctx context.Context, set, url, sum, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return fmt.Errorf("dataset: %w", err)
	}
	t := &transfer{
		set: set, url: url, sum: strings.ToLower(sum), path: path,
		client: &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, ResponseHeaderTimeout: stall, TLSHandshakeTimeout: stall}},
	}
	defer t.client.CloseIdleConnections()
	err := t.run(ctx)
	if err != nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	if t.bar != nil && err != nil {
		t.bar.Finish("stopped")
	} else if t.bar != nil {
		t.bar.Finish("")
	}
	return err
}

// transfer is a download.
type transfer struct {
	set            string // for people
	url, sum, path string
	client         *http.Client
	bar            *progress.Bar // from the first answer on, which tells the size
}

// run brings the file by way of path.part, which an interrupted download leaves and the
// next one continues. A file of another SHA-256 is kept as path.corrupt.
func (t *transfer) run(ctx context.Context) error {
	part := t.path + ".part"
	for {
		before := sizeOf(part)
		err := t.rest(ctx, part)
		if err == nil {
			break
		}
		// A connection that broke off after it brought something is worth another.
		var cut *cutError
		if ctx.Err() != nil || !errors.As(err, &cut) || sizeOf(part) <= before {
			return err
		}
	}
	got, err := hashFile(ctx, part)
	if err != nil {
		return err
	}
	if err := os.Rename(part, t.path); err != nil {
		return fmt.Errorf("dataset: %w", err)
	}
	if got == t.sum {
		return nil
	}
	kept, err := store.KeepAside(t.path)
	if err != nil {
		return fmt.Errorf("dataset: %s from %s has SHA-256 %s, expected %s: %w", t.path, t.url, got, t.sum, err)
	}
	return fmt.Errorf("dataset: what %s sent has SHA-256 %s, expected %s; kept aside as %s", t.url, got, t.sum, kept)
}

// cutError is a connection that ended before the file did.
type cutError struct {
	url         string
	have, total int64 // bytes; total -1 if the server did not say
	err         error
}

func (e *cutError) Error() string {
	of := ""
	if e.total >= 0 {
		of = fmt.Sprintf(" of %d", e.total)
	}
	return fmt.Sprintf("dataset: %s: connection lost after %d%s bytes: %v; call again to go on from there", e.url, e.have, of, e.err)
}

func (e *cutError) Unwrap() error { return e.err }

// rest asks for what is missing in part and appends it.
func (t *transfer) rest(ctx context.Context, part string) error {
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watchdog := time.AfterFunc(stall, func() { cancel(errStalled) })
	defer watchdog.Stop()

	have := sizeOf(part)
	request, err := http.NewRequestWithContext(inner, http.MethodGet, t.url, nil)
	if err != nil {
		return fmt.Errorf("dataset: %w", err)
	}
	request.Header.Set("Accept-Encoding", "identity") // the bytes that the checksum is of
	if have > 0 {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", have))
	}
	reply, err := t.client.Do(request)
	if err != nil {
		return fmt.Errorf("dataset: %s cannot be downloaded: %w", t.set, err)
	}
	defer func() { _ = reply.Body.Close() }() // only read

	flag := os.O_WRONLY | os.O_CREATE | os.O_APPEND
	switch reply.StatusCode {
	case http.StatusPartialContent:
		var first int64
		if _, err := fmt.Sscanf(reply.Header.Get("Content-Range"), "bytes %d-", &first); err != nil || first != have {
			return fmt.Errorf("dataset: %s: asked for bytes from %d, got range %q", t.url, have, reply.Header.Get("Content-Range"))
		}
	case http.StatusOK: // nothing was there, or the server does not know ranges: from the start
		have = 0
		flag |= os.O_TRUNC
	case http.StatusRequestedRangeNotSatisfiable:
		return t.surplus(part, have, reply.Header.Get("Content-Range"))
	default:
		return fmt.Errorf("dataset: %s cannot be downloaded: %s answered %s", t.set, t.url, reply.Status)
	}

	total := int64(-1)
	if reply.ContentLength >= 0 {
		total = have + reply.ContentLength
	}
	if t.bar == nil {
		t.bar = progress.Start(ctx, "download "+filepath.Base(t.path)+" (MB)", int(max(total, 0)/1e6))
	}
	f, err := os.OpenFile(part, flag, 0o666)
	if err != nil {
		return fmt.Errorf("dataset: %w", err)
	}
	err = t.copy(f, reply.Body, have, total, watchdog)
	var cut *cutError
	if errors.As(err, &cut) && context.Cause(inner) != nil {
		cut.err = context.Cause(inner)
	}
	if e := f.Close(); err == nil && e != nil {
		err = fmt.Errorf("dataset: %w", e)
	}
	return err
}

// copy writes the body of an answer to a file that has the first bytes already.
func (t *transfer) copy(f *os.File, body io.Reader, have, total int64, watchdog *time.Timer) error {
	buffer := make([]byte, 1<<16)
	for {
		n, err := body.Read(buffer)
		if n > 0 {
			watchdog.Reset(stall)
			if _, err := f.Write(buffer[:n]); err != nil {
				return fmt.Errorf("dataset: %w", err)
			}
			have += int64(n)
			t.bar.Set(int(have/1e6), "")
		}
		if err == io.EOF && (total < 0 || have == total) {
			if err := f.Sync(); err != nil {
				return fmt.Errorf("dataset: %w", err)
			}
			return nil
		}
		if err != nil {
			return &cutError{t.url, have, total, err}
		}
	}
}

// surplus handles a server that has no byte number have: nothing is missing, or part is
// not of this file. contentRange is the server's word on its size.
func (t *transfer) surplus(part string, have int64, contentRange string) error {
	var total int64
	if _, err := fmt.Sscanf(contentRange, "bytes */%d", &total); err == nil && total == have {
		return nil
	}
	kept, err := store.KeepAside(part)
	if err != nil {
		return fmt.Errorf("dataset: %s has %d bytes, more than %s: %w", part, have, t.url, err)
	}
	return fmt.Errorf("dataset: %s had %d bytes, more than %s; kept aside as %s, call again to start anew", part, have, t.url, kept)
}

// sizeOf returns the bytes in a file, 0 if there is none.
func sizeOf(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// hashFile returns the SHA-256 of a file as hexadecimal digits.
func hashFile(ctx context.Context, path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("dataset: %w", err)
	}
	defer func() { _ = f.Close() }() // only read
	h := sha256.New()
	for {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		_, err := io.CopyN(h, f, 1<<20)
		if err == io.EOF {
			return hex.EncodeToString(h.Sum(nil)), nil
		}
		if err != nil {
			return "", fmt.Errorf("dataset: %w", err)
		}
	}
}
