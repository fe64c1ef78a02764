package session

import (
	"strings"

	"gonverge/kernel/assist"
	"gonverge/kernel/cell"
	"gonverge/kernel/display"
)

// Complete lists what can stand at the cursor, a byte offset.
func (s *Session) Complete(source string, cursor int) (c Completion) {
	defer func() {
		if recover() != nil { // half a cell may surprise the checker; no completion is no harm
			c = Completion{Start: cursor, End: cursor}
		}
	}()
	cursor = max(0, min(cursor, len(source)))
	source = past(source, cursor)
	name, rest, isCommand := cell.Command(source)
	if strings.Trim(source, " %") == "" && strings.Contains(source, "%") || isCommand && rest == "" && name != "?" && name != "!" {
		c = Completion{Start: cursor - len(name), End: cursor}
		for _, k := range commands() {
			if strings.HasPrefix(k.name, name) {
				c.Items = append(c.Items, CompletionItem{Text: k.name, Kind: "keyword", Type: k.help})
			}
		}
		return c
	}
	if isCommand && name != "?" {
		k, _ := lookup(name)
		at := len(source) - len(rest)
		first, _, _ := strings.Cut(rest, "\n")
		switch {
		case name == "!" || k.takes == whole || name == "cd" || name == "load" || name == "save":
			if cursor < at || cursor > at+len(first) && name != "!" {
				return Completion{Start: cursor, End: cursor}
			}
			word := source[at:cursor]
			word = word[strings.LastIndexAny(word, " \t\n\"'=")+1:]
			return completePath(word, cursor)
		case k.takes == line && k.name != "doc" && cursor <= at+len(first):
			return Completion{Start: cursor, End: cursor}
		}
		source, cursor = blankCommand(source, cursor, rest)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if t, ok := assist.TextAt(s.program, source, cursor); ok {
		if importing(source, t.Start) {
			return s.completePackage(t)
		}
		return s.completeText(t)
	}
	list := assist.Complete(s.program, source, cursor)
	c = Completion{Start: list.Start, End: list.End}
	for _, i := range list.Items {
		c.Items = append(c.Items, CompletionItem(i))
	}
	return c
}

// blankCommand replaces a command in front of code by spaces.
func blankCommand(source string, cursor int, rest string) (string, int) {
	n := len(source) - len(rest)
	return strings.Repeat(" ", n) + rest, cursor
}

// Inspect describes what stands at the cursor, a byte offset.
func (s *Session) Inspect(source string, cursor, detail int) (b display.Bundle, ok bool) {
	defer func() {
		if recover() != nil {
			b, ok = display.Bundle{}, false
		}
	}()
	source = past(source, cursor)
	s.mu.Lock()
	defer s.mu.Unlock()
	text, ok := assist.Inspect(s.program, source, cursor, detail, s.o.Tables.Docs)
	if !ok {
		return display.Bundle{}, false
	}
	if p := s.previewOf(source, cursor); p != "" {
		text += "\n\n" + p
	}
	return display.Text(text), true
}

// IsComplete tells whether the source is a whole cell: "complete", "incomplete" with the indent of the next line, or "invalid".
func (s *Session) IsComplete(source string) (status, indent string) { return cell.Status(source) }
