// Package group is what processes that train together have in common: their number, sums over
// them, and what the first of them says to the others.
package group

import (
	"context"
	"encoding/binary"
	"errors"
	"hash/fnv"
	"strings"

	"bignas/core/fault"
)

// Group is processes that train together, each a rank from 0 on. All of them call its methods
// in the same order, with slices of the same length. One goroutine at a time may call them.
// An error ends the group: a rank that gets one must make the others end too.
type Group interface {
	Rank() int
	Size() int
	// StartSum begins to replace x by its sum over the ranks, and returns a function that
	// waits for the end, or for that of ctx. Until then x must be left alone. Every rank gets
	// the same bits.
	StartSum(x []float32) (wait func(ctx context.Context) error)
	// Sum replaces x by its sum over the ranks. Every rank gets the same bits.
	Sum(ctx context.Context, x []float64) error
	// Broadcast replaces b by what it is on rank 0.
	Broadcast(ctx context.Context, b []byte) error
}

// Alone is the group of one process. Its methods do nothing.
type Alone struct{}

// Rank returns 0.
func (Alone) Rank() int { return 0 }

// Size returns 1.
func (Alone) Size() int { return 1 }

// StartSum leaves x as it is.
func (Alone) StartSum([]float32) func(context.Context) error {
	return func(context.Context) error { return nil }
}

// Sum leaves x as it is.
func (Alone) Sum(context.Context, []float64) error { return nil }

// Broadcast leaves b as it is.
func (Alone) Broadcast(context.Context, []byte) error { return nil }

// ErrOther is the error of a rank where another one has failed, whose own error says why.
var ErrOther = errors.New("group: another rank has failed")

// Share calls f on rank 0 and returns its result on every rank. Where f fails, rank 0 gets
// its error and the others ErrOther.
func Share(ctx context.Context, g Group, f func() ([]byte, error)) ([]byte, error) {
	if g.Size() == 1 {
		return f()
	}
	var data []byte
	var failed error
	head := make([]byte, 9) // the length, and whether f has failed
	if g.Rank() == 0 {
		if data, failed = f(); failed != nil {
			head[8] = 1
		}
		binary.LittleEndian.PutUint64(head, uint64(len(data)))
	}
	if err := g.Broadcast(ctx, head); err != nil {
		return nil, err
	}
	if failed != nil {
		return nil, failed
	}
	if head[8] != 0 {
		return nil, ErrOther
	}
	if g.Rank() != 0 {
		data = make([]byte, binary.LittleEndian.Uint64(head))
	}
	return data, g.Broadcast(ctx, data)
}

// Agree returns an error on the ranks where text, a description of what, is not that of
// rank 0, and then ErrOther on the others.
func Agree(ctx context.Context, g Group, what, text string) error {
	if g.Size() == 1 {
		return nil
	}
	b, err := Share(ctx, g, func() ([]byte, error) { return []byte(text), nil })
	if err != nil {
		return err
	}
	differ, first := []float64{0}, string(b)
	own := first != text
	if own {
		differ[0] = 1
	}
	if err := g.Sum(ctx, differ); err != nil {
		return err
	}
	switch {
	case own:
		first, text = line(first, text)
		return fault.New("ranks_differ", "give every rank the same files", "%s of rank %d differs from that of rank 0: there %s, here %s", what, g.Rank(), first, text)
	case differ[0] > 0:
		return ErrOther
	}
	return nil
}

// line returns the first line in which two texts differ, of each.
func line(a, b string) (string, string) {
	rest, more := strings.Split(a, "\n"), strings.Split(b, "\n")
	for len(rest) > 1 && len(more) > 1 && rest[0] == more[0] {
		rest, more = rest[1:], more[1:]
	}
	return rest[0], more[0]
}

// Same reports whether the numbers have the same bits on all ranks, by their checksums.
func Same(ctx context.Context, g Group, numbers func(yield func(uint32))) (bool, error) {
	if g.Size() == 1 {
		return true, nil
	}
	h := fnv.New32a()
	var b [4]byte
	numbers(func(v uint32) {
		binary.LittleEndian.PutUint32(b[:], v)
		_, _ = h.Write(b[:]) // it never fails
	})
	// The variance of the checksums is zero where they are equal; halves keep squares exact.
	low, high := float64(h.Sum32()&0xffff), float64(h.Sum32()>>16)
	x := []float64{low, high, low * low, high * high}
	if err := g.Sum(ctx, x); err != nil {
		return false, err
	}
	n := float64(g.Size())
	return n*x[2] == x[0]*x[0] && n*x[3] == x[1]*x[1], nil
}
