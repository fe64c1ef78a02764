package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

const (
	kernelName  = "gonverge"
	displayName = "Go (gonverge)"
)

// kernelSpec is a kernel.json.
type kernelSpec struct {
	Argv          []string       `json:"argv"`
	DisplayName   string         `json:"display_name"`
	Language      string         `json:"language"`
	InterruptMode string         `json:"interrupt_mode"`
	Metadata      map[string]any `json:"metadata"`
}

const installUsage = `usage: gonverge install [-user | -prefix DIR | -sys] [-memory SIZE]

Copies this program into a kernelspec folder, so that Jupyter offers the kernel "Go (gonverge)".

`

func installCommand(_ context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("install", flag.ContinueOnError)
	limit := memoryFlag(flags)
	dir, code := specFolder(flags, installUsage, args, stderr)
	if dir == "" {
		return code
	}
	self, err := os.Executable()
	if err == nil {
		err = install(self, dir, *limit)
	}
	if err != nil {
		fmt.Fprintln(stderr, "gonverge install:", err)
		return 1
	}
	fmt.Fprintf(stdout, "Installed %q in %s\n", displayName, dir)
	fmt.Fprintf(stdout, "Next: jupyter lab (or jupyter notebook, or VS Code), and choose the kernel %q.\n", displayName)
	return 0
}

const uninstallUsage = `usage: gonverge uninstall [-user | -prefix DIR | -sys]

Removes what install with the same flag has written.

`

func uninstallCommand(_ context.Context, args []string, stdout, stderr io.Writer) int {
	dir, code := specFolder(flag.NewFlagSet("uninstall", flag.ContinueOnError), uninstallUsage, args, stderr)
	if dir == "" {
		return code
	}
	if err := uninstall(dir); err != nil {
		fmt.Fprintln(stderr, "gonverge uninstall:", err)
		return 1
	}
	fmt.Fprintf(stdout, "Removed %s\n", dir)
	return 0
}

// specFolder reads the flags and returns the folder of the kernelspec, absolute; "" and an exit code if there is none.
func specFolder(flags *flag.FlagSet, text string, args []string, stderr io.Writer) (dir string, code int) {
	flags.SetOutput(stderr)
	flags.Usage = func() { fmt.Fprint(stderr, text); flags.PrintDefaults() }
	user := flags.Bool("user", false, "for you only (the default)")
	prefix := flags.String("prefix", "", "under this `folder`'s share/jupyter, for an environment")
	sys := flags.Bool("sys", false, "for everybody on this machine")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return "", 0
		}
		return "", 2
	}
	chosen := 0
	for _, c := range []bool{*user, *prefix != "", *sys} {
		if c {
			chosen++
		}
	}
	if chosen > 1 || flags.NArg() > 0 {
		flags.Usage()
		return "", 2
	}
	var data string
	var err error
	switch {
	case *prefix != "":
		data, err = filepath.Abs(filepath.Join(*prefix, "share", "jupyter"))
	case *sys:
		data = systemData(runtime.GOOS, os.Getenv)
	default:
		data, err = userData(runtime.GOOS, os.Getenv, os.UserHomeDir)
	}
	if err != nil {
		fmt.Fprintf(stderr, "gonverge %s: %v\n", flags.Name(), err)
		return "", 1
	}
	return filepath.Join(data, "kernels", kernelName), 0
}

// userData is Jupyter's data folder of the user, by the rules of jupyter_core.
func userData(goos string, getenv func(string) string, home func() (string, error)) (string, error) {
	if dir := getenv("JUPYTER_DATA_DIR"); dir != "" {
		return dir, nil
	}
	if goos == "windows" {
		if dir := getenv("APPDATA"); dir != "" {
			return filepath.Join(dir, "jupyter"), nil
		}
	}
	if dir := getenv("XDG_DATA_HOME"); dir != "" && goos != "windows" && goos != "darwin" {
		return filepath.Join(dir, "jupyter"), nil
	}
	dir, err := home()
	if err != nil {
		return "", err
	}
	switch goos {
	case "windows":
		return filepath.Join(dir, ".jupyter", "data"), nil
	case "darwin":
		return filepath.Join(dir, "Library", "Jupyter"), nil
	}
	return filepath.Join(dir, ".local", "share", "jupyter"), nil
}

// systemData is Jupyter's data folder of the machine.
func systemData(goos string, getenv func(string) string) string {
	if goos == "windows" {
		if dir := getenv("PROGRAMDATA"); dir != "" {
			return filepath.Join(dir, "jupyter")
		}
		return `C:\ProgramData\jupyter`
	}
	return "/usr/local/share/jupyter"
}

// program is the name of the binary beside kernel.json.
func program() string {
	if runtime.GOOS == "windows" {
		return kernelName + ".exe"
	}
	return kernelName
}

// install fills a kernelspec folder. The binary is copied because under `go run` it is a temporary file.
func install(binary, dir string, limit memory) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	target := filepath.Join(dir, program())
	if err := copyFile(target, binary); err != nil {
		return err
	}
	argv := []string{target, "kernel"}
	if limit > 0 {
		argv = append(argv, "-memory", limit.String())
	}
	spec, err := json.MarshalIndent(kernelSpec{
		Argv: append(argv, "{connection_file}"), DisplayName: displayName, Language: "go",
		InterruptMode: "message", Metadata: map[string]any{"debugger": false},
	}, "", " ")
	if err != nil {
		return err
	}
	files := map[string][]byte{"kernel.json": append(spec, '\n'), "logo-svg.svg": []byte(logoSVG())}
	for _, size := range []int{32, 64} {
		if files[fmt.Sprintf("logo-%dx%d.png", size, size)], err = logoPNG(size); err != nil {
			return err
		}
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// copyFile copies a program beside its new place and renames it, so that a kernel that runs from there keeps its old file.
func copyFile(target, source string) (err error) {
	if same(target, source) {
		return nil
	}
	in, err := os.Open(source)
	if err != nil {
		return err
	}
	defer in.Close() // only read
	out, err := os.CreateTemp(filepath.Dir(target), ".gonverge-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(out.Name()))
		}
	}()
	_, err = io.Copy(out, in)
	err = errors.Join(err, out.Chmod(0o755), out.Close())
	if err != nil {
		return err
	}
	return os.Rename(out.Name(), target)
}

func same(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}

// uninstall removes a folder that install has filled, and only such a one.
func uninstall(dir string) error {
	data, err := os.ReadFile(filepath.Join(dir, "kernel.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("no kernel is installed in %s", dir)
	}
	if err != nil {
		return err
	}
	var spec kernelSpec
	if err := json.Unmarshal(data, &spec); err != nil {
		return fmt.Errorf("%s is not ours: %w", dir, err)
	}
	if spec.DisplayName != displayName {
		return fmt.Errorf("%s holds the kernel %q, not ours", dir, spec.DisplayName)
	}
	return os.RemoveAll(dir)
}
