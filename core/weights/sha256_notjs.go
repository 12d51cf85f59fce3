//go:build !js

package weights

import "crypto/sha256"

// Sum256 returns the SHA-256 of data.
func Sum256(data []byte) [32]byte { return sha256.Sum256(data) }
