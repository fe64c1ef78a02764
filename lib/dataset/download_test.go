package dataset

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"gonverge/lib/progress"
)

// mirror serves one file and writes down what was asked for.
type mirror struct {
	*httptest.Server
	mu     sync.Mutex
	ranges []string
}

// serve starts a mirror of data; each answer but the last is cut after so many bytes.
func serve(t *testing.T, data []byte, knowsRanges bool, cuts ...int) *mirror {
	t.Helper()
	m := &mirror{}
	m.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.mu.Lock()
		cut := -1
		if len(m.ranges) < len(cuts) {
			cut = cuts[len(m.ranges)]
		}
		m.ranges = append(m.ranges, r.Header.Get("Range"))
		m.mu.Unlock()
		if !knowsRanges {
			r.Header.Del("Range")
		}
		if cut >= 0 {
			w = &cutWriter{ResponseWriter: w, room: cut}
			defer panic(http.ErrAbortHandler) // closes the connection
		}
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(data)))
	}))
	t.Cleanup(m.Close)
	return m
}

// cutWriter drops what is beyond its room.
type cutWriter struct {
	http.ResponseWriter
	room int
}

func (w *cutWriter) Write(b []byte) (int, error) {
	n := min(len(b), w.room)
	w.room -= n
	if _, err := w.ResponseWriter.Write(b[:n]); err != nil {
		return 0, err
	}
	w.ResponseWriter.(http.Flusher).Flush()
	return len(b), nil
}

// official is a small archive in place of the official one, with its SHA-256.
func official(t *testing.T) ([]byte, string) {
	b := archive(t, file{"cifar-10-batches-bin/data_batch_1.bin", batch(0, 40)}, file{"cifar-10-batches-bin/test_batch.bin", batch(0, 9)})
	return b, fmt.Sprintf("%x", sha256.Sum256(b))
}

func TestDownloadedArchivesAreRead(t *testing.T) {
	data, sum := official(t)
	n := len(data)
	if n < 1000 {
		t.Fatalf("archive of %d bytes is too small for these tests", n)
	}
	tests := []struct {
		name        string
		part        []byte // of an earlier download
		knowsRanges bool
		cuts        []int
		ranges      []string
	}{
		{"at once", nil, true, nil, []string{""}},
		{"goes on from an earlier part", data[:300], true, nil, []string{"bytes=300-"}},
		{"the earlier part is everything", data, true, nil, []string{fmt.Sprintf("bytes=%d-", n)}},
		{"the server does not know ranges", data[:300], false, nil, []string{"bytes=300-"}},
		{"the connection is cut twice", nil, true, []int{100, 50}, []string{"", "bytes=100-", "bytes=150-"}},
		{"cut, no ranges", nil, false, []int{100}, []string{"", "bytes=100-"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := serve(t, data, test.knowsRanges, test.cuts...)
			dir := filepath.Join(t.TempDir(), "downloads")
			if test.part != nil {
				dir = folder(t, file{cifarArchive + ".part", test.part})
			}
			var got events
			ctx := progress.With(context.Background(), &got)
			config := CIFAR10Config{Dir: dir, Download: true, URL: m.URL, SHA256: strings.ToUpper(sum)}
			set, err := CIFAR10(ctx, config)
			if err != nil {
				t.Fatal(err)
			}
			if set.Train.Len() != 40 || set.Validation.Len() != 9 {
				t.Errorf("%v", set)
			}
			if fmt.Sprint(m.ranges) != fmt.Sprint(test.ranges) {
				t.Errorf("ranges asked for %q, want %q", m.ranges, test.ranges)
			}
			for _, e := range got[1 : len(got)-1] {
				if strings.HasPrefix(e.Label, "download") && e.Finished && e.Note != "" {
					t.Errorf("download ends with %q", e.Note)
				}
			}
			m.Close()
			if _, err := CIFAR10(context.Background(), config); err != nil {
				t.Errorf("second time, from the file: %v", err)
			}
			if _, err := os.Stat(filepath.Join(dir, cifarArchive+".part")); err == nil {
				t.Error("the part is still there")
			}
		})
	}
}

