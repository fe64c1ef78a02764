package session

import (
	"go/types"

	"gonverge/kernel/display"
	"gonverge/kernel/lower"
	"gonverge/kernel/run"
)

// bundles turns the values of a last expression into what is shown of them.
func (s *Session) bundles(values []any, static []types.Type) []display.Bundle {
	var out []display.Bundle
	for i, v := range values {
		t := types.Type(types.Typ[types.UntypedNil])
		if i < len(static) {
			t = static[i]
		}
		out = append(out, s.bundle(v, t))
	}
	return out
}

// bundle shows one value. A value of a compiled type reaches the display as it is; one of a session type shows its true
// type and field names, and by its own methods if it has them.
func (s *Session) bundle(v any, t types.Type) display.Bundle {
	b, boxed := v.(run.Boxed)
	switch {
	case boxed:
		text := display.Cut(s.machine.Show(v, t))
		if m, ok := b.Method("MIMEBundle"); ok {
			if data, ok := m.(map[string]any); ok {
				return display.Of(bundled(data), text)
			}
		}
		if h, ok := b.Method("HTML"); ok {
			if html, ok := h.(string); ok {
				return display.Of(htmled(html), text)
			}
		}
		if lower.Mentions(b.Type()) {
			return display.Text(text)
		}
		return display.Of(run.Unbox(v), text)
	case v == nil:
		return display.Text("<nil>")
	}
	return display.Of(v, "")
}

// bundled is the result of a session type's MIMEBundle.
type bundled map[string]any

func (b bundled) MIMEBundle() map[string]any { return b }

// htmled is the result of a session type's HTML.
type htmled string

func (h htmled) HTML() string { return string(h) }
