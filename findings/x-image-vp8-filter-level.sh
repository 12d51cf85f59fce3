#!/usr/bin/env bash
# golang.org/x/image/vp8 adds up the level of the loop filter and its changes (RFC 6386,
# section 9.6: level of the frame or segment, plus that of intra frames, plus that of the
# 4x4 mode, each up to 63) in an int8. Sums of more than 127 wrap around to less than 0,
# and a macroblock that gets the strongest filter is not filtered at all; no error. The key
# frame made here has level 63 and changes of 63 and 63, its modes and coefficients are what
# fixed pseudo-random bytes decode to. Seen on 2026-11-29 with golang.org/x/image v0.47.0,
# Go 1.26 and dwebp 1.2.4 (Debian 12), 64 x 64 pixels, luma and chroma:
#
#	2412 of 6144 samples differ from dwebp, by up to 32
#
# and with changes of 0 none. Fails when that changes.
set -euo pipefail
command -v dwebp >/dev/null || apt-get install -y -qq webp
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >main.go <<'GO'
package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"

	"golang.org/x/image/vp8"
)

// encoder is the boolean encoder of RFC 6386, section 7.3, for bits as likely 0 as 1.
type encoder struct {
	out        []byte
	size, base uint32
	left       int
}

func (e *encoder) bit(b bool) {
	carry := func() {
		for i := len(e.out) - 1; i >= 0; i-- {
			if e.out[i]++; e.out[i] != 0 {
				return
			}
		}
	}
	split := 1 + (e.size-1)>>1
	if b {
		if e.base += split; e.base < split {
			carry()
		}
		e.size -= split
	} else {
		e.size = split
	}
	for ; e.size < 128; e.size <<= 1 {
		if e.base>>31 != 0 {
			carry()
		}
		e.base <<= 1
		if e.left--; e.left == 0 {
			e.out = append(e.out, byte(e.base>>24))
			e.base, e.left = e.base&(1<<24-1), 8
		}
	}
}

func (e *encoder) uint(v uint32, n int) {
	for n--; n >= 0; n-- {
		e.bit(v>>n&1 != 0)
	}
}

func frame(delta uint32) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	e := &encoder{size: 255, left: 24}
	e.uint(0, 4)  // colour space, clamping, no segments, the normal filter
	e.uint(63, 6) // level
	e.uint(0, 3)  // sharpness
	e.uint(3, 2)  // changes of the level, and here they are
	for i := range 8 {
		if i%4 == 0 && delta != 0 {
			e.uint(1, 1)
			e.uint(delta, 6)
		}
		e.uint(0, 1)
	}
	e.uint(0, 2) // one partition
	e.uint(30, 7)
	e.uint(0, 6)
	for range 20000 {
		e.uint(r.Uint32N(256), 8)
	}
	tag := uint32(len(e.out))<<5 | 1<<4
	out := []byte{byte(tag), byte(tag >> 8), byte(tag >> 16), 0x9d, 0x01, 0x2a, 64, 0, 64, 0}
	out = append(out, e.out...)
	for range 40000 {
		out = append(out, byte(r.IntN(255)))
	}
	return out
}

func differ(delta uint32) string {
	f := frame(delta)
	w := append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(f)+12)), "WEBPVP8 "...)
	w = append(binary.LittleEndian.AppendUint32(w, uint32(len(f))), f...)
	if err := os.WriteFile("in.webp", w, 0o600); err != nil {
		panic(err)
	}
	want, err := exec.Command("dwebp", "-quiet", "-yuv", "in.webp", "-o", "-").Output()
	if err != nil {
		panic(err)
	}
	d := vp8.NewDecoder()
	d.Init(bytes.NewReader(f), len(f))
	if _, err := d.DecodeFrameHeader(); err != nil {
		panic(err)
	}
	m, err := d.DecodeFrame()
	if err != nil {
		panic(err)
	}
	got := append(append(append([]byte{}, m.Y[:64*64]...), m.Cb[:32*32]...), m.Cr[:32*32]...)
	n, worst := 0, 0
	for i := range got {
		if v := int(got[i]) - int(want[i]); v != 0 {
			n, worst = n+1, max(worst, v, -v)
		}
	}
	return fmt.Sprintf("%d of %d samples differ from dwebp, by up to %d", n, len(want), worst)
}

func main() {
	fmt.Println("changes of 63:", differ(63))
	fmt.Println("changes of  0:", differ(0))
}
GO
go mod init finding >/dev/null 2>&1
go get golang.org/x/image@v0.47.0 >/dev/null 2>&1
seen=$(go run .)
echo "$seen"
grep -q "changes of 63: [1-9]" <<<"$seen" && grep -q "changes of  0: 0 of" <<<"$seen"
