// Command draw makes the sample images of the page. They are ours: scenes of
// signed distance functions, ray-marched with sun, sky, soft shadows, texture and
// film grain, so that a network that has learnt from photographs has a chance.
//
//	go run ./assets/samples/draw [--out assets/samples] [--only parachute]
//
// The result is the same on every run.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"image"
	"image/jpeg"
	"os"
	"path/filepath"

	"golang.org/x/image/draw"
)

const (
	side      = 288 // pixels of a sample
	smallSide = 104 // pixels of its button in the gallery, for two device pixels each
	maxBytes  = 30_000
)

func main() {
	out := flag.String("out", "assets/samples", "folder to write")
	only := flag.String("only", "", "name of the one scene to draw")
	flag.Parse()
	for _, s := range scenes() {
		if *only != "" && s.name != *only {
			continue
		}
		if err := save(*out, s); err != nil {
			fmt.Fprintln(os.Stderr, "draw:", err)
			os.Exit(1)
		}
	}
}

func scenes() []scene {
	return []scene{parachute(), church(), golfBall(), gasPump(), garbageTruck(), frenchHorn()}
}

func save(dir string, s scene) error {
	im := render(s, side)
	data, err := encode(im, 88)
	if err != nil {
		return err
	}
	small := image.NewRGBA(image.Rect(0, 0, smallSide, smallSide))
	draw.CatmullRom.Scale(small, small.Bounds(), im, im.Bounds(), draw.Src, nil)
	smallData, err := encode(small, 80)
	if err != nil {
		return err
	}
	fmt.Printf("%s: %d and %d bytes\n", s.name, len(data), len(smallData))
	if err := os.WriteFile(filepath.Join(dir, s.name+".jpg"), data, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, s.name+"-small.jpg"), smallData, 0o644)
}

// encode lowers the quality until the file is small enough.
func encode(im image.Image, quality int) ([]byte, error) {
	for {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, im, &jpeg.Options{Quality: quality}); err != nil {
			return nil, err
		}
		if b.Len() <= maxBytes || quality < 50 {
			return b.Bytes(), nil
		}
		quality -= 4
	}
}
