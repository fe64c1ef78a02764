package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestMain lets the test binary be the kernel: front ends start a copy of it with the arguments of the real one.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && !strings.HasPrefix(os.Args[1], "-") {
		args := os.Args[1:]
		os.Args = os.Args[:1]
		os.Exit(dispatch(args, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// gonverge runs a subcommand in this process.
func gonverge(args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = dispatch(args, &out, &errs)
	return code, out.String(), errs.String()
}

func TestUsage(t *testing.T) {
	tests := []struct {
		name                   string
		args                   []string
		code                   int
		wantStdout, wantStderr string
	}{
		{"no command", nil, 2, "", "usage: gonverge COMMAND"},
		{"help", []string{"help"}, 0, "usage: gonverge COMMAND", ""},
		{"unknown command", []string{"brew"}, 2, "", `no command "brew"`},
		{"version", []string{"version"}, 0, runtime.Version(), ""},
		{"help on install", []string{"install", "-h"}, 0, "", "usage: gonverge install"},
		{"two places", []string{"install", "-sys", "-user"}, 2, "", "usage: gonverge install"},
		{"kernel without file", []string{"kernel"}, 2, "", "usage: gonverge kernel [-memory SIZE] CONNECTION_FILE"},
		{"connection file is missing", []string{"kernel", "no/such/file"}, 1, "", "no/such/file"},
		{"nothing to uninstall", []string{"uninstall", "-prefix", "no/such/folder"}, 1, "", "no kernel is installed in"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			code, stdout, stderr := gonverge(test.args...)
			if code != test.code || !strings.Contains(stdout, test.wantStdout) || !strings.Contains(stderr, test.wantStderr) {
				t.Errorf("got %d\nstdout: %s\nstderr: %s", code, stdout, stderr)
			}
		})
	}
}

func TestInstallAndUninstall(t *testing.T) {
	prefix := t.TempDir()
	for range 2 { // a second time over the first
		if code, _, stderr := gonverge("install", "-prefix", prefix); code != 0 {
			t.Fatal(stderr)
		}
	}
	dir := filepath.Join(prefix, "share", "jupyter", "kernels", "gonverge")
	data, err := os.ReadFile(filepath.Join(dir, "kernel.json"))
	if err != nil {
		t.Fatal(err)
	}
	var spec kernelSpec
	if err := json.Unmarshal(data, &spec); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprint([]string{filepath.Join(dir, program()), "kernel", "{connection_file}"})
	if fmt.Sprint(spec.Argv) != want || spec.DisplayName != "Go (gonverge)" || spec.Language != "go" || spec.InterruptMode != "message" {
		t.Errorf("got %s", data)
	}
	info, err := os.Stat(spec.Argv[0])
	if err != nil || info.Mode()&0o111 == 0 && runtime.GOOS != "windows" {
		t.Errorf("the program is not executable: %v, %v", info, err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 5 {
		t.Errorf("got %v, %v", entries, err)
	}
	if code, _, stderr := gonverge("uninstall", "-prefix", prefix); code != 0 {
		t.Fatal(stderr)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after uninstall: %v", err)
	}
}

func TestUninstallLeavesOtherKernels(t *testing.T) {
	prefix := t.TempDir()
	dir := filepath.Join(prefix, "share", "jupyter", "kernels", "gonverge")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "kernel.json")
	if err := os.WriteFile(file, []byte(`{"display_name":"Python 3"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := gonverge("uninstall", "-prefix", prefix); code != 1 || !strings.Contains(stderr, `"Python 3"`) {
		t.Errorf("got %d, %s", code, stderr)
	}
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
}

func TestFoldersAreThoseOfJupyter(t *testing.T) {
	home := func() (string, error) { return "/home/me", nil }
	tests := []struct {
		name, goos string
		env        map[string]string
		want       string
	}{
		{"Linux", "linux", nil, "/home/me/.local/share/jupyter"},
		{"Linux with XDG", "linux", map[string]string{"XDG_DATA_HOME": "/x"}, "/x/jupyter"},
		{"own folder", "linux", map[string]string{"JUPYTER_DATA_DIR": "/data", "XDG_DATA_HOME": "/x"}, "/data"},
		{"macOS", "darwin", map[string]string{"XDG_DATA_HOME": "/x"}, "/home/me/Library/Jupyter"},
		{"Windows", "windows", map[string]string{"APPDATA": "/roaming"}, "/roaming/jupyter"},
		{"Windows without APPDATA", "windows", nil, "/home/me/.jupyter/data"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := userData(test.goos, func(k string) string { return test.env[k] }, home)
			if err != nil || filepath.ToSlash(got) != test.want {
				t.Errorf("got %s, %v, want %s", got, err, test.want)
			}
		})
	}
}

func TestLogoIsDrawn(t *testing.T) {
	data, err := logoPNG(32)
	if err != nil {
		t.Fatal(err)
	}
	m, err := png.Decode(bytes.NewReader(data))
	if err != nil || m.Bounds().Dx() != 32 {
		t.Fatalf("%v, %v", m.Bounds(), err)
	}
	if _, _, _, a := m.At(0, 0).RGBA(); a != 0 {
		t.Error("the corner is not transparent")
	}
	if _, _, _, a := m.At(16, 16).RGBA(); a != 0xffff {
		t.Error("the middle is not opaque")
	}
}
