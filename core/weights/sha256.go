package weights

import (
	"encoding/binary"
	"math/bits"
)

// sha256Rounds are the round constants of FIPS 180-4, section 4.2.2.
var sha256Rounds = [64]uint32{
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
}

// Sum256 returns the SHA-256 of data.
func Sum256(data []byte) [32]byte {
	h := newHash()
	h.add(data)
	return h.sum()
}

// smallHash is SHA-256 (FIPS 180-4, section 6.2). The standard library's would add 80 KB of other
// cryptography to the engine.
type smallHash struct {
	state  [8]uint32
	length uint64 // bytes so far
	last   [64]byte
}

func newSmallHash() *smallHash {
	return &smallHash{state: [8]uint32{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19}}
}

// add hashes the bytes that follow.
func (h *smallHash) add(data []byte) {
	for len(data) > 0 {
		at := int(h.length % 64)
		if at == 0 && len(data) >= 64 {
			sha256Block(&h.state, (*[64]byte)(data))
			h.length, data = h.length+64, data[64:]
			continue
		}
		n := copy(h.last[at:], data)
		if h.length, data = h.length+uint64(n), data[n:]; at+n == 64 {
			sha256Block(&h.state, &h.last)
		}
	}
}

// sum ends the hash.
func (h *smallHash) sum() (sum [32]byte) {
	n := int(h.length % 64)
	h.last[n] = 0x80
	clear(h.last[n+1:])
	if n >= 56 { // no room for the length
		sha256Block(&h.state, &h.last)
		clear(h.last[:])
	}
	binary.BigEndian.PutUint64(h.last[56:], h.length*8)
	sha256Block(&h.state, &h.last)
	for i, v := range h.state {
		binary.BigEndian.PutUint32(sum[4*i:], v)
	}
	return sum
}

func sha256Block(state *[8]uint32, block *[64]byte) {
	var w [64]uint32
	for i := range 16 {
		w[i] = binary.BigEndian.Uint32(block[4*i:])
	}
	for i := 16; i < 64; i++ {
		p, q := w[i-15], w[i-2]
		s0 := bits.RotateLeft32(p, -7) ^ bits.RotateLeft32(p, -18) ^ p>>3
		s1 := bits.RotateLeft32(q, -17) ^ bits.RotateLeft32(q, -19) ^ q>>10
		w[i] = w[i-16] + s0 + w[i-7] + s1
	}
	a, b, c, d, e, f, g, h := state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7]
	for i := range 64 {
		s1 := bits.RotateLeft32(e, -6) ^ bits.RotateLeft32(e, -11) ^ bits.RotateLeft32(e, -25)
		t1 := h + s1 + (e&f ^ ^e&g) + sha256Rounds[i] + w[i]
		s0 := bits.RotateLeft32(a, -2) ^ bits.RotateLeft32(a, -13) ^ bits.RotateLeft32(a, -22)
		t2 := s0 + (a&b ^ a&c ^ b&c)
		a, b, c, d, e, f, g, h = t1+t2, a, b, c, d+t1, e, f, g
	}
	for i, v := range [8]uint32{a, b, c, d, e, f, g, h} {
		state[i] += v
	}
}
