package augment

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"bignas/train/dataset"
)

// images writes a data set of two classes with n different images each.
func images(t *testing.T, n int) dataset.Subset {
	t.Helper()
	root := t.TempDir()
	for i := range 2 * n {
		im := image.NewRGBA(image.Rect(0, 0, 12, 12))
		for k := range 144 {
			im.Set(k%12, k/12, color.RGBA{uint8(i * 9), uint8(k), uint8(k * i), 255})
		}
		var b bytes.Buffer
		if err := png.Encode(&b, im); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(root, fmt.Sprintf("class%d", i%2), fmt.Sprintf("%03d.png", i))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	d, err := dataset.Open(root, dataset.Options{Side: 12})
	if err != nil {
		t.Fatal(err)
	}
	return d.All()
}

// epoch copies what a loader yields.
func epoch(l *Loader, number, side, start int) (batches []Batch) {
	for b := range l.Epoch(context.Background(), number, side, start) {
		batches = append(batches, Batch{slices.Clone(b.Images), slices.Clone(b.Labels), b.N, b.Side, b.Step, slices.Clone(b.Mixed), slices.Clone(b.Weight)})
		l.Recycle(b)
	}
	return batches
}

func same(t *testing.T, what string, a, b []Batch) {
	t.Helper()
	if len(a) != len(b) || len(a) == 0 {
		t.Fatalf("%s: %d and %d batches", what, len(a), len(b))
	}
	for i := range a {
		if a[i].Step != b[i].Step || a[i].Side != b[i].Side || !slices.Equal(a[i].Labels, b[i].Labels) || !slices.Equal(a[i].Images, b[i].Images) ||
			!slices.Equal(a[i].Mixed, b[i].Mixed) || !slices.Equal(a[i].Weight, b[i].Weight) {
			t.Fatalf("%s: batch %d differs", what, i)
		}
	}
}

func TestEpochIsTheSameWhoeverMakesIt(t *testing.T) {
	data := images(t, 11)
	want := epoch(NewLoader(data, Default, identity, 7, 4, 0), 3, 8, 0)
	if len(want) != 5 { // 22 images, the last 2 are left out
		t.Fatalf("%d batches, want 5", len(want))
	}
	for _, workers := range []int{1, 3} {
		same(t, fmt.Sprint(workers, " workers"), epoch(NewLoader(data, Default, identity, 7, 4, workers), 3, 8, 0), want)
	}
	for _, workers := range []int{0, 2} {
		// A run that was interrupted in the middle of epoch 3, by a new process
		// and by one that has done other epochs, at another side, before.
		same(t, "resumed", epoch(NewLoader(data, Default, identity, 7, 4, workers), 3, 8, 2), want[2:])
		used := NewLoader(data, Default, identity, 7, 4, workers)
		epoch(used, 2, 10, 0)
		same(t, "used before", epoch(used, 3, 8, 0), want)
	}
}

func TestEpochsAndSeedsDiffer(t *testing.T) {
	data := images(t, 10)
	base := epoch(NewLoader(data, Default, identity, 7, 20, 0), 0, 8, 0)
	for what, other := range map[string][]Batch{
		"epoch": epoch(NewLoader(data, Default, identity, 7, 20, 0), 1, 8, 0),
		"seed":  epoch(NewLoader(data, Default, identity, 8, 20, 0), 0, 8, 0),
	} {
		if slices.Equal(other[0].Images, base[0].Images) || slices.Equal(other[0].Labels, base[0].Labels) {
			t.Errorf("another %s gives the same batch", what)
		}
	}
}

// TestEpochVisitsEveryImageOnce recognises the images, left as they are, by
// their labels and their first red value.
func TestEpochVisitsEveryImageOnce(t *testing.T) {
	data := images(t, 8)
	var seen []int
	for _, b := range epoch(NewLoader(data, plain, identity, 1, 4, 2), 0, 12, 0) {
		for i := range b.N {
			number := int(b.Images[i*12*12*3]*255+0.5) / 9
			if number%2 != b.Labels[i] {
				t.Fatalf("image %d has label %d", number, b.Labels[i])
			}
			seen = append(seen, number)
		}
	}
	shuffled := !slices.IsSorted(seen)
	slices.Sort(seen)
	for i, n := range seen {
		if n != i {
			t.Fatalf("images seen are %v, want each of 0 to 15 once", seen)
		}
	}
	if !shuffled || len(seen) != 16 {
		t.Errorf("%d images, shuffled: %v", len(seen), shuffled)
	}
}

func TestNothingGoesOnAfterTheLoop(t *testing.T) {
	data := images(t, 40)
	epoch(NewLoader(data, Default, identity, 1, 2, 0), 0, 8, 0) // starts the workers of kernel.Parallel, which stay
	before := runtime.NumGoroutine()
	for _, workers := range []int{0, 1, 3} {
		l := NewLoader(data, Default, identity, 1, 2, workers)
		for range l.Epoch(context.Background(), 0, 8, 0) {
			break
		}
		n := 0
		ctx, cancel := context.WithCancel(context.Background())
		for range l.Epoch(ctx, 0, 8, 0) {
			if n++; n == 3 {
				cancel()
			}
		}
		cancel()
		if n != 3 {
			t.Errorf("%d workers: %d batches after the context ended at 3", workers, n)
		}
		n = 0
		for range l.Epoch(context.Background(), 0, 8, 0) {
			if n++; n == 2 {
				l.Close()
			}
		}
		if n != 2 {
			t.Errorf("%d workers: %d batches after Close at 2", workers, n)
		}
		for range l.Epoch(context.Background(), 0, 8, 0) {
			t.Errorf("%d workers: a closed loader yields", workers)
		}
	}
	// Goroutines that have returned may take a moment to be gone, on a busy machine a long one.
	for start := time.Now(); time.Since(start) < 5*time.Minute; {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}

func TestBuffersAreReused(t *testing.T) {
	data := images(t, 40)
	for _, workers := range []int{0, 2} {
		l := NewLoader(data, Default, identity, 1, 4, workers)
		seen := map[*Batch]bool{}
		for e := range 3 {
			for b := range l.Epoch(context.Background(), e, 8, 0) {
				seen[b] = true
				l.Recycle(b)
			}
		}
		if len(seen) > 2*(ahead+workers+1) {
			t.Errorf("%d workers: 60 steps used %d buffers", workers, len(seen))
		}
	}
}
