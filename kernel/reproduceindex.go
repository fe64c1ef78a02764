package main

import (
	"encoding/base64"
	"fmt"
	"html"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"gonverge/kernel/notebook"
)

// reproduced is a notebook that reproduce has run.
type reproduced struct {
	name string
	book *notebook.Notebook
	took time.Duration
}

const indexStyle = `body{font:16px/1.5 Georgia,serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#222}
h1,h2,h3,nav,table,figcaption{font-family:Helvetica,Arial,sans-serif}h2{border-top:1px solid #bbb;padding-top:1.2rem;margin-top:2.5rem}
figure{margin:1.2rem 0}img{max-width:100%;height:auto}pre{font-size:13px;overflow-x:auto;background:#f6f6f6;padding:.6rem}
table{border-collapse:collapse;font-size:13px;margin:1rem 0}td,th{padding:.15rem .7rem .15rem 0;border-bottom:1px solid #ddd;vertical-align:top}
code{font-size:.9em;background:#f3f3f3}nav a{margin-right:.8rem;white-space:nowrap}.quiet{color:#777;font-size:.85rem}.math sub,.math sup{line-height:0}
@media print{body{max-width:none;margin:0;font-size:11pt}nav{display:none}h2{break-before:page;border:0}figure,table{break-inside:avoid}pre{white-space:pre-wrap}a{color:inherit;text-decoration:none}}
`

// writeIndex writes the page index.html: the text, pictures and numbers of the notebooks
// without their code, in one file that needs no other and can be printed.
func writeIndex(out, setting string, done []reproduced) error {
	var b strings.Builder
	b.WriteString("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\n")
	b.WriteString("<title>Convergent learning, reproduced</title>\n<style>" + indexStyle + "</style></head><body>\n<h1>Convergent learning, reproduced</h1>\n")
	fmt.Fprintf(&b, "<p>Every figure and table of Li, Yosinski, Clune, Lipson, Hopcroft, <i>Convergent Learning</i> (ICLR 2016), and what lies beyond, on %s. Each section is a notebook without its code; the notebooks lie beside this page.</p>\n<nav>", html.EscapeString(setting))
	for _, e := range done {
		fmt.Fprintf(&b, "<a href=\"#%s\">%s</a> ", e.name, html.EscapeString(e.name))
	}
	b.WriteString("</nav>\n")
	for _, e := range done {
		indexSection(&b, e)
	}
	b.WriteString("</body></html>\n")
	return notebook.WriteFile(filepath.Join(out, "index.html"), []byte(b.String()))
}

// indexSection writes one notebook.
func indexSection(b *strings.Builder, e reproduced) {
	fmt.Fprintf(b, "<section id=\"%s\">\n", e.name)
	picture := 0
	for _, c := range e.book.Cells {
		if c.Type == "markdown" {
			b.WriteString(markdown(c.Source))
			continue
		}
		for _, out := range c.Outputs {
			text, _ := out.Bundle.Data["text/plain"].(string)
			switch {
			case out.Type == "stream" && out.Name == "stdout":
				fmt.Fprintf(b, "<pre>%s</pre>\n", html.EscapeString(strings.TrimRight(out.Text, "\n")))
			case out.Type != "execute_result" && out.Type != "display_data":
			default:
				if png, ok := out.Bundle.Data["image/png"].([]byte); ok {
					picture++
					fmt.Fprintf(b, "<figure><img alt=\"%s\"%s src=\"data:image/png;base64,%s\"><figcaption class=\"quiet\">%s, picture %d</figcaption></figure>\n",
						html.EscapeString(text), pictureSize(out), base64.StdEncoding.EncodeToString(png), e.name, picture)
				} else if table, ok := out.Bundle.Data["text/html"].(string); ok {
					b.WriteString(table + "\n")
				} else {
					fmt.Fprintf(b, "<pre>%s</pre>\n", html.EscapeString(text))
				}
			}
		}
	}
	fmt.Fprintf(b, "<p class=\"quiet\">%s.ipynb, run in %s.</p>\n</section>\n", e.name, e.took.Round(100*time.Millisecond))
}

// pictureSize returns the width that a picture wants, as an attribute.
func pictureSize(out *notebook.Output) string {
	if m, ok := out.Bundle.Metadata["image/png"].(map[string]any); ok {
		if w, ok := m["width"]; ok {
			return fmt.Sprintf(" width=\"%v\"", w)
		}
	}
	return ""
}

var (
	mdCode   = regexp.MustCompile("`([^`]+)`")
	mdMath   = regexp.MustCompile(`\$([^$]+)\$`)
	mdBold   = regexp.MustCompile(`\*\*([^*]+)\*\*`)
	mdItalic = regexp.MustCompile(`\*([^*]+)\*`)
)

// markdown turns what the notebooks use of it into HTML: headings, paragraphs, bold,
// italic, code, and formulas (tex.go).
func markdown(source string) string {
	var b strings.Builder
	for _, block := range strings.Split(source, "\n\n") {
		block = strings.TrimSpace(block)
		if block == "" {
			continue
		}
		level := len(block) - len(strings.TrimLeft(block, "#"))
		if level > 0 && strings.HasPrefix(block[level:], " ") {
			title, rest, _ := strings.Cut(block[level:], "\n")
			fmt.Fprintf(&b, "<h%d>%s</h%d>\n", level+1, inline(strings.TrimSpace(title)), level+1)
			if block = strings.TrimSpace(rest); block == "" {
				continue
			}
		}
		fmt.Fprintf(&b, "<p>%s</p>\n", strings.ReplaceAll(inline(block), "\n", "<br>\n"))
	}
	return b.String()
}

// inline turns the marks within a paragraph into HTML. Code and formulas are put aside
// first, since stars and underscores mean nothing in them.
func inline(text string) string {
	var kept []string
	keep := func(s string) string {
		kept = append(kept, s)
		return fmt.Sprintf("\x00%d\x00", len(kept)-1)
	}
	text = mdCode.ReplaceAllStringFunc(text, func(s string) string { return keep("<code>" + html.EscapeString(s[1:len(s)-1]) + "</code>") })
	text = mdMath.ReplaceAllStringFunc(text, func(s string) string { return keep("<span class=\"math\">" + texHTML(s[1:len(s)-1]) + "</span>") })
	text = html.EscapeString(text)
	text = mdBold.ReplaceAllString(text, "<b>$1</b>")
	text = mdItalic.ReplaceAllString(text, "<i>$1</i>")
	for i, s := range kept {
		text = strings.Replace(text, fmt.Sprintf("\x00%d\x00", i), s, 1)
	}
	return text
}
