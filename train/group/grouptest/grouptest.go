// Package grouptest is a group of goroutines, for tests.
package grouptest

import (
	"context"
	"fmt"
	"sync"

	"bignas/train/group"
)

// New returns the ranks of a group of so many. Sums are taken in the order of ranks.
func New(size int) []group.Group {
	m := &members{size: size, rounds: map[int]*round{}}
	var all []group.Group
	for rank := range size {
		all = append(all, &member{members: m, rank: rank})
	}
	return all
}

// members is what the ranks share.
type members struct {
	mu     sync.Mutex
	size   int
	rounds map[int]*round // by number; until all ranks have come
}

// round is one call by every rank.
type round struct {
	what    string
	brought []any
	done    chan struct{}
}

type member struct {
	*members
	rank, next int
}

func (m *member) Rank() int { return m.rank }
func (m *member) Size() int { return m.size }

// start brings x to the next round. what names the call and its length.
func (m *member) start(what string, x any, merge func(all []any)) (wait func(context.Context) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.rounds[m.next]
	if r == nil {
		r = &round{what: what, brought: make([]any, m.size), done: make(chan struct{})}
		m.rounds[m.next] = r
	}
	if r.what != what {
		panic(fmt.Sprintf("grouptest: rank %d calls %s where another calls %s", m.rank, what, r.what))
	}
	r.brought[m.rank] = x
	whole := true
	for _, b := range r.brought {
		whole = whole && b != nil
	}
	if whole {
		merge(r.brought)
		delete(m.rounds, m.next)
		close(r.done)
	}
	m.next++
	return func(ctx context.Context) error {
		select {
		case <-r.done:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (m *member) StartSum(x []float32) func(context.Context) error {
	return m.start(fmt.Sprintf("StartSum of %d", len(x)), x, add[float32])
}

func (m *member) Sum(ctx context.Context, x []float64) error {
	return m.start(fmt.Sprintf("Sum of %d", len(x)), x, add[float64])(ctx)
}

func (m *member) Broadcast(ctx context.Context, b []byte) error {
	return m.start(fmt.Sprintf("Broadcast of %d", len(b)), b, func(all []any) {
		for _, to := range all[1:] {
			copy(to.([]byte), all[0].([]byte))
		}
	})(ctx)
}

func add[T float32 | float64](all []any) {
	for i := range all[0].([]T) {
		var sum T
		for _, x := range all {
			sum += x.([]T)[i]
		}
		for _, x := range all {
			x.([]T)[i] = sum
		}
	}
}
