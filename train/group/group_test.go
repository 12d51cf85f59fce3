package group_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"bignas/train/group"
	"bignas/train/group/grouptest"
)

// each runs f on every rank of a group of n and returns the errors.
func each(n int, f func(g group.Group) error) []error {
	errs := make([]error, n)
	var all sync.WaitGroup
	for i, g := range grouptest.New(n) {
		all.Go(func() { errs[i] = f(g) })
	}
	all.Wait()
	return errs
}

// TestShare: every rank gets what rank 0 has read, or rank 0 its error and the others that
// there was one.
func TestShare(t *testing.T) {
	ctx := context.Background()
	broken := errors.New("broken")
	for i, err := range each(3, func(g group.Group) error {
		read := func() ([]byte, error) {
			if g.Rank() != 0 {
				t.Errorf("rank %d reads", g.Rank())
			}
			return []byte("content"), nil
		}
		if data, err := group.Share(ctx, g, read); err != nil || string(data) != "content" {
			t.Errorf("rank %d: %q, %v", g.Rank(), data, err)
		}
		_, err := group.Share(ctx, g, func() ([]byte, error) { return nil, broken })
		return err
	}) {
		if want := map[bool]error{true: broken, false: group.ErrOther}[i == 0]; !errors.Is(err, want) {
			t.Errorf("rank %d: error %v, want %v", i, err, want)
		}
	}
	if data, err := group.Share(ctx, group.Alone{}, func() ([]byte, error) { return []byte("x"), nil }); string(data) != "x" || err != nil {
		t.Errorf("alone: %q, %v", data, err)
	}
}

// TestAgree: where one rank has something else, it says what, and the others fail too.
func TestAgree(t *testing.T) {
	ctx := context.Background()
	for _, err := range each(3, func(g group.Group) error { return group.Agree(ctx, g, "the data", "100 images") }) {
		if err != nil {
			t.Error(err)
		}
	}
	for i, err := range each(3, func(g group.Group) error {
		return group.Agree(ctx, g, "the data", map[bool]string{false: "of a.tar\n100 images\nof 10 classes", true: "of a.tar\n90 images\nof 10 classes"}[g.Rank() == 2])
	}) {
		if err == nil || i == 2 && !strings.Contains(err.Error(), "the data of rank 2 differs from that of rank 0: there 100 images, here 90 images") || i < 2 && !errors.Is(err, group.ErrOther) {
			t.Errorf("rank %d: %v", i, err)
		}
	}
}

// TestSame: one bit on one rank is noticed by all.
func TestSame(t *testing.T) {
	for bit := range 33 { // 32: none
		for i, err := range each(3, func(g group.Group) error {
			v := uint32(0x3f8ccccd)
			if g.Rank() == 1 && bit < 32 {
				v ^= 1 << bit
			}
			same, err := group.Same(context.Background(), g, func(yield func(uint32)) { yield(7); yield(v); yield(9) })
			if err == nil && same != (bit == 32) {
				t.Errorf("rank %d: same is %v where bit %d differs", g.Rank(), same, bit)
			}
			return err
		}) {
			if err != nil {
				t.Errorf("rank %d: %v", i, err)
			}
		}
	}
}
