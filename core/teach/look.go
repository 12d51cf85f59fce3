package teach

import "bignas/core/supernet"

// Mirror mirrors the r x r image x, [r, r, 3], left to right. A classifier that is also
// trained on the mirror images is better by a point where images are few; corners of
// them make it worse (docs/teach.md).
func Mirror(x []float32, r int) {
	for row := 0; row < len(x); row += 3 * r {
		for a, b := row, row+3*r-3; a < b; a, b = a+3, b-3 {
			for c := range 3 {
				x[a+c], x[b+c] = x[b+c], x[a+c]
			}
		}
	}
}

// Look returns what the child's classifier reads of images, [images][Head]. batch
// are run at once: input returns n images from the given one on as the child takes
// them, [n, r, r, 3]. between, where not nil, is called after every batch; its error
// ends the pass and is returned.
func Look(c *supernet.Child, images, batch int, input func(from, n int) []float32, between func() error) ([]float32, error) {
	pooled := make([]float32, 0, images*c.Arch.Head)
	for from := 0; from < images; from += batch {
		n := min(batch, images-from)
		if _, err := c.Forward(input(from, n), n, nil); err != nil {
			return nil, err
		}
		pooled = append(pooled, c.Pooled()...)
		if between != nil {
			if err := between(); err != nil {
				return nil, err
			}
		}
	}
	return pooled, nil
}
