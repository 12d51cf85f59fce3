package torchfile

import (
	"archive/zip"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// seeds are good files of every kind.
func seeds(t testing.TB) [][]byte {
	c, root := training(rand.New(rand.NewPCG(3, 4)))
	all := [][]byte{c.legacy(root), c.zip(t, root, ""), c.zip(t, root, "big")}
	files, err := filepath.Glob("testdata/*.pth")
	if err != nil || len(files) != 4 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, data)
	}
	return all
}

// pickles are the pickles of good zip containers.
func pickles(t testing.TB) [][]byte {
	_, root := training(rand.New(rand.NewPCG(3, 4)))
	return [][]byte{pickleOf(root)}
}

// zipWith is a zip container with that pickle, whose checksum is right whatever it is.
func zipWith(t testing.TB, pickle []byte) []byte {
	c, _ := training(rand.New(rand.NewPCG(3, 4)))
	parts := []part{{"data.pkl", pickle}}
	for k, s := range c {
		parts = append(parts, part{"data/" + k, make([]byte, len(s.bits)*s.size)})
	}
	return zipOf(t, zip.Store, parts)
}

// FuzzFile: whatever a file is, it is read or refused with a sentence.
func FuzzFile(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if n := allocated(func() { look(t, data) }); n > mostAllocated {
			t.Errorf("%d bytes ask for %d MB", len(data), n>>20)
		}
	})
}

// FuzzPickle: the same of the pickle in a zip container.
func FuzzPickle(f *testing.F) {
	for _, s := range pickles(f) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, pickle []byte) {
		data := zipWith(t, pickle)
		if n := allocated(func() { look(t, data) }); n > mostAllocated {
			t.Errorf("%d bytes ask for %d MB", len(data), n>>20)
		}
	})
}

var damagedFiles = flag.Int("damaged", 1000, "how many files TestDamaged damages")

// TestDamaged: files with some bytes changed, taken away or put in are read or
// refused, without more memory than a good one may take.
func TestDamaged(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	files, inner := seeds(t), pickles(t)
	var most uint64
	var slowest time.Duration
	read := 0
	for i := range *damagedFiles {
		damaged := func(data []byte) []byte {
			data = append([]byte{}, data...)
			for range 1 + r.IntN(8) {
				at := r.IntN(len(data))
				switch r.IntN(4) {
				case 0:
					data[at] = byte(r.Uint32())
				case 1:
					data[at] ^= 1 << r.IntN(8)
				case 2: // a piece twice, or none
					from := r.IntN(len(data))
					piece := data[from:min(len(data), from+r.IntN(20))]
					data = append(append(append([]byte{}, data[:at]...), piece...), data[at:]...)
				case 3:
					if n := r.IntN(20); len(data) > n+1 {
						at = min(at, len(data)-n)
						data = append(data[:at], data[at+n:]...)
					}
				}
			}
			return data
		}
		var data []byte
		if i%2 == 0 {
			data = damaged(files[r.IntN(len(files))])
		} else {
			data = zipWith(t, damaged(inner[r.IntN(len(inner))]))
		}
		start := time.Now()
		if _, err := parse(data, nil); err == nil {
			read++
		}
		most = max(most, allocated(func() { look(t, data) }))
		slowest = max(slowest, time.Since(start))
	}
	t.Logf("%d of %d are read; the most that one asks for is %d bytes, the longest took %v", read, *damagedFiles, most, slowest)
	if most > mostAllocated {
		t.Errorf("one asks for %d MB", most>>20)
	}
}
