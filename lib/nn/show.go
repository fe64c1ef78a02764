package nn

import "html"

// MIMEBundle returns which net it is as text, and as HTML with the table of its layers.
func (n *Net) MIMEBundle() map[string]any {
	bundle := map[string]any{"text/plain": n.String()}
	if table, ok := n.Arch.MIMEBundle()["text/html"].(string); ok {
		bundle["text/html"] = "<p>" + html.EscapeString(n.String()) + "</p>\n" + table
	}
	return bundle
}
