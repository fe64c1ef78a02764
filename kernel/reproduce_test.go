package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReproduceRefusesWhatItDoesNotKnow(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"notebook", []string{"-only", "figure-99"}, 2, `no notebook "figure-99"; have beyond, figure-1, figure-2`},
		{"argument", []string{"figure-1"}, 2, `unexpected argument "figure-1"`},
		{"output folder that is a file", []string{"-out", file}, 1, "output folder: mkdir " + file},
		{"data set", []string{"-data", "nosuch", "-only", "figure-1", "-out", t.TempDir()}, 1, `"nosuch" (valid: leaves, cifar10)`},
		{"recipe", []string{"-recipe", "nosuch", "-only", "figure-1", "-out", t.TempDir()}, 1, `"nosuch" (valid: default, full, smoke)`},
		{"data folder", []string{"-data", "cifar10", "-data-dir", "/no/such/folder", "-only", "figure-1", "-out", t.TempDir()}, 1, "/no/such/folder"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, name := range []string{"GONVERGE_DATASET", "GONVERGE_RECIPE", "GONVERGE_DATA"} {
				t.Setenv(name, "") // reproduce sets them: put them back afterwards
			}
			t.Setenv("GONVERGE_CACHE", t.TempDir())
			var stdout, stderr bytes.Buffer
			code := reproduceCommand(context.Background(), c.args, &stdout, &stderr)
			if code != c.code || !strings.Contains(stderr.String(), c.want) {
				t.Errorf("exit code %d, stderr %q; want %d and %q", code, stderr.String(), c.code, c.want)
			}
		})
	}
}

func TestReproduceStopsWhenInterrupted(t *testing.T) {
	for _, name := range []string{"GONVERGE_DATASET", "GONVERGE_RECIPE", "GONVERGE_DATA"} {
		t.Setenv(name, "")
	}
	t.Setenv("GONVERGE_CACHE", t.TempDir())
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var stdout, stderr bytes.Buffer
	code := reproduceCommand(ctx, []string{"-only", "figure-1", "-out", t.TempDir()}, &stdout, &stderr)
	if code != 130 || !strings.Contains(stderr.String(), "interrupted") {
		t.Errorf("exit code %d, stderr %q; want 130 and a word of the interrupt", code, stderr.String())
	}
}
