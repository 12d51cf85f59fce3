package teach

import (
	"iter"

	"bignas/core/supernet"
)

// Look returns the input of the child's classifier for images, [images][Head]. inputs yields
// batches of them as input of the child, [n, r, r, 3]. between, where not nil, is called after
// every batch with its number of images; Look stops at its first error and returns it.
func Look(c *supernet.Child, inputs iter.Seq2[int, []float32], between func(n int) error) ([]float32, error) {
	var pooled []float32
	for _, x := range inputs {
		n := len(x) / (3 * c.Arch.Resolution * c.Arch.Resolution)
		if _, err := c.Forward(x, n, nil); err != nil {
			return nil, err
		}
		pooled = append(pooled, c.Pooled()...)
		if between != nil {
			if err := between(n); err != nil {
				return nil, err
			}
		}
	}
	return pooled, nil
}
