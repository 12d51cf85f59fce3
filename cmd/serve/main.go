// Command serve serves the page from a folder, as any static server would:
//
//	serve [--addr 127.0.0.1:8080] [--base /bignas/] [--dir build/site]
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"bignas/cmd/internal/cli"
	"bignas/core/fault"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

type grammar struct {
	Addr string `help:"Address to listen on; port 0 takes a free one." default:"127.0.0.1:8080"`
	Base string `help:"Path that the page lies under, to try a deployment in a sub-folder." default:"/"`
	Dir  string `help:"Folder of the page, made by site/assemble." default:"build/site"`
}

const name = "serve"

func run(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	var g grammar
	if code, goOn := cli.Parse(name, "Serve the page from a folder until Ctrl-C.", &g, args, stdout, stderr); !goOn {
		return code
	}
	if !strings.HasPrefix(g.Base, "/") || !strings.HasSuffix(g.Base, "/") {
		return cli.FailUsage(stderr, name, fmt.Errorf("--base is %q; it starts and ends with a slash, like /bignas/", g.Base))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := serve(ctx, g, stdout); err != nil {
		return cli.Fail(stderr, name, err)
	}
	return cli.OK
}

// serve listens until ctx ends, then lets running requests finish.
func serve(ctx context.Context, g grammar, stdout io.Writer) error {
	if _, err := os.Stat(filepath.Join(g.Dir, "index.html")); err != nil {
		return fault.New("no_page", "build it with make site, or give --dir the folder", "there is no page in %s", g.Dir)
	}
	listener, err := net.Listen("tcp", g.Addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fault.New("port_taken", "stop the other program, or take another port: --addr 127.0.0.1:8081", "something listens on %s already", g.Addr)
	}
	if err != nil {
		return fault.New("bad_address", "give --addr host:port, like 127.0.0.1:8080", "cannot listen on %s: %v", g.Addr, err)
	}
	server := &http.Server{Handler: newHandler(os.DirFS(g.Dir), g.Base), ReadHeaderTimeout: 10 * time.Second}
	fmt.Fprintf(stdout, "serving %s on http://%s%s (stop with Ctrl-C)\n", g.Dir, listener.Addr(), g.Base)
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
		return server.Close() // somebody is still downloading; it is a development server
	}
	return nil
}
