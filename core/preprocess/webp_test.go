package preprocess

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"bignas/core/fault"
)

// lossyWebP is 20 x 13 pixels, black on the left, white on the right, with a red and a
// blue square, by cwebp 1.2.4 -q 60.
const lossyWebP = "UklGRrAAAABXRUJQVlA4IKQAAACwBACdASoUAA0APrVInkmnJCKhMAgA4BaJbACw+3mcli/Sv9ZgMsbwHQXdKxwAAP75yGqf97/h/9DrA//4imbp8fBUfs0/pzp2vdhz0pk/FB3WI+4Iv3/2ID1Mf1Bf" +
	"gS6PF+zOMTdmoiVaC8L+TMdBZvDKa44URB9Sd6vKX5l9+w+sKf3//j2hpl/A/OZUuLn/QVld/nH11Y9CojPcfU3MtHQAAA=="

func lossyFile(t testing.TB) []byte {
	t.Helper()
	data, err := base64.StdEncoding.DecodeString(lossyWebP)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// VP8 has a luma of 16 to 235: black ends at 0 and white at 255. Chroma is
// interpolated. Every byte is that of dwebp 1.2.4, which the digest is of.
func TestDecodeLossyWebP(t *testing.T) {
	im := decode(t, lossyFile(t))
	if got := fmt.Sprintf("%x", sha256.Sum256(im.Pix)); got != "b1b8cbc44301f43bd59ad4c7c303656b85448b9aeec4c5c97fc09a28d7e7ac58" {
		t.Errorf("digest %s", got)
	}
	if black, white := im.at(2, 11), im.at(18, 1); !near(black, [3]uint8{}, 8) || !near(white, [3]uint8{255, 255, 255}, 8) {
		t.Errorf("black is %v and white %v", black, white)
	}
}

// riffChunk is a chunk, padded to an even size.
func riffChunk(id string, body ...[]byte) []byte {
	all := bytes.Join(body, nil)
	return append(append(binary.LittleEndian.AppendUint32([]byte(id), uint32(len(all))), all...), make([]byte, len(all)&1)...)
}

func uint24s(values ...int) (b []byte) {
	for _, v := range values {
		b = append(b, byte(v), byte(v>>8), byte(v>>16))
	}
	return b
}

// extended is a WebP file of 31 x 20 pixels.
func extended(flags byte, chunks ...[]byte) []byte {
	all := append([][]byte{[]byte("WEBP"), riffChunk("VP8X", []byte{flags, 0, 0, 0}, uint24s(30, 19))}, chunks...)
	return riffChunk("RIFF", all...)
}

// The first frame of an animation stands at its place, white around it, whether it is
// lossy or lossless, opaque or not.
func TestDecodeAnimatedWebP(t *testing.T) {
	file := lossyFile(t)
	still, frame := decode(t, file), file[12:] // with its chunk's header
	alpha := make([]byte, 1+20*13)             // not compressed, not filtered: 0, 1, 2 ...
	for i := range alpha[1:] {
		alpha[1+i] = byte(i)
	}
	at := func(x, y, w, h int) []byte { return append(uint24s(x/2, y/2, w-1, h-1, 100), 0) }
	second := riffChunk("ANMF", at(0, 0, 20, 13), frame)
	for name, first := range map[string][]byte{
		"opaque": riffChunk("ANMF", at(6, 4, 20, 13), frame),
		"alpha":  riffChunk("ANMF", at(6, 4, 20, 13), riffChunk("ALPH", alpha), frame),
	} {
		im := decode(t, extended(2, riffChunk("ANIM", make([]byte, 6)), first, second))
		if im.W != 31 || im.H != 20 {
			t.Fatalf("%d x %d, want 31 x 20", im.W, im.H)
		}
		for y := range im.H {
			for x := range im.W {
				want := [3]uint8{255, 255, 255}
				if x >= 6 && x < 26 && y >= 4 && y < 17 {
					want = still.at(x-6, y-4)
					for c := range want {
						if a := int(uint8(20*(y-4) + x - 6)); name == "alpha" {
							want[c] = uint8((int(want[c])*a + 255*(255-a) + 127) / 255)
						}
					}
				}
				if im.at(x, y) != want {
					t.Fatalf("%s: pixel %d,%d is %v, want %v", name, x, y, im.at(x, y), want)
				}
			}
		}
	}
	red := []byte{0x2f, 0, 0, 0, 0x10, 0x07, 0x10, 0x11, 0x11, 0x88, 0x88, 0xfe, 0x07} // 1 x 1, lossless
	im := decode(t, extended(2, riffChunk("ANMF", at(4, 2, 1, 1), riffChunk("VP8L", red))))
	if dot := decode(t, riffChunk("RIFF", []byte("WEBP"), riffChunk("VP8L", red))); im.at(4, 2) != dot.at(0, 0) || im.at(5, 2) != [3]uint8{255, 255, 255} {
		t.Errorf("lossless frame: %v beside %v, want %v", im.at(4, 2), im.at(5, 2), dot.at(0, 0))
	}
}

// A still image may promise an alpha channel and have none; a frame out of the canvas,
// one of another size and what is missing are refused.
func TestDecodeExtendedWebP(t *testing.T) {
	frame := lossyFile(t)[12:]
	whole := append([]byte{}, extended(16, frame)...)
	copy(whole[24:], uint24s(19, 12)) // the canvas
	if im := decode(t, whole); !bytes.Equal(im.Pix, decode(t, lossyFile(t)).Pix) {
		t.Error("an alpha channel that is not there changes the image")
	}
	outside := append(uint24s(6, 0, 19, 12, 0), 0)
	for name, c := range map[string]struct {
		data []byte
		code string
	}{
		"another size":      {extended(0, frame), CodeDamaged},
		"out of the canvas": {extended(2, riffChunk("ANMF", outside, frame)), CodeDamaged},
		"no frame":          {extended(2, riffChunk("ANIM", make([]byte, 6))), CodeTruncated},
		"short alpha":       {extended(18, riffChunk("ANMF", append(uint24s(0, 0, 19, 12, 0), 0), riffChunk("ALPH", make([]byte, 9)), frame)), CodeTruncated},
		"cut":               {lossyFile(t)[:100], CodeTruncated},
	} {
		if _, err := Decode(c.data, 0); err == nil || fault.Of(err).Code != c.code || !strings.Contains(err.Error(), "WebP") {
			t.Errorf("%s: %v, want code %s", name, err, c.code)
		}
	}
}