func TestFailedDownloadsSayWhy(t *testing.T) {
	data, sum := official(t)
	wrong := sum[1:] + "0"
	t.Run("checksum", func(t *testing.T) {
		m, dir := serve(t, data, true), t.TempDir()
		_, err := CIFAR10(context.Background(), CIFAR10Config{Dir: dir, Download: true, URL: m.URL, SHA256: wrong})
		kept := filepath.Join(dir, cifarArchive+".corrupt")
		for _, want := range []string{m.URL, sum, wrong, kept} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v does not say %q", err, want)
			}
		}
		if b, err := os.ReadFile(kept); err != nil || string(b) != string(data) {
			t.Errorf("kept %d bytes, %v", len(b), err)
		}
		if _, err := os.Stat(filepath.Join(dir, cifarArchive)); err == nil {
			t.Error("the archive of the wrong checksum stands as the right one")
		}
		if _, err := CIFAR10(context.Background(), CIFAR10Config{Dir: dir, Download: true, URL: m.URL, SHA256: sum}); err != nil {
			t.Errorf("the next download: %v", err)
		}
	})
	t.Run("official checksum by default", func(t *testing.T) {
		m := serve(t, data, true)
		_, err := CIFAR10(context.Background(), CIFAR10Config{Dir: t.TempDir(), Download: true, URL: m.URL})
		if err == nil || !strings.Contains(err.Error(), cifarSHA256) {
			t.Errorf("error %v, want the official SHA-256", err)
		}
	})
	t.Run("not found", func(t *testing.T) {
		m := httptest.NewServer(http.NotFoundHandler())
		defer m.Close()
		dir := t.TempDir()
		_, err := CIFAR10(context.Background(), CIFAR10Config{Dir: dir, Download: true, URL: m.URL + "/x"})
		if err == nil || !strings.Contains(err.Error(), m.URL+"/x answered 404 Not Found") {
			t.Errorf("error %v", err)
		}
		if names, _ := namesIn(dir); len(names) != 0 {
			t.Errorf("left behind: %v", names)
		}
	})
	t.Run("no server", func(t *testing.T) {
		m := serve(t, data, true)
		m.Close()
		_, err := CIFAR10(context.Background(), CIFAR10Config{Dir: t.TempDir(), Download: true, URL: m.URL})
		if err == nil || !strings.Contains(err.Error(), m.URL) || !strings.Contains(err.Error(), "cannot be downloaded") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("cut without progress", func(t *testing.T) {
		m, dir := serve(t, data, true, 100, 0), t.TempDir()
		config := CIFAR10Config{Dir: dir, Download: true, URL: m.URL, SHA256: sum}
		_, err := CIFAR10(context.Background(), config)
		if want := fmt.Sprintf("connection lost after 100 of %d bytes", len(data)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
		if _, err := CIFAR10(context.Background(), config); err != nil {
			t.Errorf("calling again: %v", err)
		}
		if got := fmt.Sprint(m.ranges); got != "[ bytes=100- bytes=100-]" {
			t.Errorf("ranges %s", got)
		}
	})
	t.Run("surplus part", func(t *testing.T) {
		m := serve(t, data, true)
		dir := folder(t, file{cifarArchive + ".part", append(data[:len(data):len(data)], 0)})
		config := CIFAR10Config{Dir: dir, Download: true, URL: m.URL, SHA256: sum}
		if _, err := CIFAR10(context.Background(), config); err == nil || !strings.Contains(err.Error(), "call again to start anew") {
			t.Errorf("error %v", err)
		}
		if _, err := CIFAR10(context.Background(), config); err != nil {
			t.Errorf("calling again: %v", err)
		}
	})
	t.Run("folder cannot be made", func(t *testing.T) {
		dir := folder(t, file{"taken", nil})
		_, err := CIFAR10(context.Background(), CIFAR10Config{Dir: filepath.Join(dir, "taken", "x"), Download: true, URL: "http://127.0.0.1:1"})
		if err == nil || !strings.Contains(err.Error(), filepath.Join(dir, "taken")) {
			t.Errorf("error %v", err)
		}
	})
}

func TestDownloadStopsWithTheContextAndGoesOn(t *testing.T) {
	data, sum := official(t)
	ctx, cancel := context.WithCancel(context.Background())
	sent := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(data)))
		_, _ = w.Write(data[:200])
		w.(http.Flusher).Flush()
		close(sent)
		<-r.Context().Done()
	}))
	defer slow.Close()
	dir := t.TempDir()
	part := filepath.Join(dir, cifarArchive+".part")
	go func() {
		<-sent
		for sizeOf(part) < 200 {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	if _, err := CIFAR10(ctx, CIFAR10Config{Dir: dir, Download: true, URL: slow.URL, SHA256: sum}); err != context.Canceled {
		t.Fatalf("error %v, want context.Canceled", err)
	}
	m := serve(t, data, true)
	if _, err := CIFAR10(context.Background(), CIFAR10Config{Dir: dir, Download: true, URL: m.URL, SHA256: sum}); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(m.ranges); got != "[bytes=200-]" {
		t.Errorf("ranges %s, want [bytes=200-]", got)
	}
}
