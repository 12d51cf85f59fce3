#!/usr/bin/env bash
# golang.org/x/image/tiff reads three layouts of TIFF 6.0 as other images, without an error:
#   - planes (PlanarConfiguration 2) in a tile bigger than the image: the tag is not looked
#     at, and the samples of the red plane are taken for pixels;
#   - FillOrder 2 without fax compression: the tag counts for CCITT only;
#   - CCITT Group 4 where 0 is black (PhotometricInterpretation 1): inverted.
# Planes in strips are an error, "tiff: invalid format: not enough pixel data".
# Seen on 2026-11-29 with golang.org/x/image v0.47.0, Go 1.26, libtiff 4.5.0 (tiffcp,
# Debian 12), each file made by tiffcp from one that both read alike:
#
#	planes in a tile: differs; planes in strips: tiff: invalid format: not enough pixel data
#	bits from the right: differs; Group 4, 0 is black: differs
#
# Fails when that changes.
set -euo pipefail
command -v tiffcp >/dev/null || apt-get install -y -qq libtiff-tools
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >main.go <<'GO'
package main

import (
	"fmt"
	"image"
	"image/color"
	"os"
	"os/exec"

	"golang.org/x/image/tiff"
)

func decode(name string) (image.Image, error) {
	f, err := os.Open(name)
	if err != nil {
		panic(err)
	}
	defer f.Close()
	return tiff.Decode(f)
}

func rgba(c color.Color) color.Color { return color.RGBAModel.Convert(c) }

func try(what string, m image.Image, back []string, args ...string) {
	f, err := os.Create("in.tif")
	if err != nil {
		panic(err)
	}
	if err := tiff.Encode(f, m, nil); err != nil {
		panic(err)
	}
	f.Close()
	// A copy as it is, one in the other layout, and what libtiff sees in that.
	for name, args := range map[string][]string{"plain.tif": {"-c", "none"}, "other.tif": args} {
		if out, err := exec.Command("tiffcp", append(args, "in.tif", name)...).CombinedOutput(); err != nil {
			panic(string(out))
		}
	}
	if out, err := exec.Command(back[0], append(back[1:], "-c", "none", "other.tif", "back.tif")...).CombinedOutput(); err != nil {
		panic(string(out))
	}
	want, err := decode("plain.tif")
	if err != nil {
		panic(err)
	}
	got, err := decode("other.tif")
	if err != nil {
		fmt.Printf("%s: %v\n", what, err)
		return
	}
	seen, err := decode("back.tif")
	if err != nil {
		panic(err)
	}
	verdict := "the same"
	for y := range want.Bounds().Dy() {
		for x := range want.Bounds().Dx() {
			if rgba(want.At(x, y)) != rgba(seen.At(x, y)) {
				panic("tiffcp changes the image")
			}
			if rgba(want.At(x, y)) != rgba(got.At(x, y)) {
				verdict = "differs"
			}
		}
	}
	fmt.Printf("%s: %s\n", what, verdict)
}

func main() {
	m, grey := image.NewRGBA(image.Rect(0, 0, 7, 3)), image.NewGray(image.Rect(0, 0, 7, 3))
	for y := range 3 {
		for x := range 7 {
			m.SetRGBA(x, y, color.RGBA{uint8(x * 30), uint8(y * 80), uint8(240 - x*20), 255})
			grey.SetGray(x, y, color.Gray{uint8(x*5 + y)})
		}
	}
	try("planes in a tile", m, []string{"tiff2rgba"}, "-c", "none", "-p", "separate", "-t", "-w", "16", "-l", "16")
	try("planes in strips", m, []string{"tiff2rgba"}, "-c", "none", "-p", "separate", "-s")
	try("bits from the right", grey, []string{"tiffcp", "-f", "msb2lsb"}, "-c", "none", "-f", "lsb2msb")
}
GO
go mod init finding >/dev/null 2>&1
go get golang.org/x/image@v0.47.0 >/dev/null 2>&1
seen=$(go run .)
cat >fax.go <<'GO'
//go:build ignore

package main

import (
	"fmt"
	"os"

	"golang.org/x/image/tiff"
)

func main() {
	var at [2]uint32
	for i, name := range []string{"bits.tif", "g4.tif"} {
		f, err := os.Open(name)
		if err != nil {
			panic(err)
		}
		m, err := tiff.Decode(f)
		if err != nil {
			panic(err)
		}
		at[i], _, _, _ = m.At(0, 0).RGBA()
	}
	fmt.Println("Group 4, 0 is black:", map[bool]string{true: "the same", false: "differs"}[at[0] == at[1]])
}
GO
# 16 x 1 pixels of one bit, 0 is black: half of them black.
printf 'II\x2a\0\x0a\0\0\0\x00\xff\x08\0\0\1\3\0\1\0\0\0\x10\0\0\0\1\1\3\0\1\0\0\0\1\0\0\0\2\1\3\0\1\0\0\0\1\0\0\0\3\1\3\0\1\0\0\0\1\0\0\0\6\1\3\0\1\0\0\0\1\0\0\0\x11\1\4\0\1\0\0\0\x08\0\0\0\x16\1\3\0\1\0\0\0\1\0\0\0\x17\1\4\0\1\0\0\0\2\0\0\0\0\0\0\0' >bits.tif
tiffcp -c g4 bits.tif g4.tif
seen="$seen
$(go run fax.go)"
echo "$seen"
[ "$seen" = "planes in a tile: differs
planes in strips: tiff: invalid format: not enough pixel data
bits from the right: differs
Group 4, 0 is black: differs" ]
