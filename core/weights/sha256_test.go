package weights

import (
	"crypto/sha256"
	"testing"
)

// TestSmallSum256 agrees with the standard library at every length of the last block.
func TestSmallSum256(t *testing.T) {
	data := make([]byte, 300)
	for i := range data {
		data[i] = byte(i * 37)
		if smallSum256(data[:i]) != sha256.Sum256(data[:i]) {
			t.Fatalf("another sum of %d bytes", i)
		}
	}
}
