// Package dataset reads labelled images: from a folder or an archive of class
// folders, from ImageNet as it is distributed, from WebDataset shards, or drawn by
// the program itself; into memory, or once and for all into a prepared folder,
// which is mapped into memory.
//
// Every image is decoded once and kept as RGB bytes of one fixed side, so that
// an epoch costs no decoding. The order of the images and the split into
// training and validation depend on the names alone: not on the kind of archive,
// the order in it, the number of workers or the machine.
package dataset

import (
	"fmt"
	"path"
	"runtime"

	"bignas/core/fault"
	"bignas/train/shards"
)

// Options says how Open reads. The zero value is usable.
type Options struct {
	Side      int                   // pixels on a side of every stored image; 0: 224, for Shapes 128
	Workers   int                   // decoding goroutines; 0: one a CPU
	MaxPixels int                   // an image with more is skipped; 0: preprocess.DefaultMaxPixels
	Seed      uint64                // of the drawn data set Shapes
	Decoder   Decoder               // of the image files; the zero value: Go's own
	Names     string                // file with names for the classes (NameClasses); "": what lies beside the data
	Progress  func(done, total int) // called from one goroutine after each image; total is 0 while unknown (.tgz)
}

// Skipped is an image that was left out.
type Skipped struct {
	Name string // path inside the data set
	Err  error  // why
}

// Dataset is a set of labelled images in memory.
type Dataset struct {
	Source  string    // what Open was given
	Classes []string  // folder names, sorted, or those of weights (Match); the index is the label
	Labels  []string  // the same for people: WordNet ids of Imagenette become words
	Side    int       // pixels on a side of every image
	Skipped []Skipped // images that could not be read or have no class, sorted by name
	Empty   []string  // folders of classes without an image that can be read; they are not in Classes
	LeftOut []LeftOut // everything that is not used, Skipped included, by class, ending and reason

	items   []item
	mapped  []*shards.Shard // that the images of a prepared folder lie in
	folders []string        // folder names of Classes in the data; nil: the same
}

// half is the part of the data set that an image was found in.
type half uint8

const (
	trainHalf half = iota // also everything where there are no halves
	valHalf
	testHalf // left out
)

// item is one image.
type item struct {
	name  string // path inside the data set
	pix   []uint8
	label int
	half  half
	sum   uint64 // digest of the image's file; 0: not known
}

// Codes of the errors of Open, all of type *fault.Error.
const (
	CodeNoData      = "no_such_data"     // the path does not exist or cannot be read
	CodeArchive     = "bad_archive"      // an archive of an unknown kind, or a broken one
	CodeNoImages    = "no_images"        // nothing that can be decoded
	CodeSingleClass = "one_class"        // fewer than two class folders
	CodeOptions     = "bad_data_options" // an option out of range
	CodeNotes       = "bad_data_notes"   // a file with classes of images that is not what its name says
	CodePrepared    = "bad_prepared"     // a prepared folder that is unfinished, damaged or for another side
	CodeLayout      = "unclear_layout"   // folders or files that give no class for sure
	CodeCorrupt     = "too_many_corrupt" // more images cannot be read than Prepare may skip
)

// Open reads the data set at path: a folder of class folders, or a .tar, .tgz,
// .tar.gz or .zip of one; with or without train/ and val/ halves, perhaps under
// one top folder; ImageNet as it is distributed, that is a folder with
// ILSVRC2012_img_train.tar, ILSVRC2012_img_val.tar and the devkit, packed or
// not, or Kaggle's layout, unpacked or zipped; a tar of WebDataset samples or a
// folder of such tars; or a folder that Prepare wrote. The word "shapes" (Shapes)
// gives the drawn data set.
//
// An image that is already square is resized to o.Side, any other is cropped to
// its centre square first (the same as scaling the short side and cropping).
// What cannot be decoded is listed in Skipped. Errors are *fault.Error.
func Open(path string, o Options) (*Dataset, error) {
	if o.Side < 0 || o.Side > 4096 {
		return nil, fault.New(CodeOptions, "", "data: side is %d pixels, allowed are 1 to 4096 (0: the default)", o.Side)
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if path == Shapes {
		return drawShapes(o), nil
	}
	if o.Side == 0 && !isPrepared(path) {
		o.Side = 224
	}
	d, err := openFiles(path, o)
	if err == nil && o.Names != "" {
		err = d.NameClasses(o.Names)
	}
	return d, err
}

// openFiles reads a data set that is not drawn.
func openFiles(path string, o Options) (*Dataset, error) {
	if isPrepared(path) {
		return openPrepared(path, o.Side)
	}
	src, err := openSource(path)
	if err != nil {
		return nil, err
	}
	defer src.close()
	items, skipped, err := decodeAll(src, o)
	if err != nil {
		return nil, err
	}
	return assemble(path, o.Side, items, skipped, src)
}

// Len is the number of images, both halves together.
func (d *Dataset) Len() int { return len(d.items) }

// Image returns image i, Side*Side RGB bytes, row by row. It is shared: do not
// change it.
func (d *Dataset) Image(i int) []uint8 { return d.items[i].pix }

// Label returns the class of image i, an index of Classes.
func (d *Dataset) Label(i int) int { return d.items[i].label }

// Name returns the path of image i inside the data set, with slashes.
func (d *Dataset) Name(i int) string { return d.items[i].name }

// Describe is one line for people: how many images of how many classes.
func (d *Dataset) Describe() string {
	text := fmt.Sprintf("%s: %d images of %d classes at %d x %d", path.Base(d.Source), len(d.items), len(d.Classes), d.Side, d.Side)
	if n := len(d.Skipped); n > 0 {
		text += fmt.Sprintf(", %d skipped (first %s: %v)", n, d.Skipped[0].Name, d.Skipped[0].Err)
	}
	return text
}
