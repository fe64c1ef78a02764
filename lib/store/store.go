package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Store is a folder of cached results. [Open] and [Default] make it.
type Store struct {
	dir string
}

// Default returns the store in $GONVERGE_CACHE or, if that is not set, in the folder
// gonverge of the user's cache folder. It makes no folder yet. The error says that
// the system names no cache folder.
func Default() (*Store, error) {
	if dir := os.Getenv("GONVERGE_CACHE"); dir != "" {
		return Open(dir), nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return nil, fmt.Errorf("store: no cache folder (set GONVERGE_CACHE to one): %w", err)
	}
	return Open(filepath.Join(dir, "gonverge")), nil
}

// Open returns the store in the folder dir, which the first Put makes if need be.
func Open(dir string) *Store { return &Store{dir: dir} }

// Dir returns the folder of the store.
func (s *Store) Dir() string { return s.dir }

// String names the folder.
func (s *Store) String() string { return "store in " + s.dir }

// Key returns the SHA-256, as 64 hexadecimal digits, of the parts written as JSON:
// the same parts in the same order give the same key on every machine. Maps are
// sorted by key. As in all JSON, unexported fields of a struct do not count. Key
// panics if a part cannot be written as JSON (a function, a channel, NaN).
func Key(parts ...any) string {
	b, err := json.Marshal(parts)
	if err != nil {
		panic(fmt.Sprintf("store: Key: %v", err))
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Path returns the name of the file that holds key, whether it exists or not.
func (s *Store) Path(kind, key string) string {
	checkName("kind", kind)
	checkName("key", key)
	return filepath.Join(s.dir, kind, key)
}

func checkName(what, name string) {
	if name == "" || strings.HasPrefix(name, ".") || strings.ContainsAny(name, `/\:*?"<>|`+"\x00") {
		panic(fmt.Sprintf("store: %s %q is no plain file name", what, name))
	}
}

// A file of the store: magic, version (uint32), length of the data (uint64), SHA-256
// of the data, data; numbers in little-endian order.
const (
	magic      = "gonverge"
	version    = 1
	headerSize = len(magic) + 4 + 8 + sha256.Size
)

// Get returns the data put under key. The error wraps [fs.ErrNotExist] if there is
// none, and is a [*CorruptError] if the file is damaged or of another version; then
// the file has been renamed and a later Get finds none.
func (s *Store) Get(kind, key string) ([]byte, error) {
	path := s.Path(kind, key)
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	found, expected := check(b)
	if found == "" {
		return b[headerSize:], nil
	}
	kept, err := KeepAside(path)
	return nil, &CorruptError{File: path, Found: found, Expected: expected, Kept: kept, Err: err}
}

// Load gets the data put under key and hands it to decode. A file that is whole, and yet
// not what decode expects, is renamed as a damaged one is. The error wraps
// [fs.ErrNotExist] if nothing was put, decode's error, or is a [*CorruptError].
func (s *Store) Load(kind, key string, decode func(data []byte) error) error {
	data, err := s.Get(kind, key)
	if err != nil {
		return err
	}
	if err := decode(data); err != nil {
		kept, move := KeepAside(s.Path(kind, key))
		if move != nil {
			return errors.Join(err, move)
		}
		return fmt.Errorf("%w; kept aside as %s", err, kept)
	}
	return nil
}

// check says what is wrong with a file of the store; found is empty if nothing is.
func check(b []byte) (found, expected string) {
	if len(b) < headerSize {
		return fmt.Sprintf("%d bytes", len(b)), fmt.Sprintf("a header of %d bytes", headerSize)
	}
	if !bytes.HasPrefix(b, []byte(magic)) {
		return fmt.Sprintf("%q at the start", b[:len(magic)]), fmt.Sprintf("%q", magic)
	}
	head := b[len(magic):headerSize]
	if v := binary.LittleEndian.Uint32(head); v != version {
		return fmt.Sprintf("version %d", v), fmt.Sprintf("version %d", version)
	}
	data := b[headerSize:]
	if n := binary.LittleEndian.Uint64(head[4:]); n != uint64(len(data)) {
		return fmt.Sprintf("%d bytes of data", len(data)), fmt.Sprintf("%d", n)
	}
	if sum := sha256.Sum256(data); !bytes.Equal(sum[:], head[12:]) {
		return fmt.Sprintf("SHA-256 %x", sum), fmt.Sprintf("%x", head[12:])
	}
	return "", ""
}

// Put stores data under key, in place of what was there. On any error, such as a full
// disk, what was there stays.
func (s *Store) Put(kind, key string, data []byte) error {
	path := s.Path(kind, key)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return fmt.Errorf("store: %s: %w", path, err)
	}
	sum := sha256.Sum256(data)
	head := make([]byte, 0, headerSize)
	head = append(head, magic...)
	head = binary.LittleEndian.AppendUint32(head, version)
	head = binary.LittleEndian.AppendUint64(head, uint64(len(data)))
	head = append(head, sum[:]...)
	return write(path, create, head, data)
}

// Remove forgets key; a key that is not there is no error.
func (s *Store) Remove(kind, key string) error {
	if err := os.Remove(s.Path(kind, key)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

// CorruptError says that a file is damaged or of another version and was moved aside.
type CorruptError struct {
	File            string // the file as it was named
	Found, Expected string // what differs
	Kept            string // where the file is now; "" if it could not be renamed
	Err             error  // why it could not be renamed
}

// Error names the file, what was found, what was expected and where the file is now.
func (e *CorruptError) Error() string {
	s := fmt.Sprintf("store: %s is damaged: found %s, expected %s", e.File, e.Found, e.Expected)
	if e.Kept != "" {
		return s + "; kept aside as " + e.Kept
	}
	return fmt.Sprintf("%s; it could not be moved aside: %v", s, e.Err)
}

// Unwrap returns why the file could not be renamed, or nil.
func (e *CorruptError) Unwrap() error { return e.Err }

// KeepAside renames a damaged file to path.corrupt, in place of an earlier one, and
// returns the new name.
func KeepAside(path string) (string, error) {
	kept := path + ".corrupt"
	if err := os.Rename(path, kept); err != nil {
		return "", fmt.Errorf("store: %w", err)
	}
	return kept, nil
}
