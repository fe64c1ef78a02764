package notebook_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"gonverge/kernel/notebook"
	"gonverge/kernel/session"
)

var _ notebook.Runner = (*session.Session)(nil)

// outputs writes the outputs of a cell in one line each.
func outputs(c *notebook.Cell) string {
	var all []string
	for _, o := range c.Outputs {
		switch o.Type {
		case "stream":
			all = append(all, fmt.Sprintf("%s %q", o.Name, o.Text))
		case "error":
			all = append(all, fmt.Sprintf("error %s: %s", o.ErrorName, o.ErrorValue))
		case "execute_result":
			all = append(all, fmt.Sprintf("result[%d] %q", o.Count, o.Bundle.Plain()))
		default:
			all = append(all, fmt.Sprintf("%s %q", o.Type, o.Bundle.Plain()))
		}
	}
	return strings.Join(all, "; ")
}

func book(cells ...string) *notebook.Notebook {
	nb := notebook.New()
	for _, c := range cells {
		nb.Add("code", c)
	}
	return nb
}

func TestRunStoresOutputsAsAFrontEndDoes(t *testing.T) {
	for _, c := range []struct{ name, source, want string }{
		{"chunks of a stream are one output", `print a\n` + "\nprint b\nprint c", `stdout "a\nbc"`},
		{"streams alternate", "print a\nwarn b\nprint c", `stdout "a"; stderr "b"; stdout "c"`},
		{"a display parts a stream", "print a\nshow - x\nprint b", `stdout "a"; display_data "x"; stdout "b"`},
		{"an update changes the earlier output", "show i 1\nprint a\nupdate i 2", `display_data "2"; stdout "a"`},
		{"an update of an unknown id shows nothing", "update j 2\nprint a", `stdout "a"`},
		{"a result comes last with its number", "show - x\nvalue 3", `display_data "x"; result[1] "3"`},
		{"several values are one result", "value 3\nvalue nil", `result[1] "3\nnil"`},
		{"an error comes after what was shown", "print a\nfail no luck\nprint b", `stdout "a"; error error: no luck`},
		{"clear removes", "print a\nclear\nprint b", `stdout "b"`},
		{"clear can wait for the next output", "print a\nclear wait\nprint b", `stdout "b"`},
		{"clear that waits in vain", "print a\nclear wait", `stdout "a"`},
		{"the result is an output, too", "print a\nclear wait\nvalue 1", `result[1] "1"`},
		{"bars are not kept", "bar 1 0%\nprint a\nupdate bar-1 100%\nprint b", `stdout "ab"`},
		{"a line overwritten in place", `print 10 %\r` + "\n" + `print 9\nend\r\n`, `stdout "90 %\nend\n"`},
		{"nobody answers", "input", `stdout "a notebook that runs without a front end has no input"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			nb := book(c.source)
			err := notebook.Run(context.Background(), nb, &script{}, notebook.RunOptions{AllowErrors: true})
			if (err != nil) != strings.Contains(c.want, "error ") {
				t.Errorf("Run = %v", err)
			}
			if got := outputs(nb.Cells[0]); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestUpdatesReachEarlierCells(t *testing.T) {
	nb := book("show i 1", "update i 2\nshow i 3")
	if err := notebook.Run(context.Background(), nb, &script{}, notebook.RunOptions{}); err != nil {
		t.Fatal(err)
	}
	if got := outputs(nb.Cells[0]); got != `display_data "2"` {
		t.Errorf("first cell: %s", got)
	}
}

func TestRunStopsAtTheFirstError(t *testing.T) {
	nb := book("value 1", "", "fail broken", "value 2")
	nb.Cells[3].Outputs = []*notebook.Output{{Type: "stream", Name: "stdout", Text: "old"}}
	err := notebook.Run(context.Background(), nb, &script{}, notebook.RunOptions{})
	var stopped *notebook.CellError
	if !errors.As(err, &stopped) || stopped.Index != 2 || err.Error() != "cell 3: error: broken" {
		t.Fatalf("err = %v", err)
	}
	var inner *session.Error
	if !errors.As(err, &inner) || inner.Line != 1 {
		t.Errorf("the session's error is lost: %v", err)
	}
	for i, want := range []int{1, 0, 2, 0} {
		if got := nb.Cells[i].Count; got != want {
			t.Errorf("cell %d has count %d, want %d", i, got, want)
		}
	}
	if len(nb.Cells[3].Outputs) != 0 {
		t.Error("a cell that did not run kept its old output")
	}
}

func TestAllowErrorsRunsTheRest(t *testing.T) {
	nb := book("fail a", "value 2", "fail b")
	err := notebook.Run(context.Background(), nb, &script{}, notebook.RunOptions{AllowErrors: true})
	if err == nil || err.Error() != "cell 1: error: a\ncell 3: error: b" {
		t.Errorf("err = %v", err)
	}
	if got := outputs(nb.Cells[1]); got != `result[2] "2"` {
		t.Errorf("second cell: %s", got)
	}
}

func TestTimeoutStopsACell(t *testing.T) {
	nb := book("wait")
	err := notebook.Run(context.Background(), nb, &script{}, notebook.RunOptions{Timeout: 10 * time.Millisecond})
	if err == nil || !strings.Contains(err.Error(), "cell 1: timeout: stopped after 10ms") {
		t.Errorf("err = %v", err)
	}
	if got := outputs(nb.Cells[0]); !strings.HasPrefix(got, "error timeout") {
		t.Errorf("outputs: %s", got)
	}
}

func TestCancelledRunReturnsTheContextsError(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(10*time.Millisecond, cancel)
	if err := notebook.Run(ctx, book("wait", "value 1"), &script{}, notebook.RunOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v", err)
	}
}

type log struct{ lines []string }

func (l *log) Start(i int, c *notebook.Cell) {
	l.lines = append(l.lines, fmt.Sprintf("start %d %s", i, c.Source))
}
func (l *log) Stream(_ *notebook.Cell, name, text string) {
	l.lines = append(l.lines, name+" "+text)
}
func (l *log) End(i int, _ *notebook.Cell, err *session.Error, _ time.Duration) {
	l.lines = append(l.lines, fmt.Sprintf("end %d %v", i, err != nil))
}

func TestObserverSeesCellsAndStreams(t *testing.T) {
	var l log
	notebook.Run(context.Background(), book("print a", "fail b"), &script{}, notebook.RunOptions{Observer: &l})
	if got, want := strings.Join(l.lines, "; "), "start 0 print a; stdout a; end 0 false; start 1 fail b; end 1 true"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestPicturesAreNumberedInOrder(t *testing.T) {
	nb := book("picture a", "print x\npicture b")
	if err := notebook.Run(context.Background(), nb, &script{}, notebook.RunOptions{}); err != nil {
		t.Fatal(err)
	}
	for range 2 { // as made, and as read from a file
		var got []string
		for _, p := range notebook.Pictures(nb, "figure-1") {
			got = append(got, fmt.Sprintf("%s %d %q", p.Name, p.Cell, p.Data))
		}
		want := `figure-1.png 0 "PNGa"; figure-1.svg 0 "<svg>\na</svg>\n"; figure-1-2.png 1 "PNGb"; figure-1-2.svg 1 "<svg>\nb</svg>\n"`
		if g := strings.Join(got, "; "); g != want {
			t.Fatalf("got  %s\nwant %s", g, want)
		}
		data, err := nb.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if nb, err = notebook.Parse(data); err != nil {
			t.Fatal(err)
		}
	}
}

func ExampleRun() {
	nb := notebook.New()
	nb.Add("markdown", "# A sum")
	cell := nb.Add("code", "value 1 + 1")
	if err := notebook.Run(context.Background(), nb, &script{}, notebook.RunOptions{}); err != nil {
		fmt.Println(err)
	}
	fmt.Println(cell.Count, cell.Outputs[0].Type, cell.Outputs[0].Bundle.Plain())
	// Output: 1 execute_result 1 + 1
}
