package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"

	"gonverge/kernel/display"
	"gonverge/kernel/server"
	"gonverge/kernel/session"
	"gonverge/kernel/symbols"
)

// newSession starts a session with all the kernel's packages. Progress bars go to the outputs of their cell, and to
// show when it is not nil. A cell that uses more memory than the limit is stopped; 0 is three quarters of the machine's.
func newSession(show func(display.Bar), limit memory) (*session.Session, error) {
	return session.New(session.Options{
		Tables: session.Tables{Symbols: symbols.Exports(), ExportData: symbols.ExportData(), Preload: symbols.Preload(), Docs: symbols.Docs()},
		Bar:    show, MemoryLimit: uint64(limit), Process: true,
		Context: func(ctx context.Context, cell func(display.Bar)) context.Context {
			if show == nil {
				return symbols.Context(ctx, cell)
			}
			return symbols.Context(ctx, func(b display.Bar) {
				cell(b)
				show(b)
			})
		},
	})
}

// kernelCommand serves the front end that wrote the connection file, until it asks for shutdown, the process gets
// SIGTERM or its parent is gone. SIGINT interrupts the running cell, as a message does.
func kernelCommand(ctx context.Context, args []string, _, stderr io.Writer) int {
	flags := flag.NewFlagSet("kernel", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, "usage: gonverge kernel [-memory SIZE] CONNECTION_FILE\n\nServes the front end that wrote the file; Jupyter starts this after gonverge install.\n\n")
		flags.PrintDefaults()
	}
	limit := memoryFlag(flags)
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if flags.NArg() != 1 {
		flags.Usage()
		return 2
	}
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	defer signal.Stop(interrupts)
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM)
	defer stop()
	ctx, cancel := server.ParentGone(ctx)
	defer cancel()

	if err := serve(ctx, flags.Arg(0), *limit, interrupts, log.New(stderr, "gonverge: ", log.LstdFlags)); err != nil {
		fmt.Fprintln(stderr, "gonverge kernel:", err)
		return 1
	}
	return 0
}

func serve(ctx context.Context, file string, limit memory, interrupts <-chan os.Signal, logger *log.Logger) error {
	engine, err := newSession(nil, limit)
	if err != nil {
		return err
	}
	s, err := server.New(server.Options{ConnectionFile: file, Engine: engine, Version: version(), Log: logger})
	if err != nil {
		engine.Close()
		return err
	}
	done := make(chan struct{})
	defer close(done)
	go func() {
		for {
			select {
			case <-interrupts:
				s.Interrupt()
			case <-done:
				return
			}
		}
	}()
	// A signal or the end of the parent is a normal end of a kernel.
	if err := s.Serve(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}
