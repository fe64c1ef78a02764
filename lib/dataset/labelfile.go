package dataset

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// labelled is a line of a file of labels.
type labelled struct {
	line int
	name string // of the picture; "" in a file of numbers alone
	text string // of the label
}

// listed lists the pictures by the file Labels.
func (c FolderConfig) listed() (*listing, error) {
	lines, err := readLabelFile(c.Labels)
	if err != nil {
		return nil, err
	}
	l := &listing{origin: "pictures in a folder, labels of " + filepath.Base(c.Labels)}
	if lines[0].name == "" {
		l.files, err = c.inOrder(lines)
	} else {
		l.files, err = c.named(lines)
	}
	if err != nil {
		return nil, err
	}
	l.labels, l.classes, err = c.numbers(lines)
	return l, err
}

// readLabelFile returns the lines that are not empty, at least one, either all with a name
// or all without.
func readLabelFile(file string) ([]labelled, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	var lines []labelled
	s := bufio.NewScanner(bytes.NewReader(b))
	for n := 1; s.Scan(); n++ {
		text := strings.TrimSpace(s.Text())
		if text == "" {
			continue
		}
		line := labelled{line: n, text: text}
		if i := strings.LastIndexAny(text, " \t"); i >= 0 {
			line.name, line.text = strings.TrimSpace(text[:i]), text[i+1:]
		}
		if len(lines) > 0 && (lines[0].name == "") != (line.name == "") {
			return nil, fmt.Errorf("dataset: %s: line %d is %q, but line %d %q: expected a number on every line, or a name and a label on every line",
				file, n, text, lines[0].line, strings.TrimSpace(lines[0].name+" "+lines[0].text))
		}
		lines = append(lines, line)
	}
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("dataset: %s: after line %d: %w", file, len(lines), err)
	}
	if lines == nil {
		return nil, fmt.Errorf("dataset: %s: no labels (%d bytes), expected one a line", file, len(b))
	}
	return lines, nil
}

// inOrder returns the pictures of Dir, of which there must be as many as lines.
func (c FolderConfig) inOrder(lines []labelled) ([]string, error) {
	names, err := namesIn(c.Dir)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, name := range names {
		if isPicture(name) {
			files = append(files, filepath.Join(c.Dir, name))
		}
	}
	if len(files) != len(lines) {
		return nil, fmt.Errorf("dataset: %s: %s labels, expected %s, the number of pictures in %s", c.Labels, count(len(lines)), count(len(files)), c.Dir)
	}
	return files, nil
}

// named returns the pictures that the lines name.
func (c FolderConfig) named(lines []labelled) ([]string, error) {
	var (
		files []string
		seen  = map[string]int{}
	)
	for _, l := range lines {
		if !filepath.IsLocal(filepath.FromSlash(l.name)) {
			return nil, fmt.Errorf("dataset: %s: line %d: %q is not below %s", c.Labels, l.line, l.name, c.Dir)
		}
		if first, twice := seen[l.name]; twice {
			return nil, fmt.Errorf("dataset: %s: line %d: %s again, first in line %d", c.Labels, l.line, l.name, first)
		}
		seen[l.name] = l.line
		path := filepath.Join(c.Dir, filepath.FromSlash(l.name))
		if !isFile(path) {
			return nil, fmt.Errorf("dataset: %s: line %d: no picture %s", c.Labels, l.line, path)
		}
		files = append(files, path)
	}
	return files, nil
}

// numbers returns the labels of the lines and the names of the classes.
func (c FolderConfig) numbers(lines []labelled) ([]int, []string, error) {
	texts := slices.ContainsFunc(lines, func(l labelled) bool { _, err := strconv.Atoi(l.text); return err != nil })
	if texts && lines[0].name != "" {
		return c.classes(lines)
	}
	from, most := 0, largestLabel // of the numbers in the file
	if len(c.ClassNames) > 0 {
		most = len(c.ClassNames) - 1
	}
	if lines[0].name == "" {
		from, most = 1, most+1 // ILSVRC counts from 1
	}
	labels, classes := make([]int, len(lines)), 0
	for i, l := range lines {
		v, err := strconv.Atoi(l.text)
		if err != nil || v < from || v > most {
			return nil, nil, fmt.Errorf("dataset: %s: line %d (picture %d): label %q, expected %d to %d", c.Labels, l.line, i, l.text, from, most)
		}
		labels[i] = v - from
		classes = max(classes, v-from+1)
	}
	if len(c.ClassNames) > 0 {
		return labels, slices.Clone(c.ClassNames), nil
	}
	names := make([]string, classes)
	for i := range names {
		names[i] = strconv.Itoa(i + from)
	}
	return labels, names, nil
}

// classes returns the labels of lines that name the class.
func (c FolderConfig) classes(lines []labelled) ([]int, []string, error) {
	names := slices.Clone(c.ClassNames)
	if len(names) == 0 {
		for _, l := range lines {
			names = append(names, l.text)
		}
		sort.Slice(names, func(i, j int) bool { return before(names[i], names[j]) })
		names = slices.Compact(names)
	}
	number := map[string]int{}
	for i, name := range names {
		number[name] = i
	}
	labels := make([]int, len(lines))
	for i, l := range lines {
		label, ok := number[l.text]
		if !ok {
			return nil, nil, fmt.Errorf("dataset: %s: line %d (picture %d): class %q is none of the %d ClassNames", c.Labels, l.line, i, l.text, len(names))
		}
		labels[i] = label
	}
	return labels, names, nil
}
