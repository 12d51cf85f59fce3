package imagetest

import (
	"bytes"
	"fmt"
	"image/png"

	"bignas/core/preprocess"
)

var dwebp = []string{"dwebp", "-quiet", "-pam", "%", "-o", "-"}

// webp writes lossy and lossless files with libwebp, and frames that it never writes.
func (g *generator) webp() {
	add := func(kind, name string, data []byte) {
		g.add(File{Kind: kind, Name: name, Data: data, Reference: dwebp})
	}
	for i := range 60 {
		w, h := 1+i*7%67, 1+i*13%59
		options := []string{"-q", fmt.Sprint(i * 17 % 101), "-m", fmt.Sprint(i % 7), "-segments", fmt.Sprint(1 + i%4), "-sharpness", fmt.Sprint(i % 8), "-f", fmt.Sprint(i * 29 % 101), "-sns", fmt.Sprint(i * 37 % 101)}
		if i%3 == 0 {
			options = append(options, "-nostrong")
		}
		if i%5 == 0 {
			options = append(options, "-sharp_yuv")
		}
		name := fmt.Sprint(options, " ", w, " x ", h)
		command := append(append([]string{"cwebp", "-quiet"}, options...), "%", "-o", "-")
		add("WebP, lossy", name, g.encode(pnm(Paint(w, h, g.next(), false)), command...))
		var b bytes.Buffer
		if err := png.Encode(&b, Paint(w, h, g.next(), true)); err != nil {
			g.err = err
		}
		command = append([]string{"cwebp", "-quiet", "-alpha_filter", []string{"none", "fast", "best"}[i%3], "-alpha_method", fmt.Sprint(i / 3 % 2), "-alpha_q", fmt.Sprint(100 - i/2)}, command[2:]...)
		add("WebP, lossy with alpha", name, g.encode(b.Bytes(), command...))
		add("WebP, lossless", name, g.encode(b.Bytes(), "cwebp", "-quiet", "-lossless", "-exact", "-z", fmt.Sprint(i%10), "%", "-o", "-"))
		add("WebP, lossy, any header and coefficients", fmt.Sprint("seed ", g.next()), riff(chunk("VP8 ", Frame(w, h, g.seed, false))))
	}
	g.animated()
	for o := 1; o <= 8; o++ {
		lossy := g.encode(pnm(Paint(20, 13, g.next(), false)), "cwebp", "-quiet", "%", "-o", "-")
		if len(lossy) < 12 {
			return
		}
		whole := riff(chunk("VP8X", []byte{8, 0, 0, 0, 19, 0, 0, 12, 0, 0}), lossy[12:], chunk("EXIF", exif(o)))
		g.add(File{Kind: "WebP, orientation", Name: fmt.Sprint(o), Data: whole, Reference: dwebp, Orientation: o})
	}
}

// animated writes animations whose first frame covers a part of the canvas. The truth is the
// frame as webpmux extracts it and dwebp decodes it.
func (g *generator) animated() {
	for i := range 12 {
		w, h, x, y := 9+i*5, 8+i*3, 2*(i%4), 2*(i%5)
		var b bytes.Buffer
		if err := png.Encode(&b, Paint(w, h, g.next(), i%2 == 1)); err != nil {
			g.err = err
		}
		still := g.encode(b.Bytes(), append([]string{"cwebp", "-quiet", "%", "-o", "-"}, [][]string{nil, {"-q", "90"}, {"-lossless", "-exact"}}[i%3]...)...)
		if len(still) < 30 {
			return
		}
		frame := still[12:]
		if string(frame[:4]) == "VP8X" { // with alpha
			frame = frame[18:]
		}
		at := []byte{byte(x / 2), 0, 0, byte(y / 2), 0, 0, byte(w - 1), 0, 0, byte(h - 1), 0, 0, 100, 0, 0, 2}
		canvas := []byte{2 | 16, 0, 0, 0, byte(w + x + 2), 0, 0, byte(h + y), 0, 0}
		data := riff(chunk("VP8X", canvas), chunk("ANIM", make([]byte, 6)), chunk("ANMF", at, frame), chunk("ANMF", at, frame))
		first := File{Data: g.encode(data, "webpmux", "-get", "frame", "1", "%", "-o", "@"), Reference: dwebp}
		im, err := first.Decode()
		if err != nil {
			g.err = err
			return
		}
		whole := &preprocess.Image{W: w + x + 3, H: h + y + 1}
		whole.Pix = bytes.Repeat([]byte{255}, 3*whole.W*whole.H)
		for row := range h {
			copy(whole.Pix[3*((row+y)*whole.W+x):], im.Pix[3*row*w:3*(row+1)*w])
		}
		g.add(File{Kind: "WebP, animated", Name: fmt.Sprint(w, " x ", h, " at ", x, ",", y), Data: data, Truth: whole})
	}
}
