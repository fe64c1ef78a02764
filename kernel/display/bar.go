package display

import (
	"fmt"
	"html"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Bar is the state of one progress bar.
type Bar struct {
	ID          uint64 // the same for all states of one bar
	Label       string // what is being done, such as "net 2 of 4"
	Done, Total int    // steps; Total 0: not known
	Note        string // the latest news, such as "loss 0.52"
	Finished    bool   // no more states will come
}

// DisplayID is the id under which the states of the bar replace each other.
func (b Bar) DisplayID() string { return BarPrefix + strconv.FormatUint(b.ID, 10) }

// BarPrefix begins the display id of every progress bar, and of nothing else.
const BarPrefix = "bar-"

// barCells is the length of a bar in text, in characters.
const barCells = 24

// share returns the part that is done, in [0, 1]; false if it is not known.
func (b Bar) share() (float64, bool) {
	if b.Total <= 0 {
		return 0, false
	}
	return max(0, min(1, float64(b.Done)/float64(b.Total))), true
}

// state returns the count or percentage of the bar.
func (b Bar) state() string {
	s, known := b.share()
	switch {
	case known:
		return fmt.Sprintf("%3.0f %%", 100*s)
	case b.Finished:
		return "done"
	case b.Done > 0:
		return strconv.Itoa(b.Done)
	}
	return "..."
}

// Text returns the bar as one line of text, without a line end:
//
//	net 2 of 4 ━━━━━━━━━━━━────────────  50 %  loss 0.52
func (b Bar) Text() string {
	parts := []string{b.Label}
	if s, known := b.share(); known {
		full := int(s * barCells)
		parts = append(parts, strings.Repeat("━", full)+strings.Repeat("─", barCells-full))
	}
	parts = append(parts, b.state())
	line := strings.TrimLeft(strings.Join(parts, " "), " ")
	if b.Note != "" {
		line += "  " + b.Note
	}
	return line
}

// HTML returns the bar as a <progress> element with its label and note.
func (b Bar) HTML() string {
	var s strings.Builder
	s.WriteString(`<div style="display:flex;align-items:center;gap:0.7em;font-variant-numeric:tabular-nums">`)
	if b.Label != "" {
		// Labels of equal width keep bars below each other aligned.
		fmt.Fprintf(&s, `<span style="min-width:%dch">%s</span>`, max(12, utf8.RuneCountInString(b.Label)), html.EscapeString(b.Label))
	}
	switch _, known := b.share(); {
	case known:
		fmt.Fprintf(&s, `<progress value="%d" max="%d" style="width:16em"></progress>`, max(0, min(b.Done, b.Total)), b.Total)
	case b.Finished:
		s.WriteString(`<progress value="1" max="1" style="width:16em"></progress>`)
	default:
		s.WriteString(`<progress style="width:16em"></progress>`) // without a value it moves to and fro
	}
	fmt.Fprintf(&s, `<span>%s</span>`, html.EscapeString(strings.TrimSpace(b.state())))
	if b.Note != "" {
		fmt.Fprintf(&s, `<span style="opacity:0.75">%s</span>`, html.EscapeString(b.Note))
	}
	s.WriteString(`</div>`)
	return s.String()
}

// Summary returns one line of what was done, for a bar that has had its time.
func (b Bar) Summary() Bundle {
	line := "done"
	if b.Total > 0 {
		line = strconv.Itoa(b.Total) + " done"
	}
	if b.Label != "" {
		line = b.Label + ": " + line
	}
	if b.Note != "" {
		line += ", " + b.Note
	}
	return Bundle{Data: map[string]any{"text/plain": line, "text/html": `<div style="opacity:0.75">` + html.EscapeString(line) + `</div>`}}
}

// Bundle returns the bar as text and HTML.
func (b Bar) Bundle() Bundle {
	return Bundle{Data: map[string]any{"text/plain": b.Text(), "text/html": b.HTML()}}
}
