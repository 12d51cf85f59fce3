package teach

import "bignas/core/supernet"

// Look returns what the child's classifier reads of n images, [n][Head]. input
// returns image i as the child takes it, [r, r, 3]. between, where not nil, is called
// after every image; its error ends the pass and is returned.
func Look(c *supernet.Child, n int, input func(i int) []float32, between func() error) ([]float32, error) {
	pooled := make([]float32, 0, n*c.Arch.Head)
	for i := range n {
		if _, err := c.Forward(input(i), 1, nil); err != nil {
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
