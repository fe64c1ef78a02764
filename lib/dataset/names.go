package dataset

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"gonverge/lib/store"
)

// downloads is the folder of sets that no configuration names.
func downloads() (string, error) {
	cache, err := store.Default()
	if err != nil {
		return "", err
	}
	return filepath.Join(cache.Dir(), "downloads"), nil
}

// namesIn returns the names in a folder, numbers in order of size; none if it does not exist.
func namesIn(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	sort.Slice(names, func(i, j int) bool { return before(names[i], names[j]) })
	return names, nil
}

// before orders names so that numbers in them count by size: batch_2 before batch_10.
func before(a, b string) bool {
	for a != "" && b != "" {
		m, n := digits(a), digits(b)
		if m > 0 && n > 0 {
			x, y := strings.TrimLeft(a[:m], "0"), strings.TrimLeft(b[:n], "0")
			if len(x) != len(y) {
				return len(x) < len(y)
			}
			if x != y {
				return x < y
			}
			if m != n { // 01 after 1
				return m < n
			}
			a, b = a[m:], b[n:]
			continue
		}
		if a[0] != b[0] {
			return a[0] < b[0]
		}
		a, b = a[1:], b[1:]
	}
	return len(a) < len(b)
}

// digits counts the digits at the start of s.
func digits(s string) int {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return n
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
