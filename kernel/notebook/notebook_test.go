package notebook_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gonverge/kernel/notebook"
)

// foreign holds what other programs write: unknown fields, odd order of keys,
// attachments, numbers in their own spelling, text as string and as list.
const foreign = `{
 "nbformat": 4,
 "metadata": {
  "zeta": 1.50,
  "kernelspec": {
   "name": "gonverge",
   "display_name": "Go <gonverge> & é\u2028"
  },
  "alpha": []
 },
 "nbformat_minor": 5,
 "cells": [
  {
   "cell_type": "markdown",
   "id": "text",
   "attachments": {
    "a.png": {
     "image/png": "AAEC"
    }
   },
   "metadata": {},
   "source": [
    "# Title\n",
    "\n",
    "text"
   ]
  },
  {
   "source": [],
   "outputs": [
    {
     "output_type": "display_data",
     "data": {
      "text/plain": [
       "x"
      ],
      "application/x-own": "no base64!",
      "application/vnd.a+json": {
       "z": 1e3,
       "a": null
      }
     },
     "metadata": {}
    }
   ],
   "own": true,
   "metadata": {
    "tags": [
     "keep"
    ]
   },
   "id": "code-1",
   "execution_count": 7,
   "cell_type": "code"
  }
 ],
 "future": {}
}
`

func TestAFileKeepsWhatIsNotUnderstood(t *testing.T) {
	nb, err := notebook.Parse([]byte(foreign))
	if err != nil {
		t.Fatal(err)
	}
	got, err := nb.Encode()
	if err != nil {
		t.Fatal(err)
	}
	want := strings.ReplaceAll(foreign, `\u2028`, "\u2028")
	if string(got) != want {
		t.Errorf("got\n%s", diff(string(got), want))
	}
}

// diff returns the first line that differs.
func diff(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return "got  " + g[i] + "\nwant " + w[i]
		}
	}
	return "texts of different length"
}

func TestOlderFilesGetIDs(t *testing.T) {
	const old = `{"cells":[{"cell_type":"code","source":"a\nb","metadata":{},"outputs":[],"execution_count":null},
		{"cell_type":"markdown","source":"a\nb","metadata":{}},{"cell_type":"raw","id":"a b","source":"a\nb","metadata":{}}],
		"metadata":{},"nbformat":4,"nbformat_minor":2}`
	nb, err := notebook.Parse([]byte(old))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, c := range nb.Cells {
		if c.ID == "" || strings.Contains(c.ID, " ") || seen[c.ID] {
			t.Errorf("id %q", c.ID)
		}
		seen[c.ID] = true
	}
	first, _ := nb.Encode()
	again, err := notebook.Parse([]byte(old))
	if err != nil {
		t.Fatal(err)
	}
	second, _ := again.Encode()
	if !bytes.Equal(first, second) {
		t.Error("the ids of the same file differ")
	}
	for _, want := range []string{`"nbformat_minor": 5`, "\"source\": [\n    \"a\\n\",\n    \"b\"\n   ]"} {
		if !strings.Contains(string(first), want) {
			t.Errorf("file lacks %s:\n%s", want, first)
		}
	}
}

func TestBadFilesAreRefusedWithTheReason(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "unexpected EOF"},
		{"truncated", foreign[:200], "unexpected EOF"},
		{"list", "[]", "its top is no object"},
		{"other JSON", `{"a": 1}`, "nbformat"},
		{"old major version", `{"nbformat": 3, "cells": []}`, "nbformat 3 (want 4"},
		{"no cells", `{"nbformat": 4, "nbformat_minor": 5}`, "no list of cells"},
		{"cell without type", `{"nbformat": 4, "cells": [{"source": ""}]}`, "cell 1 of 1: no cell_type"},
		{"source of numbers", `{"nbformat": 4, "cells": [{"cell_type": "code", "source": [1]}]}`, "cell 1 of 1: source"},
		{"output without type", `{"nbformat": 4, "cells": [{"cell_type": "code", "source": "", "outputs": [{}]}]}`, "output 1 of 1: no output_type"},
		{"more after the end", `{"nbformat": 4, "cells": []} x`, "at byte"},
		{"deep", strings.Repeat("[", 100000), "nested deeper than 200"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := notebook.Parse([]byte(c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("err = %v, want it to contain %q", err, c.want)
			}
		})
	}
}

func TestReadNamesTheFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.ipynb")
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{file, file + "missing"} {
		if _, err := notebook.Read(name); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("err = %v, want it to name %s", err, name)
		}
	}
}

func TestWriteFileLeavesNoTemporaryFiles(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "x.ipynb")
	if err := os.WriteFile(file, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := notebook.WriteFile(file, []byte("new")); err != nil {
		t.Fatal(err)
	}
	if err := notebook.WriteFile(filepath.Join(dir, "none", "x"), nil); err == nil {
		t.Error("no error for a folder that does not exist")
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("%d entries (%v), want 1", len(entries), err)
	}
	info, err := os.Stat(file)
	if err != nil || info.Size() != 3 || info.Mode().Perm() != 0o600 {
		t.Errorf("the file has %d bytes and mode %v (%v)", info.Size(), info.Mode(), err)
	}
}

// everything is a notebook with all kinds of outputs.
func everything(t *testing.T) *notebook.Notebook {
	t.Helper()
	nb := book("print a", "warn b\nshow i x\nupdate i y", "picture a\nvalue 3", "", "fail oh\nno")
	nb.Add("markdown", "# é \"quoted\"\n\ttab")
	if err := notebook.Run(context.Background(), nb, &script{}, notebook.RunOptions{AllowErrors: true}); err == nil {
		t.Fatal("the failing cell did not fail")
	}
	return nb
}

func TestWrittenFilesReadBackTheSame(t *testing.T) {
	first, err := everything(t).Encode()
	if err != nil {
		t.Fatal(err)
	}
	nb, err := notebook.Parse(first)
	if err != nil {
		t.Fatal(err)
	}
	second, err := nb.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, second) {
		t.Error(diff(string(second), string(first)))
	}
}

// TestNbformatTakesWhatIsWritten asks Jupyter's own library, which must also write
// the same bytes: then a file does not change when a front end saves it.
func TestNbformatTakesWhatIsWritten(t *testing.T) {
	python := "/usr/bin/python3" // Debian's: another one on the path has no Jupyter
	if err := exec.Command(python, "-c", "import nbformat").Run(); err != nil {
		if os.Getenv("REQUIRE_JUPYTER") == "1" {
			t.Fatalf("%s has no nbformat and REQUIRE_JUPYTER=1: %v", python, err)
		}
		t.Skipf("%s has no nbformat (Debian: apt-get install python3-nbformat)", python)
	}
	data, err := everything(t).Encode()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "x.ipynb")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	const check = `
import sys, nbformat
nb = nbformat.read(sys.argv[1], as_version=4)
nbformat.validate(nb)
assert nb.nbformat_minor == 5, nb.nbformat_minor
sys.stdout.buffer.write((nbformat.writes(nb) + "\n").encode())
`
	out, err := exec.Command(python, "-W", "error", "-c", check, file).Output()
	if e, ok := err.(*exec.ExitError); ok {
		t.Fatalf("%v\n%s", err, e.Stderr)
	}
	if err != nil {
		t.Fatal(err)
	}
	if string(out) != string(data) {
		t.Errorf("nbformat writes something else:\n%s", diff(string(data), string(out)))
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(foreign))
	f.Add([]byte(`{"nbformat":4,"cells":[{"cell_type":"code","source":"x","outputs":[{"output_type":"error","traceback":[1]}]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		nb, err := notebook.Parse(data)
		if err != nil {
			return
		}
		out, err := nb.Encode()
		if err != nil {
			return // an output of unknown type, say
		}
		if _, err := notebook.Parse(out); err != nil {
			t.Errorf("what was written cannot be read: %v", err)
		}
	})
}
