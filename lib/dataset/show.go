package dataset

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html"
	"image"
	"image/draw"
	"image/png"
	"strconv"
	"strings"
)

// String gives name, number and shape: "leaves, training: 12,000 pictures of 32×32×3".
func (s *Set) String() string {
	return fmt.Sprintf("%s: %s pictures of %s", s.name, count(len(s.labels)), shapeText(s.shape))
}

// MIMEBundle shows the set in a notebook: its text, and the first 40 pictures, eight a row.
func (s *Set) MIMEBundle() map[string]any {
	bundle := map[string]any{"text/plain": s.String()}
	first := make([]int, min(len(s.labels), 40))
	for i := range first {
		first[i] = i
	}
	if b := s.sheet(first, 8); b != nil {
		bundle["image/png"] = b
	}
	return bundle
}

// shownClasses is how many classes a text or a table of Data shows.
const shownClasses = 20

// String describes the data in three lines: name and origin, parts, the first twenty classes.
func (d *Data) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s)\n", d.Name, d.Origin)
	fmt.Fprintf(&b, "%s training and %s validation pictures of %s\n", count(length(d.Train)), count(length(d.Validation)), shapeText(d.Shape))
	fmt.Fprintf(&b, "%d classes: %s", d.Classes, strings.Join(d.ClassNames[:min(len(d.ClassNames), shownClasses)], ", "))
	if more := len(d.ClassNames) - shownClasses; more > 0 {
		fmt.Fprintf(&b, " and %s more", count(more))
	}
	return b.String()
}

// MIMEBundle shows the data in a notebook: its text, and as HTML also a column with the
// first four training pictures of each of the first twenty classes (of a set for
// validation alone, its pictures).
func (d *Data) MIMEBundle() map[string]any {
	text := d.String()
	var b strings.Builder
	lines := strings.Split(text, "\n")
	fmt.Fprintf(&b, "<p>%s<br>%s</p>\n<table>\n<tr>", html.EscapeString(lines[0]), html.EscapeString(lines[1]))
	classes, set := d.ClassNames[:min(len(d.ClassNames), shownClasses)], d.Train
	if length(set) == 0 {
		set = d.Validation
	}
	for _, name := range classes {
		fmt.Fprintf(&b, "<th>%s</th>", html.EscapeString(name))
	}
	b.WriteString("</tr>\n<tr>")
	for class, name := range classes {
		b.WriteString("<td>")
		if strip := set.sheet(set.ofClass(class, 4), 1); strip != nil {
			fmt.Fprintf(&b, `<img alt="%s" src="data:image/png;base64,%s">`, html.EscapeString(name), base64.StdEncoding.EncodeToString(strip))
		}
		b.WriteString("</td>")
	}
	b.WriteString("</tr>\n</table>")
	return map[string]any{"text/plain": text, "text/html": b.String()}
}

func length(s *Set) int {
	if s == nil {
		return 0
	}
	return s.Len()
}

// ofClass returns the numbers of the first n pictures with this label, or fewer.
func (s *Set) ofClass(label, n int) []int {
	var found []int
	if s == nil {
		return nil
	}
	for i, l := range s.labels {
		if l == label {
			if found = append(found, i); len(found) == n {
				break
			}
		}
	}
	return found
}

// sheet returns a PNG of the given pictures side by side, columns in a row, or nil if
// there are none or they are too large for a glance.
func (s *Set) sheet(pictures []int, columns int) []byte {
	const gap = 2 // pixels between pictures
	if len(pictures) == 0 || s.shape[0] > 512 || s.shape[1] > 512 {
		return nil
	}
	zoom := max(1, 64/max(s.shape[0], s.shape[1])) // 32×32 is small on a screen
	h, w := s.shape[0]*zoom+gap, s.shape[1]*zoom+gap
	columns = min(columns, len(pictures))
	rows := (len(pictures) + columns - 1) / columns
	sheet := image.NewNRGBA(image.Rect(0, 0, columns*w-gap, rows*h-gap)) // gaps stay transparent
	for i, p := range pictures {
		m := s.Image(p)
		x0, y0 := i%columns*w, i/columns*h
		if zoom == 1 {
			draw.Draw(sheet, m.Bounds().Add(image.Pt(x0, y0)), m, image.Point{}, draw.Src)
			continue
		}
		for y := 0; y < s.shape[0]; y++ {
			for x := 0; x < s.shape[1]; x++ {
				r := image.Rect(x*zoom, y*zoom, (x+1)*zoom, (y+1)*zoom).Add(image.Pt(x0, y0))
				draw.Draw(sheet, r, image.NewUniform(m.At(x, y)), image.Point{}, draw.Src)
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, sheet); err != nil {
		return nil // memory takes all that is written; only an empty picture could fail
	}
	return b.Bytes()
}

// shapeText writes a shape as height×width×channels.
func shapeText(shape [3]int) string { return fmt.Sprintf("%d×%d×%d", shape[0], shape[1], shape[2]) }

// count writes a number with commas between thousands.
func count(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
