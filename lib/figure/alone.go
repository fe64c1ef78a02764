package figure

// A panel alone shows itself as a figure of one panel.

// MIMEBundle returns the panel as a figure of its own.
func (cv Curves) MIMEBundle() map[string]any { return Row(cv).MIMEBundle() }

// MIMEBundle returns the panel as a figure of its own.
func (d Dendrogram) MIMEBundle() map[string]any { return Row(d).MIMEBundle() }

// MIMEBundle returns the panel as a figure of its own.
func (h Heatmap) MIMEBundle() map[string]any { return Row(h).MIMEBundle() }

// MIMEBundle returns the panel as a figure of its own.
func (h Histogram) MIMEBundle() map[string]any { return Row(h).MIMEBundle() }

// MIMEBundle returns the panel as a figure of its own.
func (s Pictures) MIMEBundle() map[string]any { return Row(s).MIMEBundle() }

// MIMEBundle returns the panel as a figure of its own.
func (s PictureTable) MIMEBundle() map[string]any { return Row(s).MIMEBundle() }

// MIMEBundle returns the panel as a figure of its own.
func (s Scatter) MIMEBundle() map[string]any { return Row(s).MIMEBundle() }

// MIMEBundle returns the panel as a figure of its own.
func (s Scheme) MIMEBundle() map[string]any { return Row(s).MIMEBundle() }
