package server

import (
	"strings"
	"unicode/utf8"
)

// globMatch matches a whole text against a pattern as SQLite's GLOB does, and so ipykernel's history: * is any text,
// ? any character, [abc], [a-z] and [^a-z] one of, or none of, a set; nothing is an escape. An empty pattern matches all.
func globMatch(pattern, text string) bool {
	if pattern == "" {
		return true
	}
	// One * is tried at a time: if the rest fails behind the last one, no earlier one can help.
	star, retry := "", "" // the pattern behind the last *, and the text at which it is tried next
	starred := false
	for {
		if after, ok := strings.CutPrefix(pattern, "*"); ok {
			star, retry, starred, pattern = after, text, true, after
			continue
		}
		if pattern == "" && text == "" {
			return true
		}
		if rest, textRest, ok := globOne(pattern, text); ok {
			pattern, text = rest, textRest
			continue
		}
		if !starred || retry == "" {
			return false
		}
		_, n := utf8.DecodeRuneInString(retry)
		retry = retry[n:]
		pattern, text = star, retry
	}
}

// globOne matches one character of the text against the first element of the pattern, and returns the rests.
func globOne(pattern, text string) (patternRest, textRest string, ok bool) {
	if pattern == "" || text == "" {
		return "", "", false
	}
	r, n := utf8.DecodeRuneInString(text)
	p, m := utf8.DecodeRuneInString(pattern)
	switch p {
	case '?':
		return pattern[m:], text[n:], true
	case '[':
		rest, in, closed := globSet(pattern[m:], r)
		return rest, text[n:], in && closed
	}
	return pattern[m:], text[n:], p == r && pattern[:m] == text[:n]
}

// globSet looks for r in the set whose opening bracket was read; rest is the pattern behind its end. A closing bracket
// that comes first belongs to the set.
func globSet(pattern string, r rune) (rest string, in, closed bool) {
	pattern, not := strings.CutPrefix(pattern, "^")
	found := false
	for first := true; ; first = false {
		if pattern == "" {
			return "", false, false
		}
		low, n := utf8.DecodeRuneInString(pattern)
		pattern = pattern[n:]
		if low == ']' && !first {
			return pattern, found != not, true
		}
		high := low
		if strings.HasPrefix(pattern, "-") && len(pattern) > 1 && pattern[1] != ']' {
			high, n = utf8.DecodeRuneInString(pattern[1:])
			pattern = pattern[1+n:]
		}
		found = found || low <= r && r <= high
	}
}
