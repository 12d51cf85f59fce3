//go:build !js

package weights

import (
	"crypto/sha256"
	"hash"
)

// standardHash is SHA-256 of the standard library, with the processor's instructions for it.
type standardHash struct{ hash.Hash }

func newHash() standardHash { return standardHash{sha256.New()} }

func (h standardHash) add(data []byte) { h.Write(data) } // it never fails

func (h standardHash) sum() [32]byte { return [32]byte(h.Sum(nil)) }
