package teach

import "bignas/core/supernet"

// Mirror flips the image x [r, r, 3] horizontally. A classifier that is also trained on flipped
// images is better by a point where there are few; crops of the corners make it worse
// (docs/teach.md).
func Mirror(x []float32, r int) {
	for row := 0; row < len(x); row += 3 * r {
		for a, b := row, row+3*r-3; a < b; a, b = a+3, b-3 {
			for c := range 3 {
				x[a+c], x[b+c] = x[b+c], x[a+c]
			}
		}
	}
}

// Look returns the input of the child's classifier for images, [images][Head]. It runs batch
// images at once: input returns n images, beginning with the given one, as input of the child,
// [n, r, r, 3]. between, where not nil, is called after every batch; Look stops at its first
// error and returns it.
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
