package server

import "sync"

// queue holds requests for one goroutine.
type queue struct {
	mu      sync.Mutex
	changed *sync.Cond
	waiting []*request
	running *request
	closed  bool
}

func (q *queue) init() { q.changed = sync.NewCond(&q.mu) }

func (q *queue) put(r *request) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(q.waiting, r)
	q.changed.Signal()
}

// each hands over the requests one by one until the queue is closed.
func (q *queue) each(do func(*request)) {
	for {
		q.mu.Lock()
		for len(q.waiting) == 0 && !q.closed {
			q.changed.Wait()
		}
		if q.closed {
			q.mu.Unlock()
			return
		}
		r := q.waiting[0]
		q.waiting[0] = nil
		q.waiting = q.waiting[1:]
		q.running = r
		q.mu.Unlock()
		do(r)
		q.done()
		if r.cancel != nil {
			r.cancel()
		}
	}
}

// done says that there is nothing left to interrupt of the request that is being handled.
func (q *queue) done() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.running = nil
}

// current returns the request that is being handled, or nil.
func (q *queue) current() *request {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.running
}

// interrupt cancels the request that is being handled or, between two, the next one, and reports whether there is any.
func (q *queue) interrupt() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	r := q.running
	if r == nil && len(q.waiting) > 0 {
		r = q.waiting[0]
	}
	if r != nil && r.cancel != nil {
		r.cancel()
	}
	return r != nil
}

// abort marks all requests that wait: they are to be answered, in their turn, but not done.
func (q *queue) abort() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, r := range q.waiting {
		r.aborted = true
	}
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.changed.Signal()
}
