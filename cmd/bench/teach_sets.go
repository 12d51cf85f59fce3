package main

import (
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"

	"bignas/core/fault"
	"bignas/train/dataset"
)

// Of each class of a set that is taught.
const (
	taughtClasses = 5
	taughtImages  = 20
	otherImages   = 40 // to measure on
)

// drawnSet writes five classes of the drawn data set: images to learn from in
// train/CLASS of the folder, and others in others/val/CLASS.
func drawnSet(folder string, seed uint64) error {
	d, err := dataset.Open(dataset.Shapes, dataset.Options{Seed: seed})
	if err != nil {
		return err
	}
	train, val := d.Split(0, 0)
	for i, s := range []dataset.Subset{train, val} {
		count := make([]int, len(d.Classes))
		for k := range s.Len() {
			class, n := s.Label(k), []int{taughtImages, otherImages}[i]
			if count[class]++; class >= taughtClasses || count[class] > n {
				continue
			}
			if err := writeTaught(folder, i == 1, d.Classes[class], count[class], s.Image(k), s.Side()); err != nil {
				return err
			}
		}
	}
	return nil
}

var fashionClasses = [taughtClasses]string{"T-shirt", "trousers", "pullover", "dress", "coat"}

// fashionSet does the same with the first five classes of Fashion-MNIST (Xiao et al.,
// arXiv 1708.07747), images that the seed picks from the test half in the folder from.
func fashionSet(folder, from string, seed uint64) error {
	images, err := readIDX(filepath.Join(from, "t10k-images-idx3-ubyte.gz"), 16)
	if err != nil {
		return err
	}
	labels, err := readIDX(filepath.Join(from, "t10k-labels-idx1-ubyte.gz"), 8)
	if err != nil {
		return err
	}
	const side = 28
	if len(images) != side*side*len(labels) {
		return fault.New("bad_file", "take another copy", "%s holds %d bytes of images and %d labels", from, len(images), len(labels))
	}
	count := [taughtClasses]int{}
	for _, k := range rand.New(rand.NewPCG(seed, 1)).Perm(len(labels)) {
		class := int(labels[k])
		if class >= taughtClasses || count[class] == taughtImages+otherImages {
			continue
		}
		count[class]++
		var pix []uint8
		for _, grey := range images[k*side*side : (k+1)*side*side] {
			pix = append(pix, grey, grey, grey)
		}
		if err := writeTaught(folder, count[class] > taughtImages, fashionClasses[class], count[class], pix, side); err != nil {
			return err
		}
	}
	return nil
}

// readIDX reads the values of a compressed IDX file, behind a header of that length.
func readIDX(file string, header int) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fault.New("no_file", "install dataset-fashion-mnist, or name the folder with --fashion", "%v", err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(z, 1<<26))
	if err != nil || len(data) < header {
		return nil, fault.New("bad_file", "take another copy", "%s is cut off (%v)", file, err)
	}
	return data[header:], nil
}

func writeTaught(folder string, other bool, class string, number int, pix []uint8, side int) error {
	if folder = filepath.Join(folder, "train", class); other {
		folder = filepath.Join(filepath.Dir(filepath.Dir(folder)), "others", "val", class)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	file, err := dataset.PNG(pix, side)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, fmt.Sprintf("%03d.png", number)), file, 0o644)
}
