package measure

import (
	"slices"
	"testing"
)

// TestParts: the parts of several processes are whole batches, which together are all images
// once, in the batches that one process has.
func TestParts(t *testing.T) {
	for _, all := range []int{0, 1, 7, 8, 9, 30} {
		for _, size := range []int{0, 1, 2, 5} {
			const batch = 4
			seen := make([]int, all)
			for rank := range max(1, size) {
				p := Part{Rank: rank, Size: size}
				for from := 0; from < p.images(all, batch); from += batch {
					var in []int
					for i := from; i < min(from+batch, p.images(all, batch)); i++ {
						at := p.index(i, batch)
						seen[at]++
						in = append(in, at/batch)
					}
					if slices.Min(in) != slices.Max(in) {
						t.Errorf("%d images, rank %d of %d: a batch is of %v", all, rank, size, in)
					}
				}
			}
			if all > 0 && (slices.Min(seen) != 1 || slices.Max(seen) != 1) {
				t.Errorf("%d images over %d: seen %v times", all, size, seen)
			}
		}
	}
}
