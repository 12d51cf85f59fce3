package imagetest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"bignas/core/preprocess"
)

func header(magic string, w, h int) string { return fmt.Sprintf("%s\n%d %d\n255\n", magic, w, h) }

// Run runs a command on a file with data. "%" in its arguments stands for the name of that file.
// Run returns the command's standard output, or the contents of the file whose name "@" stands for.
func Run(data []byte, command ...string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "imagetest")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "image")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		return nil, err
	}
	args := make([]string, len(command))
	for i, a := range command {
		if args[i] = a; a == "%" {
			args[i] = name
		}
		if a == "@" {
			args[i] = name + ".out"
		}
	}
	out, err := exec.Command(args[0], args[1:]...).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = fmt.Errorf("%s: %v: %s", strings.Join(command, " "), err, bytes.TrimSpace(exit.Stderr))
	}
	if err == nil && slices.Contains(command, "@") {
		return os.ReadFile(name + ".out")
	}
	return out, err
}

// Decode decodes a file with its reference decoder: upright, over white.
func (f *File) Decode() (*preprocess.Image, error) {
	out, err := Run(f.Data, f.Reference...)
	if err != nil {
		return nil, err
	}
	im, err := parsePNM(out)
	if err != nil || f.Orientation < 2 {
		return im, err
	}
	return turn(im, f.Orientation), nil
}

// parsePNM reads the binary forms: P4, P5, P6 and P7.
func parsePNM(data []byte) (*preprocess.Image, error) {
	r := bufio.NewReader(bytes.NewReader(data))
	var magic string
	var w, h, depth, top int
	fmt.Fscan(r, &magic)
	switch magic {
	case "P4":
		depth, top = 1, 1
		fmt.Fscan(r, &w, &h)
	case "P5", "P6":
		depth = map[string]int{"P5": 1, "P6": 3}[magic]
		fmt.Fscan(r, &w, &h, &top)
	case "P7":
		for word := ""; word != "ENDHDR"; {
			if _, err := fmt.Fscan(r, &word); err != nil {
				return nil, err
			}
			to := map[string]*int{"WIDTH": &w, "HEIGHT": &h, "DEPTH": &depth, "MAXVAL": &top}[word]
			if to != nil {
				fmt.Fscan(r, to)
			}
		}
	}
	if _, err := r.ReadByte(); err != nil || w < 1 || h < 1 || depth < 1 || top < 1 {
		return nil, fmt.Errorf("no PNM file: %.40q", data)
	}
	rest, _ := io.ReadAll(r)
	bytesEach, row := 1, w*depth
	if top > 255 {
		bytesEach, row = 2, 2*row
	}
	if magic == "P4" {
		row = (w + 7) / 8
	}
	if len(rest) < row*h {
		return nil, fmt.Errorf("PNM file of %d bytes, want %d", len(rest), row*h)
	}
	im := &preprocess.Image{W: w, H: h, Pix: make([]uint8, 0, 3*w*h)}
	for y := range h {
		line := rest[y*row:]
		value := func(x, c int) int {
			switch i := x*depth + c; {
			case magic == "P4":
				return 1 - int(line[x/8]>>(7-x%8)&1)
			case bytesEach == 2:
				return int(line[2*i])<<8 | int(line[2*i+1])
			default:
				return int(line[i])
			}
		}
		for x := range w {
			alpha := top
			if depth == 2 || depth == 4 {
				alpha = value(x, depth-1)
			}
			for c := range 3 {
				v := value(x, min(c, (depth-1)/2*2))
				im.Pix = append(im.Pix, uint8((255*(v*alpha+top*(top-alpha))+top*top/2)/(top*top)))
			}
		}
	}
	return im, nil
}

// turn applies an EXIF orientation, pixel by pixel.
func turn(im *preprocess.Image, orientation int) *preprocess.Image {
	out := &preprocess.Image{W: im.W, H: im.H, Pix: make([]uint8, len(im.Pix))}
	if orientation >= 5 {
		out.W, out.H = im.H, im.W
	}
	for y := range im.H {
		for x := range im.W {
			right, down := im.W-1-x, im.H-1-y
			to := [9][2]int{{}, {x, y}, {right, y}, {right, down}, {x, down}, {y, x}, {down, x}, {down, right}, {y, right}}[orientation]
			copy(out.Pix[3*(to[1]*out.W+to[0]):][:3], im.Pix[3*(y*im.W+x):])
		}
	}
	return out
}
