package server

import (
	"slices"
	"sync"

	"gonverge/kernel/wire"
)

const (
	historyLimit = 10_000   // cells, in memory and on disk
	historyBytes = 32 << 20 // of their sources
)

// past is a cell of the history.
type past struct {
	session, line int
	source        string
}

// history remembers the last cells of this run of the kernel and, when it has a file, of earlier ones. Runs are numbered
// from 1 in the order in which they stored their first cell. Adding a cell never waits for the disk.
type history struct {
	file  *historyFile  // nil: in memory only
	ready chan struct{} // closed when earlier runs have been read

	mu      sync.Mutex
	cells   []past // oldest first
	bytes   int
	session int // the number of this run; 0 until ready
}

// open starts a history; reading earlier runs goes on beside the start of the kernel.
func (h *history) open(file string, report func(error)) {
	h.ready = make(chan struct{})
	if file == "" {
		h.session = 1
		close(h.ready)
		return
	}
	h.file = newHistoryFile(file, report)
	go func() {
		h.start(h.file.load())
		h.file.write()
	}()
}

// start puts earlier runs before the cells that were added meanwhile.
func (h *history) start(earlier []past, runs int) {
	defer close(h.ready)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.session = runs + 1
	for i := range h.cells {
		h.cells[i].session = h.session
	}
	h.cells = append(earlier, h.cells...)
	h.bytes = 0
	for _, c := range h.cells {
		h.bytes += len(c.source)
	}
	h.trimLocked()
}

func (h *history) add(line int, source string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.cells = append(h.cells, past{h.session, line, source})
	h.bytes += len(source)
	h.trimLocked()
	if h.file != nil {
		h.file.add(line, source)
	}
}

// trimLocked forgets the oldest cells, several at a time so that not every cell moves all.
func (h *history) trimLocked() {
	drop := len(h.cells) - historyLimit
	if drop <= 0 && h.bytes <= historyBytes {
		return
	}
	drop = max(drop, 0)
	for i, bytes := 0, h.bytes; bytes > historyBytes && i < len(h.cells); i++ {
		bytes -= len(h.cells[i].source)
		drop = max(drop, i+1)
	}
	drop = min(drop+historyLimit/100, len(h.cells))
	for _, c := range h.cells[:drop] {
		h.bytes -= len(c.source)
	}
	h.cells = slices.Delete(h.cells, 0, drop)
}

// close waits until what was added is on disk, if that is quick.
func (h *history) close() {
	if h.file != nil {
		h.file.close()
	}
}

// find returns the cells that a request means, oldest first.
func (h *history) find(in wire.HistoryRequest) []past {
	<-h.ready
	h.mu.Lock()
	cells := slices.Clone(h.cells)
	session := h.session
	h.mu.Unlock()
	switch in.AccessType {
	case "range":
		return findRange(cells, session, in)
	case "search":
		cells = slices.DeleteFunc(cells, func(c past) bool { return !globMatch(in.Pattern, c.source) })
		if in.Unique {
			cells = latestOfEqual(cells)
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

// findRange returns lines Start to Stop-1 of one session: 0 is this one, -1 the one before, 5 the fifth. Lines below zero
// count from the end of the session, and without Stop it goes to the end, as in IPython.
func findRange(cells []past, session int, in wire.HistoryRequest) []past {
	wanted := in.Session
	if wanted <= 0 {
		wanted += session
	}
	cells = slices.DeleteFunc(cells, func(c past) bool { return c.session != wanted })
	if len(cells) == 0 {
		return nil
	}
	end := cells[len(cells)-1].line + 1
	start, stop := in.Start, end
	if in.Stop != nil {
		stop = *in.Stop
	}
	if start < 0 {
		start += end
	}
	if stop < 0 {
		stop += end
	}
	return slices.DeleteFunc(cells, func(c past) bool { return c.line < start || c.line >= stop })
}

// latestOfEqual keeps of cells with the same source the latest.
func latestOfEqual(cells []past) []past {
	seen := map[string]bool{}
	slices.Reverse(cells)
	cells = slices.DeleteFunc(cells, func(c past) bool {
		known := seen[c.source]
		seen[c.source] = true
		return known
	})
	slices.Reverse(cells)
	return cells
}

func (s *Server) historyRequest(r *request) (any, error) {
	var in wire.HistoryRequest
	if err := r.Unmarshal(&in); err != nil {
		return nil, err
	}
	reply := wire.HistoryReply{Status: "ok", History: [][]any{}}
	for _, c := range s.history.find(in) {
		if in.Output { // outputs are not kept
			reply.History = append(reply.History, []any{c.session, c.line, []any{c.source, nil}})
		} else {
			reply.History = append(reply.History, []any{c.session, c.line, c.source})
		}
	}
	return reply, nil
}
