package session_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"gonverge/kernel/session"
)

// runCommand runs a cell and returns all that it gave in one text.
func runCommand(s *session.Session, source string) string {
	g := &gallery{}
	r := s.Run(context.Background(), source, session.RunOptions{StoreHistory: true}, g)
	out := g.events
	for _, b := range r.Values {
		out = append(out, "result ["+formats(b)+"] "+b.Plain())
	}
	if r.Page != nil {
		out = append(out, "page ["+formats(*r.Page)+"] "+r.Page.Plain())
	}
	if r.Next != "" {
		out = append(out, "next "+r.Next)
	}
	if r.Err != nil {
		out = append(out, r.Err.Error())
	}
	return strings.Join(out, "\n")
}

func TestCommands(t *testing.T) {
	s := newSession(t)
	t.Chdir(t.TempDir())
	t.Setenv("GONVERGE_TEST", "v")
	t.Setenv("HOME", t.TempDir())
	run(t, s, "x := 3\nfunc f(a int) string { return \"\" }\ntype T struct{ A int }\nconst c = 4")
	for _, c := range []struct{ name, cell, want string }{ // want: a regular expression for all of it
		{"who", "%who", `result \[text/html text/plain\] type  T struct{A int}\nconst c untyped int = 4\nfunc  f\(a int\) string\nvar   x int`},
		{"who some", "%who func", `result .* func  f\(a int\) string`},
		{"who none", "%who nobody", `result .* nothing of that name is defined`},
		{"time", "%time x * 2", `stdout "time: .*s\\n"\nresult .* 6`},
		{"double sign", "%%time x * 2", `stdout "time: .*s\\n"\nresult .* 6`},
		{"time keeps positions", "\n%time nope", `compile error: undefined: nope.*`},
		{"timeit", "%timeit -n 10 -r 2 x * 2", `stdout ".*s ± .*s a loop, best .*s \(mean and standard deviation of 2 runs of 10 loops\)\\n"`},
		{"timeit of a statement", "%timeit -n 3 -r 1 y := x\ny++", `stdout ".* 1 runs of 3 loops\)\\n"`},
		{"timeit of a call without a value", "%timeit -n 3 -r 1 func() {}()", `stdout ".* 1 runs of 3 loops\)\\n"`},
		{"timeit finds the number", "%timeit -r 1 time.Sleep(50*time.Millisecond)", `stdout "[\d.]+ m?s ± 0 ns a loop.* of [1-4] loops\)\\n"`},
		{"timeit wrong", "%timeit -n x 1", `error: %timeit: -n wants a number from 1, found "x"`},
		{"timeit nothing", "%timeit", `error: %timeit wants a statement to time`},
		{"timeit error", "%timeit nope", `compile error: undefined: nope.*`},
		{"profile of what does not compile", "%profile nope", `compile error: undefined: nope`},
		{"profile", "%profile t := time.Now(); for time.Since(t) < 60*time.Millisecond { math.Sqrt(2) }", `(?s)stdout "time: .*, of processors .*`},
		{"env", "%env GONVERGE_TEST", `result .* v`},
		{"env set", "%env GONVERGE_TEST = a b\nos.Getenv(\"GONVERGE_TEST\")", `result .* a b`},
		{"env all", "%env", `(?s)result .*GONVERGE_TEST=a b.*`},
		{"env of no such", "%env GONVERGE_NONE", `error: %env: GONVERGE_NONE is not set`},
		{"shell sees it", "!echo $GONVERGE_TEST", `stdout "a b\\n"`},
		{"shell lines", "!echo 1\n!echo 2 >&2", `stdout "1\\n"\nstderr "2\\n"`},
		{"shell sign of gophernotes", "$ echo 1", `stdout "1\\n"`},
		{"shell with code", "!echo 1\nx", `stdout "1\\n"\nresult .* 3`},
		{"shell, commands and code", "\n$echo 1\n%env GONVERGE_TEST\n!echo 2 \\\n   3\n\n// code\nfmt.Println(4)\nx", `stdout "1\\n"\ndisplay .* a b\nstdout "2 3\\n4\\n"\nresult .* 3`},
		{"shell that fails in the middle", "!echo 1\n!exit 3\nfmt.Println(4)", `stdout "1\\n"\nerror: exit status 3`},
		{"code that fails below the shell", "!echo 1\n\nnope", `stdout "1\\n"\ncompile error: undefined: nope.*`},
		{"shell below code", "x\n$ls", `compile error: .*lines with commands stand above the Go lines of a cell.*`},
		{"shell below code, as IPython has it", "y := x\n!ls", `compile error: .*lines with commands stand above the Go lines of a cell.*`},
		{"an empty command", "!\nx", `result .* 3`},
		{"comment above", "// what it is\n%time x", `stdout "time: .*\nresult .* 3`},
		{"go111module", "%go111module on\nx", `display .* no effect here.*\nresult .* 3`},
		{"go111module wrong", "%go111module", `error: %go111module wants on or off`},
		{"shell fails", "!exit 3", `error: exit status 3`},
		{"bash", "%%bash\nfor i in 1 2; do echo $i; done", `stdout "1\\n2\\n"`},
		{"bash fails", "%%bash\nfalse", `error: exit status 1`},
		{"writefile", "%%writefile sub.txt\na\nb", `result .* wrote sub.txt, 4 bytes`},
		{"writefile adds", "%%writefile -a sub.txt\nc", `result .* added sub.txt, 6 bytes`},
		{"written", "!cat sub.txt", `stdout "a\\nb\\nc\\n"`},
		{"writefile nowhere", "%%writefile no/where.txt\na", `error: %%writefile: no/.*: no such file or directory`},
		{"writefile without a name", "%%writefile\na", `error: %%writefile wants a file on its line.*`},
		{"load", "%load sub.txt", `next // from sub.txt\na\nb\nc\n`},
		{"load none", "%load none.go", `error: %load: none.go: no such file or directory`},
		{"load without a name", "%load", `error: %load wants a file`},
		{"cd", "%cd /", `result .* /`},
		{"cd back and go on", "%cd -\nx", `(?s)display .*\nresult .* 3`},
		{"cd tells", "%cd .", `result .*`},
		{"cd home", "%cd", `result .* ` + regexp.QuoteMeta(os.Getenv("HOME"))},
		{"cd back again", "%cd -", `result .*`},
		{"cd nowhere", "%cd /nowhere", `error: %cd: /nowhere: no such file or directory`},
		{"save", "%save cells", `result .* \d+ cells in cells.go`},
		{"save again", "%save cells", `error: %save: cells.go is there; %save -f cells.go replaces it`},
		{"save over", "%save -f cells", `result .* \d+ cells in cells.go`},
		{"doc", "%doc strings.ToUpper", `(?s)page \[.*text/plain\] func strings.ToUpper.*`},
		{"doc by question", "strings.ToUpper?", `(?s)page \[.*text/plain\] func strings.ToUpper.*`},
		{"doc of a value", "?x", `(?s)page \[.*text/plain\] var x int.*`},
		{"doc of a command", "%doc %who", `(?s)page .* %who \[NAME.*`},
		{"doc none", "%doc nope", `error: nothing is known about nope`},
		{"doc wrong", "%doc a b", `error: %doc wants one name.*`},
		{"help", "%help", `(?s)result .*%reset.*%%writefile.*!COMMAND.*`},
		{"help of one", "%help timeit", `(?s)result .* %timeit \[-n LOOPS\].*seven?.*|(?s)result .* %timeit \[-n LOOPS\].*7 runs.*`},
		{"help by flag", "%save -h", `(?s)result .* %save \[-f\] FILE.*`},
		{"help of none", "%help nope", `error: no command nope; %help lists them`},
		{"of IPython", "%matplotlib inline", `error: no command %matplotlib, pictures show themselves; have %bash, .*`},
		{"unknown", "%nope", `error: no command %nope; have %bash, .*%who.*`},
		{"commands below each other", "%env GONVERGE_TEST\n%who func\nx + 1", `(?s)display .* a b\ndisplay .* func .*\nresult .* 4`},
		{"reset", "%reset", ``},
		{"gone", "x", `compile error: undefined: x.*`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := runCommand(s, c.cell)
			if ok, err := regexp.MatchString(`\A(`+c.want+`)\z`, got); err != nil || !ok {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
	text, err := os.ReadFile("cells.go")
	if err != nil || !strings.HasPrefix(string(text), "// %% In[1]\nx := 3\n") {
		t.Errorf("saved %q, %v", text, err)
	}
	if left, _ := filepath.Glob(".new-*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestEveryCommandHasHelp(t *testing.T) {
	s := newSession(t)
	for _, line := range strings.Split(runCommand(s, "%help"), "\n") {
		name, isCommand := strings.CutPrefix(strings.TrimPrefix(line, "result [text/plain] "), "%")
		if !isCommand {
			continue
		}
		name, _, _ = strings.Cut(strings.TrimPrefix(name, "%"), " ")
		if got := runCommand(s, "%help "+name); !strings.Contains(got, name) || strings.Contains(got, "error") {
			t.Errorf("%%help %s: %s", name, got)
		}
	}
}

func TestAnInterruptEndsACommandAndItsChildren(t *testing.T) {
	s := newSession(t)
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	r := s.Run(ctx, "!sleep 600 | cat", session.RunOptions{}, &gallery{})
	if r.Err == nil || r.Err.Name != "interrupted" {
		t.Errorf("got %v", r.Err)
	}
}

// The error of a command says where it stands, if it is not alone in its cell.
func TestWhereACommandFails(t *testing.T) {
	s := newSession(t)
	for cell, want := range map[string]string{
		"!true\n\n  !exit 2\n1":  "In[9]:3|   3 | !exit 2|error: exit status 2",
		"// go\n%cd /nowhere\n1": "In[9]:2|   2 | %cd /nowhere|error: %cd: /nowhere: no such file or directory",
		"!exit 2":                "error: exit status 2",
		"!true\nnope":            "In[9]:2:1|   2 | nope|     | ^|undefined: nope",
	} {
		r := s.Run(context.Background(), cell, session.RunOptions{Label: "In[9]"}, &gallery{})
		if r.Err == nil {
			t.Errorf("%q: no error", cell)
			continue
		}
		got := regexp.MustCompile("\x1b\\[\\d+m").ReplaceAllString(strings.Join(r.Err.Traceback, "|"), "")
		if !strings.HasPrefix(got, want) {
			t.Errorf("%q: got %s, want %s", cell, got, want)
		}
	}
}

// What is asked of commands by people who know others.
func TestCommandsAsPeopleTypeThem(t *testing.T) {
	s := newSession(t)
	dir := t.TempDir()
	t.Chdir(dir)
	if got := shown(t, s, &gallery{}, "x := 1", "type P struct{}\nxs := []P{{}, {}}", "%who", "%%writefile 'a b.txt'\nhello", "%cd \""+dir+"\"", "%save all"); got != "result [text/plain] 4 cells in all.go" {
		t.Errorf("got %s", got) // %who is not kept
	}
	if data, err := os.ReadFile("a b.txt"); err != nil || string(data) != "hello\n" {
		t.Errorf("got %q, %v", data, err)
	}
	for cell, want := range map[string]string{
		"x\n%who":                   "stand above the Go lines",
		"%%writefile none/a.txt\nx": "none/a.txt: no such file",
	} {
		if r := s.Run(context.Background(), cell, session.RunOptions{}, &gallery{}); r.Err == nil || !strings.Contains(r.Err.Message, want) {
			t.Errorf("%s: got %v", cell, r.Err)
		}
	}
	if b, ok := s.Inspect("xs", 2, 0); !ok || !strings.HasSuffix(b.Plain(), "2 elements") {
		t.Errorf("got %v", b)
	}
	if r := s.Run(context.Background(), "%doc strings.Builder.Grow", session.RunOptions{}, &gallery{}); r.Page == nil || !strings.Contains(r.Page.Plain(), "Grow(n int)") {
		t.Errorf("got %v", r)
	}
}
