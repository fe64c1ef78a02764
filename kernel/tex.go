package main

import (
	"html"
	"strings"
	"unicode"
	"unicode/utf8"
)

// texSymbols are the commands that stand for one or a few characters; names of operators are upright.
var texSymbols = map[string]string{
	"alpha": "α", "lambda": "λ", "mu": "μ", "sigma": "σ", "tau": "τ", "pi": "π", "rho": "ρ",
	"sum": "∑", "in": " ∈ ", "le": " ≤ ", "ge": " ≥ ", "cdot": "·", "times": "×", "top": "⊤", "infty": "∞",
	"min": "min", "max": "max", "arg": "arg ", "ln": "ln ", "log": "log ",
	"|": "‖", ",": "\u2009", " ": " ", "{": "{", "}": "}",
	"big": "", "bigl": "", "bigr": "", "left": "", "right": "",
}

// texHTML writes a formula of the notebooks as HTML: letters in italics, sub- and superscripts, fractions on one line.
// It knows the commands that the notebooks use; another one stays as its name.
func texHTML(source string) string {
	t := tex{rest: strings.NewReplacer(`\begin{pmatrix}`, "(", `\end{pmatrix}`, ")", `\\`, "; ", "&", " ").Replace(source)}
	var b strings.Builder
	for t.rest != "" {
		b.WriteString(t.atom())
	}
	return b.String()
}

// tex is what is left to read of a formula.
type tex struct{ rest string }

// group reads what a command or a script takes: a group in braces, or one atom.
func (t *tex) group() string {
	t.rest = strings.TrimLeft(t.rest, " ")
	if !strings.HasPrefix(t.rest, "{") {
		return t.atom()
	}
	t.rest = t.rest[1:]
	var b strings.Builder
	for t.rest != "" {
		if t.rest[0] == '}' {
			t.rest = t.rest[1:]
			break
		}
		b.WriteString(t.atom())
	}
	return b.String()
}

// atom reads one character, command or script.
func (t *tex) atom() string {
	if t.rest == "" {
		return ""
	}
	r, size := utf8.DecodeRuneInString(t.rest)
	switch {
	case r == '{':
		return t.group()
	case r == '\\':
		return t.command()
	case r == '_' || r == '^':
		t.rest = t.rest[size:]
		tag := map[rune]string{'_': "sub", '^': "sup"}[r]
		return "<" + tag + ">" + t.group() + "</" + tag + ">"
	}
	t.rest = t.rest[size:]
	switch {
	case r == '-':
		return "−"
	case r == '\'':
		return "′"
	case unicode.IsLetter(r):
		return "<i>" + string(r) + "</i>"
	}
	return html.EscapeString(string(r))
}

// command reads a backslash and what follows it.
func (t *tex) command() string {
	rest := t.rest[1:]
	n := 0
	for n < len(rest) && (rest[n] >= 'a' && rest[n] <= 'z' || rest[n] >= 'A' && rest[n] <= 'Z') {
		n++
	}
	if n == 0 {
		_, n = utf8.DecodeRuneInString(rest)
	}
	name := rest[:n]
	t.rest = rest[n:]
	if name != "" && unicode.IsLetter(rune(name[0])) {
		t.rest = strings.TrimLeft(t.rest, " ") // ends the name, no more
	}
	switch name {
	case "frac":
		over := t.group()
		return "<sup>" + over + "</sup>⁄<sub>" + t.group() + "</sub>"
	case "hat":
		return strings.Replace(t.group(), "</i>", "\u0302</i>", 1)
	case "mathbb":
		return map[string]string{"<i>E</i>": "𝔼", "<i>R</i>": "ℝ"}[t.group()]
	}
	if s, ok := texSymbols[name]; ok {
		if r, _ := utf8.DecodeRuneInString(s); unicode.Is(unicode.Greek, r) {
			return "<i>" + s + "</i>"
		}
		return s
	}
	return html.EscapeString(name)
}
