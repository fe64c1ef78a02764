package cell

import (
	"go/scanner"
	"go/token"
	"strings"
	"unicode"
)

// Status judges a cell that is being typed: "complete", "incomplete" with the indent of its next line, or "invalid".
func Status(src string) (status, indent string) {
	if name, rest, ok := Command(src); ok {
		switch name {
		case "time", "timeit", "profile": // they take code
			return Status(rest)
		case "bash", "writefile", "?": // they take all
			return "complete", ""
		}
		line, below := Line(name, rest)
		switch {
		case name == "!" && strings.HasSuffix(line, `\`):
			return "incomplete", ""
		case strings.TrimSpace(below) == "":
			return "complete", ""
		}
		return Status(below)
	}
	depth, open := brackets(src)
	if depth < 0 {
		return "invalid", ""
	}
	if open || depth > 0 {
		return "incomplete", indentOf(src, depth)
	}
	p := &parse{files: NewFiles(), name: "draft"}
	p.cell(src)
	if len(p.errs) == 0 {
		return "complete", ""
	}
	// A text that only lacks more text, such as `x :=` or `a +`, fails at its very end.
	lines := strings.Split(strings.TrimRight(src, " \t\n"), "\n")
	if e := p.errs.Sort()[0]; strings.Contains(e.Message, "found end of cell") || e.Line > len(lines) || strings.Contains(e.Message, "found newline") && e.Line == len(lines) {
		return "incomplete", indentOf(src, 0)
	}
	return "invalid", ""
}

// brackets counts open brackets; open tells that a raw string or comment is not closed.
func brackets(src string) (depth int, open bool) {
	file := token.NewFileSet().AddFile("", -1, len(src))
	var sc scanner.Scanner
	sc.Init(file, []byte(src), func(_ token.Position, msg string) {
		if strings.Contains(msg, "raw string literal not terminated") || strings.Contains(msg, "comment not terminated") {
			open = true
		}
	}, 0)
	for {
		_, t, _ := sc.Scan()
		switch t {
		case token.EOF:
			return depth, open
		case token.LPAREN, token.LBRACE, token.LBRACK:
			depth++
		case token.RPAREN, token.RBRACE, token.RBRACK:
			if depth--; depth < 0 {
				return depth, open
			}
		}
	}
}

// indentOf is the indent of the line that follows: one tab more after an opening bracket.
func indentOf(src string, depth int) string {
	line := src[strings.LastIndexByte(strings.TrimRight(src, "\n"), '\n')+1:]
	lead := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
	line = strings.TrimSpace(line)
	if depth > 0 && line != "" && strings.ContainsRune("({[:", rune(line[len(line)-1])) {
		return lead + "\t"
	}
	return strings.TrimRight(lead, "\n")
}

// Command recognises a cell that is no Go: it starts with a %-command (`%name` or `%%name`), with `!` or `$` (a command
// for the shell, whose name is "!") or asks about a name (`fmt.Println?`, `?fmt`, whose name is "?"). It returns the name
// without the sign, and the rest of the cell. Lines that are empty or a comment may stand before it.
func Command(src string) (name, rest string, ok bool) {
	t := strings.TrimLeft(src, " \t\r\n")
	for strings.HasPrefix(t, "//") {
		_, t, _ = strings.Cut(t, "\n")
		t = strings.TrimLeft(t, " \t\r\n")
	}
	if asked, ok := question(t); ok {
		return "?", asked, true
	}
	switch {
	case strings.HasPrefix(t, "!"), strings.HasPrefix(t, "$"):
		return "!", t[1:], true
	case !strings.HasPrefix(t, "%"):
		return "", "", false
	}
	t = strings.TrimPrefix(t[1:], "%")
	i := strings.IndexFunc(t, func(r rune) bool { return r == ' ' || r == '\t' || r == '\n' || r == '\r' })
	if i < 0 {
		i = len(t)
	}
	return t[:i], t[i:], i > 0
}

// Line cuts the rest of a command at the end of its line; that of a shell command goes on after a backslash.
func Line(name, rest string) (line, below string) {
	for at := 0; ; {
		i := strings.IndexByte(rest[at:], '\n')
		if i < 0 {
			return rest, ""
		}
		at += i
		if line = rest[:at]; name != "!" || !strings.HasSuffix(strings.TrimSuffix(line, "\r"), `\`) {
			return line, rest[at+1:]
		}
		at++
	}
}

// question returns the name that a cell asks about: one name with question marks before or behind it, and nothing else.
func question(t string) (name string, ok bool) {
	t = strings.TrimSpace(t)
	name = strings.TrimRight(strings.TrimLeft(t, "?"), "?")
	if name == t || name == "" {
		return "", false
	}
	name = strings.TrimSpace(name)
	for _, r := range name {
		if r != '.' && r != '_' && r != '%' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return "", false
		}
	}
	return name, name != ""
}
