package server

import (
	"path"
	"slices"
	"strings"
	"sync"

	"gonverge/kernel/wire"
)

// history remembers the cells of this run of the kernel, which is session 1.
type history struct {
	mu    sync.Mutex
	cells []past
}

type past struct {
	line   int
	source string
}

const (
	historySession = 1
	historyLimit   = 10_000
)

func (h *history) add(line int, source string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.cells) == historyLimit {
		h.cells = slices.Delete(h.cells, 0, 1)
	}
	h.cells = append(h.cells, past{line, source})
}

// find returns the cells that a request means, oldest first.
func (h *history) find(in wire.HistoryRequest) []past {
	h.mu.Lock()
	cells := slices.Clone(h.cells)
	h.mu.Unlock()
	switch in.AccessType {
	case "range":
		// Session 0 is the current one and -1 the one before, which is not kept.
		if in.Session != 0 && in.Session != historySession {
			return nil
		}
		stop := in.Stop
		if stop <= 0 {
			stop = historyLimit * historyLimit
		}
		return slices.DeleteFunc(cells, func(c past) bool { return c.line < in.Start || c.line >= stop })
	case "search":
		cells = slices.DeleteFunc(cells, func(c past) bool { return !globMatch(in.Pattern, c.source) })
		if in.Unique {
			seen := map[string]bool{}
			for i := len(cells) - 1; i >= 0; i-- { // the latest of equal cells stays
				if seen[cells[i].source] {
					cells = slices.Delete(cells, i, i+1)
					continue
				}
				seen[cells[i].source] = true
			}
		}
	case "tail":
	default:
		return nil
	}
	if in.N > 0 && len(cells) > in.N {
		cells = cells[len(cells)-in.N:]
	}
	return cells
}

// globMatch matches a whole text against a pattern of * and ?, as SQLite's GLOB does for ipykernel.
func globMatch(pattern, text string) bool {
	if pattern == "" {
		pattern = "*"
	}
	// path.Match's * stops at slashes: put in a rune that no cell holds.
	const slash = "\U0010ffff"
	matched, err := path.Match(strings.ReplaceAll(pattern, "/", slash), strings.ReplaceAll(text, "/", slash))
	return err == nil && matched
}

func (s *Server) historyRequest(r *request) (any, error) {
	var in wire.HistoryRequest
	if err := r.Unmarshal(&in); err != nil {
		return nil, err
	}
	reply := wire.HistoryReply{Status: "ok", History: [][]any{}}
	for _, c := range s.history.find(in) {
		if in.Output {
			reply.History = append(reply.History, []any{historySession, c.line, []any{c.source, nil}})
		} else {
			reply.History = append(reply.History, []any{historySession, c.line, c.source})
		}
	}
	return reply, nil
}
