package store_test

import (
	"fmt"
	"os"
	"path/filepath"

	"gonverge/lib/store"
)

// A key is the same on every machine, and another one for another part.
func ExampleKey() {
	fmt.Println(store.Key("net", 1)[:12], store.Key("net", 2)[:12])
	// Output:
	// d2bb0b098eed d714c3d64512
}

// At every moment the path holds the old file or the whole new one.
func ExampleWriteFile() {
	dir, err := os.MkdirTemp("", "store")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "result.txt")
	for _, text := range []string{"old", "new"} {
		if err := store.WriteFile(path, []byte(text)); err != nil {
			fmt.Println(err)
			return
		}
	}
	b, err := os.ReadFile(path)
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	fmt.Println(string(b), len(files), err)
	// Output:
	// new 1 <nil>
}
