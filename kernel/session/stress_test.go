package session_test

import (
	"os"
	"strconv"
	"sync"
	"testing"

	"gonverge/kernel/session"
)

// Goroutines in interpreted code once gave silently wrong sums in 13 of 1,200 runs. With GONVERGE_LONG each sequence runs
// 10,000 times; GONVERGE_STRESS sets another number.
func TestGoroutinesGiveTheSameResultsUnderLoad(t *testing.T) {
	runs := 30
	if os.Getenv("GONVERGE_LONG") != "" {
		runs = 10_000
	}
	if n, err := strconv.Atoi(os.Getenv("GONVERGE_STRESS")); err == nil {
		runs = n
	}
	if testing.Short() {
		runs = 5
	}
	const sessions = 4 // run against each other: that is the load
	for _, q := range readTable(t, "testdata/goroutines.txt") {
		t.Run(q.name, func(t *testing.T) {
			var wg sync.WaitGroup
			for range sessions {
				wg.Add(1)
				go func() {
					defer wg.Done()
					var s *session.Session
					defer func() {
						if s != nil {
							s.Close()
						}
					}()
					for i := range runs / sessions {
						if i%100 == 0 { // a session keeps the code of its cells
							if s != nil {
								s.Close()
							}
							var err error // not newSession, which keeps all of them to the end of the test
							if s, err = session.New(session.Options{Tables: tables()}); err != nil {
								t.Error(err)
								return
							}
						}
						if err := runSteps(s, q.steps); err != nil {
							t.Errorf("run %d: %v", i, err)
							return
						}
					}
				}()
			}
			wg.Wait()
		})
	}
}
