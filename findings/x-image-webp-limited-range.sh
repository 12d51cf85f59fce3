#!/usr/bin/env bash
# golang.org/x/image/webp returns a lossy WebP as image.YCbCr (with alpha image.NYCbCrA).
# VP8's samples are of limited range (BT.601: luma 16 to 235), image.YCbCr stands for the
# full range of JFIF, so that image.Image.At shows white as 235 and black as 16: every
# photograph is washed out. Seen on 2026-11-29 with golang.org/x/image v0.47.0, Go 1.26 and
# cwebp 1.2.4 (Debian 12):
#
#	black 16 16 16, white 235 235 235
#
# dwebp of the same file: 0 0 0 and 255 255 255. Fails when that changes.
set -euo pipefail
command -v cwebp >/dev/null || apt-get install -y -qq webp
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
{ printf 'P6\n32 16\n255\n'; for _ in {1..16}; do head -c 48 /dev/zero; head -c 48 /dev/zero | tr '\0' '\377'; done; } >in.ppm
cwebp -quiet -q 100 in.ppm -o in.webp
cat >main.go <<'GO'
package main

import (
	"fmt"
	"os"

	"golang.org/x/image/webp"
)

func main() {
	f, err := os.Open("in.webp")
	if err != nil {
		panic(err)
	}
	m, err := webp.Decode(f)
	if err != nil {
		panic(err)
	}
	at := func(x int) [3]uint32 {
		r, g, b, _ := m.At(x, 8).RGBA()
		return [3]uint32{r >> 8, g >> 8, b >> 8}
	}
	b, w := at(4), at(28)
	fmt.Println("black", b[0], b[1], b[2], "white", w[0], w[1], w[2])
}
GO
go mod init finding >/dev/null 2>&1
go get golang.org/x/image@v0.47.0 >/dev/null 2>&1
seen=$(go run .)
reference=$(dwebp -quiet -ppm in.webp -o - | tail -c $((32 * 16 * 3)) | od -v -An -tu1 -w96 | sed -n 8p | awk '{print "black", $13, $14, $15, "white", $85, $86, $87}')
echo "x/image/webp: $seen"
echo "dwebp:        $reference"
[ "$seen" = "black 16 16 16 white 235 235 235" ] && [ "$reference" = "black 0 0 0 white 255 255 255" ]
