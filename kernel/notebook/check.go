package notebook

import (
	"fmt"
	"regexp"
	"strings"
)

// notNumber finds what a result must not show: NaN or an infinity as a word of its own.
var notNumber = regexp.MustCompile(`(^|[^\p{L}\p{N}_])([+-]?Inf|NaN|nan)($|[^\p{L}\p{N}_])`)

// Check says what is wrong with an executed notebook, each with its cell counted from 1:
// an output that is an error, a code cell that did not run, a figure without its picture, a value
// that is no number, and a notebook without any picture. It is for notebooks that are
// meant to show results; nothing is wrong with nil.
func Check(nb *Notebook) []string {
	var wrong []string
	say := func(cell int, format string, args ...any) {
		wrong = append(wrong, fmt.Sprintf("cell %d: ", cell+1)+fmt.Sprintf(format, args...))
	}
	pictures := 0
	for i, c := range nb.Cells {
		if c.Type != "code" || strings.TrimSpace(c.Source) == "" {
			continue
		}
		if c.Count == 0 {
			say(i, "did not run")
		}
		for _, out := range c.Outputs {
			switch out.Type {
			case "error":
				say(i, "error: %s: %s", out.ErrorName, out.ErrorValue)
				continue
			case "stream":
				if m := notNumber.FindStringSubmatch(out.Text); m != nil {
					say(i, "prints %s", m[2])
				}
				continue
			}
			png, isPicture := out.Bundle.Data["image/png"].([]byte)
			if isPicture && len(png) > 0 {
				pictures++
			}
			text, _ := out.Bundle.Data["text/plain"].(string)
			if strings.HasPrefix(text, "figure:") && len(png) == 0 {
				say(i, "a figure without a picture: %s", text)
			}
			if strings.HasPrefix(text, "figure:") && strings.Contains(text, "not finite") {
				say(i, "draws values that are no numbers: %s", text)
			}
			if m := notNumber.FindStringSubmatch(text); m != nil {
				say(i, "shows %s", m[2])
			}
		}
	}
	if pictures == 0 {
		wrong = append(wrong, "no picture in the whole notebook")
	}
	return wrong
}
