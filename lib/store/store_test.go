package store

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestGetReturnsWhatWasPut(t *testing.T) {
	s := Open(filepath.Join(t.TempDir(), "not", "there", "yet"))
	for _, data := range [][]byte{nil, []byte("x"), bytes.Repeat([]byte("abc"), 100_000)} {
		key := Key(len(data))
		if err := s.Put("nets", key, data); err != nil {
			t.Fatal(err)
		}
		got, err := s.Get("nets", key)
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%d bytes put, %d bytes and error %v got", len(data), len(got), err)
		}
	}
	if err := s.Put("nets", Key(1), []byte("new")); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Get("nets", Key(1)); string(got) != "new" {
		t.Errorf("after a second Put: %q, %v", got, err)
	}
}

func TestGetOfAnUnknownKeyIsErrNotExist(t *testing.T) {
	s := Open(t.TempDir())
	_, err := s.Get("nets", "abc")
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v, want fs.ErrNotExist", err)
	}
	if err != nil && !strings.Contains(err.Error(), s.Path("nets", "abc")) {
		t.Errorf("error %q does not name the file", err)
	}
}

func TestRemoveForgets(t *testing.T) {
	s := Open(t.TempDir())
	if err := s.Put("nets", "k", []byte("data")); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time it is already gone
		if err := s.Remove("nets", "k"); err != nil {
			t.Error(err)
		}
	}
	if _, err := s.Get("nets", "k"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v after Remove, want fs.ErrNotExist", err)
	}
}

func TestGetKeepsDamagedFilesAside(t *testing.T) {
	tests := []struct {
		name            string
		damage          func([]byte) []byte
		found, expected string
	}{
		{"empty", func(b []byte) []byte { return nil }, "0 bytes", "a header of 52 bytes"},
		{"half a header", func(b []byte) []byte { return b[:20] }, "20 bytes", "a header of 52 bytes"},
		{"another format", func(b []byte) []byte { return append([]byte("PK345678"), b[8:]...) }, `"PK345678" at the start`, `"gonverge"`},
		{"a later version", func(b []byte) []byte { b[8]++; return b }, "version 2", "version 1"},
		{"truncated", func(b []byte) []byte { return b[:len(b)-3] }, "6 bytes of data", "9"},
		{"too long", func(b []byte) []byte { return append(b, 0) }, "10 bytes of data", "9"},
		{"one bit", func(b []byte) []byte { b[len(b)-1] ^= 1; return b }, "SHA-256 ", "SHA-256"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := Open(t.TempDir())
			if err := s.Put("nets", "k", []byte("some data")); err != nil {
				t.Fatal(err)
			}
			path := s.Path("nets", "k")
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			b = test.damage(b)
			if err := os.WriteFile(path, b, 0o666); err != nil {
				t.Fatal(err)
			}
			_, err = s.Get("nets", "k")
			var corrupt *CorruptError
			if !errors.As(err, &corrupt) {
				t.Fatalf("error %v, want a CorruptError", err)
			}
			for _, want := range []string{path, test.found, path + ".corrupt"} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
			if test.name != "one bit" && corrupt.Expected != test.expected {
				t.Errorf("expected %q, want %q", corrupt.Expected, test.expected)
			}
			if kept, err := os.ReadFile(corrupt.Kept); err != nil || !bytes.Equal(kept, b) {
				t.Errorf("kept file: %v, %d bytes, want the %d damaged ones", err, len(kept), len(b))
			}
			if _, err := s.Get("nets", "k"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("second Get: %v, want fs.ErrNotExist", err)
			}
		})
	}
}

func TestKeyDependsOnEveryPart(t *testing.T) {
	type recipe struct {
		Epochs int
		LR     float64
	}
	keys := map[string]string{}
	for name, key := range map[string]string{
		"none":         Key(),
		"recipe":       Key(recipe{8, 0.01}, 1),
		"epochs":       Key(recipe{9, 0.01}, 1),
		"rate":         Key(recipe{8, 0.02}, 1),
		"seed":         Key(recipe{8, 0.01}, 2),
		"order":        Key(1, recipe{8, 0.01}),
		"one string":   Key("ab"),
		"two strings":  Key("a", "b"),
		"other border": Key("", "ab"),
	} {
		if len(key) != 64 {
			t.Errorf("%s: key %q has %d digits, want 64", name, key, len(key))
		}
		if other, ok := keys[key]; ok {
			t.Errorf("%s and %s have the same key", name, other)
		}
		keys[key] = name
	}
	for range 20 { // maps have no order of their own
		if Key(map[string]int{"a": 1, "b": 2, "c": 3}) != Key(map[string]int{"c": 3, "b": 2, "a": 1}) {
			t.Fatal("the key depends on the order of a map")
		}
	}
}

