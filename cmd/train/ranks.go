package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"bignas/cmd/internal/cli"
	"bignas/train/group"
	"bignas/train/mpi"
)

// together runs train on every process that an MPI launcher has started, with the name of the
// library that joins them, or on this process alone. Only rank 0 writes to standard output and
// standard error. The first rank that fails says why and ends all of them.
func together(p *cli.Program, train func(ctx context.Context, g group.Group, of string) error) error {
	rank, size := mpi.Launched()
	if size == 1 {
		return train(context.Background(), group.Alone{}, "")
	}
	stderr := p.Stderr
	if rank > 0 {
		p.Stdout, p.Stderr = io.Discard, io.Discard
	}
	ctx := p.Context()
	world, err := mpi.Join()
	if err == nil {
		err = train(ctx, world, world.Name())
	}
	if err == nil {
		return world.Close()
	}
	if errors.Is(err, group.ErrOther) {
		time.Sleep(30 * time.Second) // that rank ends this one before
	}
	if rank > 0 {
		// Most errors are those of all ranks, and rank 0, if it lives, is quicker to end them.
		time.Sleep(5 * time.Second)
		host, _ := os.Hostname() // "" where it is not known
		p.Name, p.Stderr = fmt.Sprintf("%s: rank %d of %d on %s", p.Name, rank, size, host), stderr
	}
	status := p.Report(err)
	if world != nil {
		world.Abort(status)
	}
	return cli.ErrReported
}
