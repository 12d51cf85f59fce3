#!/usr/bin/env bash
# netpbm's pngtopam -alphapam finds the transparent colour of a PNG of RGB (chunk tRNS) only
# where its values are 0 or 255: pixels of any other such colour come out opaque. libpng, by
# cwebp and dwebp, makes them transparent. Seen on 2026-11-29 with netpbm 11.01.00 and webp
# 1.2.4 (Debian 12), of the alpha of a pixel of just the colour in tRNS:
#
#	255 0 0:     pngtopam 0, libpng 0
#	127 127 128: pngtopam 255, libpng 0
#
# Fails when that changes.
set -euo pipefail
command -v pngtopam >/dev/null || apt-get install -y -qq netpbm
command -v cwebp >/dev/null || apt-get install -y -qq webp
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >main.go <<'GO'
package main

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"os"
	"strconv"
)

func main() {
	var v [3]byte
	for i := range v {
		n, err := strconv.Atoi(os.Args[1+i])
		if err != nil {
			panic(err)
		}
		v[i] = byte(n)
	}
	out := []byte("\x89PNG\r\n\x1a\n")
	chunk := func(id string, body []byte) {
		out = binary.BigEndian.AppendUint32(out, uint32(len(body)))
		start := len(out)
		out = append(append(out, id...), body...)
		out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[start:]))
	}
	chunk("IHDR", []byte{0, 0, 0, 2, 0, 0, 0, 1, 8, 2, 0, 0, 0})
	chunk("tRNS", []byte{0, v[0], 0, v[1], 0, v[2]})
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	z.Write([]byte{0, v[0], v[1], v[2], 9, 8, 7}) // that colour, and another
	z.Close()
	chunk("IDAT", b.Bytes())
	chunk("IEND", nil)
	os.Stdout.Write(out)
}
GO
seen=
for colour in "255 0 0" "127 127 128"; do
	go run main.go $colour >in.png
	cwebp -quiet -lossless -exact in.png -o in.webp
	alpha() { tail -c 8 | od -An -tu1 | awk '{print $4}'; }
	seen="$seen$colour: pngtopam $(pngtopam -alphapam in.png | alpha), libpng $(dwebp -quiet -pam in.webp -o - | alpha)
"
done
echo "$seen"
[ "$seen" = "255 0 0: pngtopam 0, libpng 0
127 127 128: pngtopam 255, libpng 0
" ]