func TestKeyPanicsForWhatJSONCannotCarry(t *testing.T) {
	defer func() {
		if r := recover(); r == nil || !strings.HasPrefix(fmt.Sprint(r), "store: Key: ") {
			t.Errorf("panic %v", r)
		}
	}()
	Key(math.NaN())
}

func TestPathPanicsForNamesThatLeaveTheFolder(t *testing.T) {
	for _, name := range []string{"", ".", "..", "a/b", `a\b`, ".hidden", "a:b"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("no panic for key %q", name)
				}
			}()
			Open("x").Path("nets", name)
		}()
	}
}

func TestDefaultFollowsTheEnvironment(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("GONVERGE_CACHE", dir)
	s, err := Default()
	if err != nil || s.Dir() != dir {
		t.Errorf("with GONVERGE_CACHE: %v, %v", s, err)
	}
	t.Setenv("GONVERGE_CACHE", "")
	if s, err := Default(); err == nil && filepath.Base(s.Dir()) != "gonverge" {
		t.Errorf("without GONVERGE_CACHE: %v", s)
	}
}

// onlyFile fails the test unless dir holds this one file with this text.
func onlyFile(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("%s holds %q, %v, want %q", path, got, err, want)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 {
		t.Errorf("the folder holds %v, want only %s", entries, path)
	}
}

func TestWriteFileReplaces(t *testing.T) {
	path := filepath.Join(t.TempDir(), "picture.png")
	for _, text := range []string{"old", "a longer new one", ""} {
		if err := WriteFile(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
		onlyFile(t, path, text)
	}
}

func TestWriteFileKeepsPermissions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(path, []byte("new")); err != nil {
		t.Fatal(err)
	}
	if after, err := os.Stat(path); err != nil || after.Mode() != before.Mode() {
		t.Errorf("mode %v, %v, want %v", after.Mode(), err, before.Mode())
	}
}

// weakFile is a disk that is full after room bytes, or fails at the end.
type weakFile struct {
	*os.File
	room        int
	sync, close error
}

func (f *weakFile) Write(b []byte) (int, error) {
	if len(b) > f.room {
		n, _ := f.File.Write(b[:f.room])
		f.room = 0
		return n, syscall.ENOSPC
	}
	f.room -= len(b)
	return f.File.Write(b)
}

func (f *weakFile) Sync() error { return f.sync }

func (f *weakFile) Close() error {
	if err := f.File.Close(); err != nil {
		return err
	}
	return f.close
}

func TestAFailedWriteLeavesTheOldFile(t *testing.T) {
	broken := errors.New("the disk is broken")
	tests := []struct {
		name string
		weak weakFile
		want error
	}{
		{"full at once", weakFile{room: 0}, syscall.ENOSPC},
		{"full within the header", weakFile{room: 3}, syscall.ENOSPC},
		{"full within the data", weakFile{room: 7}, syscall.ENOSPC},
		{"sync fails", weakFile{room: 100, sync: broken}, broken},
		{"close fails", weakFile{room: 100, close: broken}, broken},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "f")
			if err := os.WriteFile(path, []byte("old"), 0o666); err != nil {
				t.Fatal(err)
			}
			make := func(name string) (file, error) {
				f, err := os.Create(name)
				if err != nil {
					return nil, err
				}
				weak := test.weak
				weak.File = f
				return &weak, nil
			}
			err := write(path, make, []byte("head"), []byte("some data"))
			if !errors.Is(err, test.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("error %v, want %v with the path", err, test.want)
			}
			onlyFile(t, path, "old")
		})
	}
}

func TestUnwritableFoldersAreNamed(t *testing.T) {
	dir := t.TempDir()
	blocked := filepath.Join(dir, "a file, no folder")
	if err := os.WriteFile(blocked, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(blocked, "x.png")
	if err := WriteFile(path, nil); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("WriteFile: error %v, want one that names %s", err, path)
	}
	s := Open(filepath.Join(blocked, "cache"))
	if err := s.Put("nets", "k", nil); err == nil || !strings.Contains(err.Error(), s.Path("nets", "k")) {
		t.Errorf("Put: error %v, want one that names %s", err, s.Path("nets", "k"))
	}
	if err := WriteFile(filepath.Join(dir, "no", "x.png"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("WriteFile in a missing folder: %v", err)
	}
}

func ExampleStore() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)

	cache := Open(dir)
	key := Key("net", 8, 0.01)
	_, err = cache.Get("nets", key)
	fmt.Println("in the cache:", !errors.Is(err, fs.ErrNotExist))
	if err := cache.Put("nets", key, []byte("weights")); err != nil {
		fmt.Println(err)
	}
	b, _ := cache.Get("nets", key)
	fmt.Printf("%s under %s...\n", b, key[:8])
	// Output:
	// in the cache: false
	// weights under cf35aeba...
}
