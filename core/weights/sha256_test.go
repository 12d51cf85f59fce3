package weights

import (
	"crypto/sha256"
	"testing"
)

// TestSmallHash agrees with the standard library at every length of the last block, whole and
// in two pieces.
func TestSmallHash(t *testing.T) {
	data := make([]byte, 300)
	for i := range data {
		data[i] = byte(i * 37)
		for _, cut := range []int{0, i / 3, i - i%64} {
			h := newSmallHash()
			h.add(data[:cut])
			h.add(data[cut:i])
			if h.sum() != sha256.Sum256(data[:i]) {
				t.Fatalf("another sum of %d and %d bytes", cut, i-cut)
			}
		}
	}
}
