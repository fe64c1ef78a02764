package run

import (
	"fmt"
	"io"
	"log"
	"os"
	"reflect"
	"runtime"
	"strings"
)

// Logging. The functions of package log write by a logger of the machine, which writes to its stderr; log.Fatal and the
// methods Fatal end the cell instead of the process (package lower calls the functions here for them). The machine that has the
// process's files has its logger, too, which package slog knows: the two pass on to each other. What the interpreter notes there
// about code that it cannot compile is left out, since that comes back as an error.

// logging are the symbols of package log for a logger of cells.
func (m *Machine) logging(l *log.Logger) map[string]reflect.Value {
	v := reflect.ValueOf
	return map[string]reflect.Value{
		"Logger": v((*log.Logger)(nil)), "New": v(log.New), "Default": v(func() *log.Logger { return l }),
		"Fatal":   v(func(x ...any) { m.end(fmt.Sprint(x...)) }),
		"Fatalf":  v(func(format string, x ...any) { m.end(fmt.Sprintf(format, x...)) }),
		"Fatalln": v(func(x ...any) { m.end(strings.TrimSuffix(fmt.Sprintln(x...), "\n")) }),
		"Flags":   v(l.Flags), "Output": v(l.Output), "Prefix": v(l.Prefix), "Writer": v(func() io.Writer { return logWriter(l) }),
		"Panic": v(l.Panic), "Panicf": v(l.Panicf), "Panicln": v(l.Panicln), "Print": v(l.Print), "Printf": v(l.Printf), "Println": v(l.Println),
		"SetFlags": v(l.SetFlags), "SetOutput": v(func(w io.Writer) { setLogOutput(l, w) }), "SetPrefix": v(l.SetPrefix),
	}
}

func logFatal(l *log.Logger, x ...any)                 { logExit(l, fmt.Sprint(x...)) }
func logFatalf(l *log.Logger, format string, x ...any) { logExit(l, fmt.Sprintf(format, x...)) }
func logFatalln(l *log.Logger, x ...any)               { logExit(l, strings.TrimSuffix(fmt.Sprintln(x...), "\n")) }

// logExit ends the cell. What the logger writes to the cell's stderr would be said twice.
func logExit(l *log.Logger, text string) {
	if s, own := logWriter(l).(straight); !own || s.stream != "stderr" {
		_ = l.Output(3, text) // as Fatal does
	}
	panic(exit(text))
}

// processLog is where the logger of the process writes: to a writer that cells have set, or to the stderr of the machine that
// has the process's files.
type processLog struct{ to io.Writer }

func (p processLog) Write(b []byte) (int, error) {
	if byInterpreter() {
		return len(b), nil
	}
	return p.writer().Write(b)
}

func (p processLog) writer() io.Writer {
	if p.to != nil {
		return p.to
	}
	if o := taken.Load(); o != nil {
		return o.direct[1]
	}
	return os.Stderr
}

// logWriter is where a logger writes, as its user knows it.
func logWriter(l *log.Logger) io.Writer {
	if p, ok := l.Writer().(processLog); ok {
		return p.writer()
	}
	return l.Writer()
}

func setLogOutput(l *log.Logger, w io.Writer) {
	if l == log.Default() {
		w = processLog{w}
	}
	l.SetOutput(w)
}

// byInterpreter tells whether the interpreter itself has called package log, which has called the calling function.
func byInterpreter() bool {
	var pcs [16]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	for {
		f, more := frames.Next()
		if !strings.HasPrefix(f.Function, "log.") {
			return strings.HasPrefix(f.Function, "github.com/traefik/yaegi/")
		}
		if !more {
			return false
		}
	}
}
