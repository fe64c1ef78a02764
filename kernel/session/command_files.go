package session

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gonverge/kernel/cell"
)

// home replaces a leading ~ by the home directory.
func home(path string) (string, error) {
	if path != "~" && !strings.HasPrefix(path, "~/") {
		return path, nil
	}
	dir, err := os.UserHomeDir()
	return dir + path[1:], err
}

// unquoted is a path without the blanks and quotes around it.
func unquoted(path string) string {
	path = strings.TrimSpace(path)
	if n := len(path); n > 1 && (path[0] == '"' || path[0] == '\'') && path[n-1] == path[0] {
		return path[1 : n-1]
	}
	return path
}

// reason is an error of a file operation without the name of the system call, which tells nobody anything.
func reason(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Path + ": " + p.Err.Error()
	}
	return err.Error()
}

// cd changes the working directory. It is the process's: sessions share it.
func (s *Session) cd(c *invocation) *Error {
	first, _, _ := strings.Cut(c.rest, "\n")
	to := unquoted(first)
	old, err := os.Getwd()
	if err != nil {
		return problem("%%cd: %s", reason(err))
	}
	switch to {
	case "":
		to = "~"
	case "-":
		if s.before == "" {
			return problem("%%cd: there is no directory before this one")
		}
		to = s.before
	}
	if to, err = home(to); err == nil {
		err = os.Chdir(to)
	}
	if err != nil {
		return problem("%%cd: %s", reason(err))
	}
	s.before = old
	now, err := os.Getwd()
	if err != nil {
		return problem("%%cd: %s", reason(err))
	}
	c.show(now)
	return nil
}

func (s *Session) env(c *invocation) *Error {
	first, _, _ := strings.Cut(c.rest, "\n")
	name, value, set := strings.Cut(strings.TrimSpace(first), "=")
	name = strings.TrimSpace(name)
	switch {
	case set:
		if err := os.Setenv(name, strings.TrimSpace(value)); err != nil {
			return problem("%%env: %s: %v", name, err)
		}
	case name == "":
		all := os.Environ()
		slices.Sort(all)
		c.show(strings.Join(all, "\n"))
	default:
		value, ok := os.LookupEnv(name)
		if !ok {
			return problem("%%env: %s is not set", name)
		}
		c.show(value)
	}
	return nil
}

// mostLoaded is how large a file may be that becomes a cell.
const mostLoaded = 1 << 20

func (s *Session) loadFile(c *invocation) *Error {
	first, _, _ := strings.Cut(c.rest, "\n")
	name, err := home(unquoted(first))
	if name == "" {
		return problem("%%load wants a file")
	}
	var info fs.FileInfo
	if err == nil {
		info, err = os.Stat(name)
	}
	if err == nil && info.Size() > mostLoaded {
		return problem("%%load: %s: %d bytes; a cell may have %d", name, info.Size(), mostLoaded)
	}
	var text []byte
	if err == nil {
		text, err = os.ReadFile(name)
	}
	if err != nil {
		return problem("%%load: %s", reason(err))
	}
	if strings.Contains(string(text), "\x00") {
		return problem("%%load: %s is no text", name)
	}
	c.reply.Next = "// from " + name + "\n" + string(text)
	return nil
}

// source is a cell that ran well.
type source struct {
	count int
	text  string
}

// mostSources is how many of them are kept.
const mostSources = 10_000

// remember keeps a cell for %save.
func (s *Session) remember(count int, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.sources) >= mostSources {
		s.sources = slices.Delete(s.sources, 0, mostSources/10)
	}
	s.sources = append(s.sources, source{count, text})
}

// looks reports whether a line is a command that only looks at things: nothing to keep.
func looks(line string) bool {
	name, rest, ok := cell.Command(line)
	return ok && (slices.Contains([]string{"help", "who", "doc", "save", "load", "?"}, name) || name == "env" && !strings.Contains(rest, "="))
}

func (s *Session) save(c *invocation) *Error {
	first, _, _ := strings.Cut(c.rest, "\n")
	name := strings.TrimSpace(first)
	name, replace := strings.CutPrefix(name, "-f ")
	name, err := home(unquoted(name))
	if name == "" || err != nil {
		return problem("%%save wants a file")
	}
	if filepath.Ext(name) == "" {
		name += ".go"
	}
	if _, err := os.Stat(name); err == nil && !replace {
		return problem("%%save: %s is there; %%save -f %s replaces it", name, name)
	}
	s.mu.Lock()
	list := slices.Clone(s.sources)
	s.mu.Unlock()
	slices.SortStableFunc(list, func(a, b source) int { return cmp.Compare(a.count, b.count) })
	var b strings.Builder
	saved := 0
	for _, old := range list {
		if only, _, more := strings.Cut(strings.TrimSpace(old.text), "\n"); !more && looks(only) {
			continue
		}
		saved++
		fmt.Fprintf(&b, "// %%%% In[%d]\n%s\n\n", old.count, strings.TrimSpace(old.text))
	}
	if err := writeBeside(name, b.String()); err != nil {
		return problem("%%save: %s", reason(err))
	}
	c.show(fmt.Sprintf("%d cells in %s", saved, name))
	return nil
}

func (s *Session) writefile(c *invocation) *Error {
	first, lines, _ := strings.Cut(c.rest, "\n")
	name := strings.TrimSpace(first)
	name, add := strings.CutPrefix(name, "-a ")
	name, err := home(unquoted(name))
	if name == "" || err != nil {
		return problem("%%%%writefile wants a file on its line, and its contents on the lines below")
	}
	if lines != "" && !strings.HasSuffix(lines, "\n") {
		lines += "\n"
	}
	verb := "wrote"
	if add {
		verb = "added"
		old, err := os.ReadFile(name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return problem("%%%%writefile: %s", reason(err))
		}
		lines = string(old) + lines
	}
	if err := writeBeside(name, lines); err != nil {
		return problem("%%%%writefile: %s", reason(err))
	}
	c.show(fmt.Sprintf("%s %s, %d bytes", verb, name, len(lines)))
	return nil
}

// writeBeside writes a file beside its place and renames it. The rights of a file that it replaces stay.
func writeBeside(name, text string) error {
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(name); err == nil {
		if info.IsDir() {
			return fmt.Errorf("%s is a directory", name)
		}
		mode = info.Mode().Perm()
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".new-*")
	if p := (*fs.PathError)(nil); errors.As(err, &p) {
		p.Path = name // of the temporary file nobody has heard
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	err = errors.Join(err, f.Chmod(mode), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
