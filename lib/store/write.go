package store

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// WriteFile writes data to path so that path is, at every moment, the old file or the
// whole new one: a temporary file in the same folder is written, brought to the disk
// and renamed. On any error the temporary file is removed and the old file stays. The
// folder must exist; a new file gets the permissions 0666 less the umask, an old one
// keeps its own.
func WriteFile(path string, data []byte) error {
	return write(path, create, data)
}

// file is what write needs of an os.File.
type file interface {
	io.Writer
	Sync() error
	Close() error
}

// create makes a new file that must not exist yet.
func create(name string) (file, error) {
	return os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
}

// write joins parts in a file made by create and gives it the name path.
func write(path string, create func(name string) (file, error), parts ...[]byte) error {
	// The suffix only has to differ between writers of the same file; it reaches no result.
	tmp := filepath.Join(filepath.Dir(path), fmt.Sprintf(".%s.%08x.tmp", filepath.Base(path), rand.Uint32()))
	f, err := create(tmp)
	if err != nil {
		return fmt.Errorf("store: %s cannot be written: %w", path, err)
	}
	for _, p := range parts {
		if err == nil {
			_, err = f.Write(p)
		}
	}
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		if old, e := os.Stat(path); e == nil && old.Mode().IsRegular() {
			err = os.Chmod(tmp, old.Mode().Perm())
		}
	}
	if err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		_ = os.Remove(tmp) // the error that matters is the first one
		return fmt.Errorf("store: %s cannot be written: %w", path, err)
	}
	// The new name is on the disk only with its folder. Some systems cannot sync a
	// folder; there the file is whole all the same, so errors do not matter.
	if dir, err := os.Open(filepath.Dir(path)); err == nil {
		_ = dir.Sync()
		_ = dir.Close()
	}
	return nil
}
