package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
)

// command is a subcommand. It gets the arguments after its name and returns the process's exit code: 0, 1 after an
// error, 2 for wrong usage.
type command struct {
	name    string
	summary string
	run     func(ctx context.Context, args []string, stdout, stderr io.Writer) int
	// signals says that the command handles interrupts itself; for the others they end ctx.
	signals bool
}

// commands in the order of the help text. Another one is a line here and a file with its function.
func commands() []command {
	return []command{
		{name: "reproduce", summary: "run the figure notebooks; write them and their pictures", run: reproduceCommand},
		{name: "run", summary: "run notebooks without Jupyter", run: runCommand},
		{name: "exec", summary: "run cells of a file, print their results", run: execCommand},
		{name: "install", summary: "make the kernel known to Jupyter", run: installCommand},
		{name: "uninstall", summary: "undo install", run: uninstallCommand},
		{name: "kernel", summary: "serve a front end (Jupyter starts this)", run: kernelCommand, signals: true},
		{name: "bench", summary: "tables of speed beside the peers that are installed", run: benchCommand},
		{name: "version", summary: "print the version", run: versionCommand},
	}
}

func main() {
	args := os.Args[1:]
	os.Args = os.Args[:1] // a program in a cell has no arguments
	os.Exit(dispatch(args, os.Stdout, os.Stderr))
}

// dispatch runs the subcommand that the arguments name.
func dispatch(args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		usage(stderr)
		return 2
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		usage(stdout)
		return 0
	}
	for _, c := range commands() {
		if c.name != args[0] {
			continue
		}
		ctx := context.Background()
		if !c.signals {
			var stop context.CancelFunc
			ctx, stop = signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
			defer stop()
			context.AfterFunc(ctx, stop) // a second interrupt ends the process at once
		}
		return c.run(ctx, args[1:], stdout, stderr)
	}
	fmt.Fprintf(stderr, "gonverge: no command %q\n\n", args[0])
	usage(stderr)
	return 2
}

func usage(w io.Writer) {
	fmt.Fprintln(w, "usage: gonverge COMMAND [flags] [arguments]")
	fmt.Fprintln(w)
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-10s  %s\n", c.name, c.summary)
	}
	fmt.Fprintln(w)
	fmt.Fprintln(w, "gonverge COMMAND -h tells more.")
}

func versionCommand(_ context.Context, _ []string, stdout, _ io.Writer) int {
	fmt.Fprintf(stdout, "gonverge %s %s %s/%s\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return 0
}

// version is that of the module, or the revision that was built, as far as the build tells.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return "devel-" + s.Value[:12]
		}
	}
	return "devel"
}
