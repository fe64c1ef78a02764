package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSizesOfMemory(t *testing.T) {
	for text, want := range map[string]memory{
		"4GiB": 4 << 30, "4G": 4 << 30, "1.5 GB": 1.5e9, "500MB": 500e6, "100000000": 1e8, "128MiB": 128 << 20, "200000KB": 2e8, "90000000B": 9e7, "1T": 1 << 40,
		"": 0, "x": 0, "-1G": 0, "0": 0, "NaN": 0, "Inf": 0, "4 GiBs": 0, "1MB": 0, "9999999T": 0,
	} {
		var m memory
		err := m.Set(text)
		if m != want || (err == nil) != (want != 0) {
			t.Errorf("%q: %d, %v; want %d", text, m, err, want)
		}
		if err != nil && !strings.Contains(err.Error(), "expected") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestMemoryFlagStopsACellThatAllocatesWithoutEnd(t *testing.T) {
	const endless = "var all [][]byte\nfor { all = append(all, make([]byte, 1<<20)) }"
	var o, e bytes.Buffer
	code := execCells(context.Background(), []string{"-memory", "300MB", "-"}, strings.NewReader(endless), &o, &e, openSession)
	if code != 1 || !strings.Contains(e.String(), "memory in use grew beyond its limit") {
		t.Errorf("exit %d, %s%s", code, o.String(), e.String())
	}
	book := filepath.Join(t.TempDir(), "a.ipynb")
	text := `{"cells":[{"cell_type":"code","execution_count":null,"id":"a","metadata":{},"outputs":[],"source":` + mustJSON(t, endless) + `}],"metadata":{},"nbformat":4,"nbformat_minor":5}`
	if err := os.WriteFile(book, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	e.Reset()
	if code := runNotebooks(context.Background(), []string{book, "-memory=300MB", "-via-kernel"}, &o, &e, openSession); code != 1 || !strings.Contains(e.String(), "memory in use grew beyond its limit") {
		t.Errorf("exit %d, %s", code, e.String())
	}
	e.Reset()
	if code := execCells(context.Background(), []string{"-memory", "much", "-"}, strings.NewReader("1"), &o, &e, openSession); code != 2 || !strings.Contains(e.String(), `found "much", expected a size`) {
		t.Errorf("exit %d, %s", code, e.String())
	}
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestInstallKeepsTheMemoryLimit reads the command that Jupyter will start.
func TestInstallKeepsTheMemoryLimit(t *testing.T) {
	dir := t.TempDir()
	var o, e bytes.Buffer
	if code := installCommand(context.Background(), []string{"-prefix", dir, "-memory", "2GiB"}, &o, &e); code != 0 {
		t.Fatal(code, e.String())
	}
	b, err := os.ReadFile(filepath.Join(dir, "share", "jupyter", "kernels", kernelName, "kernel.json"))
	if err != nil {
		t.Fatal(err)
	}
	var spec kernelSpec
	if err := json.Unmarshal(b, &spec); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(spec.Argv[1:], " "); got != "kernel -memory 2147483648 {connection_file}" {
		t.Errorf("argv %q", got)
	}
	if code := uninstallCommand(context.Background(), []string{"-prefix", dir, "-memory", "2GiB"}, &o, &e); code != 2 {
		t.Errorf("uninstall knows -memory: %d", code)
	}
}
