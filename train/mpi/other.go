//go:build !(linux && (amd64 || arm64))

package mpi

import (
	"context"
	"os"

	"bignas/core/fault"
)

// World is the processes that a launcher has started, which are not joined on this platform.
type World struct{}

// Join returns nil where there is no launcher, and otherwise an error.
func Join() (*World, error) {
	if l := launched(os.Getenv); l.size > 1 {
		return nil, fault.New(CodeMissing, "train with one process, or on Linux", "%s has started %d processes, and MPI is not used on this platform", l.name, l.size)
	}
	return nil, nil
}

// Rank returns 0.
func (w *World) Rank() int { return 0 }

// Size returns 1.
func (w *World) Size() int { return 1 }

// Name returns "".
func (w *World) Name() string { return "" }

// StartSum leaves x as it is.
func (w *World) StartSum([]float32) func(context.Context) error {
	return func(context.Context) error { return nil }
}

// Sum leaves x as it is.
func (w *World) Sum(context.Context, []float64) error { return nil }

// Broadcast leaves b as it is.
func (w *World) Broadcast(context.Context, []byte) error { return nil }

// Close does nothing.
func (w *World) Close() error { return nil }

// Abort does nothing.
func (w *World) Abort(int) {}
