// Package session is the engine behind a notebook: one cell of Go goes in; values, bundles, streams and diagnostics come out.
//
// It owns the way of a cell (parse, check, lower, run) and what lives on between cells. It knows no Jupyter: servers and
// headless runners call it through [Session.Run] and receive outputs through a [Sink].
//
//	s, err := session.New(session.Options{Tables: tables})
//	reply := s.Run(ctx, "x := 41\nx + 1", session.RunOptions{StoreHistory: true}, sink)
//	fmt.Println(reply.Values[0].Data["text/plain"]) // 42
//
// A session runs one cell at a time; Complete, Inspect and IsComplete answer while a cell runs.
package session
