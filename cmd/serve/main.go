// Command serve serves the page from a folder, as any static server would:
//
//	serve [--addr 127.0.0.1:8080] [--base /bignas/] [--dir build/site] [--meanwhile COMMAND]
//
// It does not use the command-line library of the other commands, which would take a tenth of the time from a fresh clone
// to the page.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"bignas/core/fault"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// options is the command line.
type options struct {
	addr, base, dir, meanwhile string
}

func run(args []string, stdout, stderr io.Writer) int {
	var o options
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprintln(flags.Output(), "Usage: serve [flags]\n\nServe the page from a folder until Ctrl-C.\n\nFlags:")
		flags.PrintDefaults()
	}
	flags.StringVar(&o.addr, "addr", "127.0.0.1:8080", "`address` to listen on; port 0 takes a free one")
	flags.StringVar(&o.base, "base", "/", "`path` that the page lies under, to try a deployment in a sub-folder")
	flags.StringVar(&o.dir, "dir", "build/site", "`folder` of the page, made by site/assemble")
	flags.StringVar(&o.meanwhile, "meanwhile", "", "`command` that completes the folder while it is served; until it ends, what is missing is answered with 503 and Retry-After")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil: // reported by flags
		return 2
	case flags.NArg() > 0:
		fmt.Fprintf(stderr, "serve: unexpected argument %q\n  hint: run serve --help to see what it takes\n", flags.Arg(0))
		return 2
	case !strings.HasPrefix(o.base, "/") || !strings.HasSuffix(o.base, "/"):
		fmt.Fprintf(stderr, "serve: --base is %q; it starts and ends with a slash, like /bignas/\n", o.base)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := serve(ctx, o, stdout, stderr); err != nil {
		f := fault.Of(err)
		fmt.Fprintf(stderr, "serve: %s\n", f.Message)
		if f.Hint != "" {
			fmt.Fprintf(stderr, "  hint: %s\n", f.Hint)
		}
		return 1
	}
	return 0
}

// serve listens until ctx ends, then lets running requests finish.
func serve(ctx context.Context, o options, stdout, stderr io.Writer) error {
	if _, err := os.Stat(filepath.Join(o.dir, "index.html")); err != nil {
		return fault.New("no_page", "build it with make site, or give --dir the folder", "there is no page in %s", o.dir)
	}
	listener, err := net.Listen("tcp", o.addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fault.New("port_taken", "stop the other program, or take another port: --addr 127.0.0.1:8081", "something listens on %s already", o.addr)
	}
	if err != nil {
		return fault.New("bad_address", "give --addr host:port, like 127.0.0.1:8080", "cannot listen on %s: %v", o.addr, err)
	}
	h := newHandler(folder(o.dir), o.base)
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	fmt.Fprintf(stdout, "serving %s on http://%s%s (stop with Ctrl-C)\n", o.dir, listener.Addr(), o.base)
	if words := strings.Fields(o.meanwhile); len(words) > 0 {
		var busy atomic.Bool
		busy.Store(true)
		h.completing = busy.Load
		ended := make(chan struct{})
		ctx, cancel := context.WithCancel(ctx)
		defer func() { cancel(); <-ended }()
		go func() {
			defer close(ended)
			defer busy.Store(false)
			complete(ctx, words, stdout, stderr)
		}()
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		return server.Close() // without waiting for downloads: it is a development server
	}
	return nil
}

// complete runs the command that completes the folder, and stops it when ctx ends.
func complete(ctx context.Context, words []string, stdout, stderr io.Writer) {
	c := exec.CommandContext(ctx, words[0], words[1:]...)
	c.Stdout, c.Stderr = stdout, stderr
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) } // which lets it remove its files
	c.WaitDelay = 3 * time.Second
	if err := c.Run(); err != nil && ctx.Err() == nil {
		fmt.Fprintf(stderr, "serve: %s: %v; what it should have made is missing in the page\n", strings.Join(words, " "), err)
	}
}
