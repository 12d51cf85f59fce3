// Package dataset reads labelled images from a folder or an archive of class folders, from ImageNet as it is distributed, or
// from WebDataset shards, or draws them. Images are read into memory or, once, into a prepared folder, which is mapped into
// memory.
//
// Each image is decoded once and stored as RGB bytes of a fixed side, so that an epoch needs no decoding. The order of the
// images and the split into training and validation depend on the names alone, not on the kind of archive, the order in it,
// the number of workers or the machine.
package dataset

import (
	"fmt"
	"path"
	"runtime"

	"bignas/core/fault"
	"bignas/train/shards"
)

// Options of Open. The zero value is usable.
type Options struct {
	Side      int                   // pixels on a side of the stored images; 0: 224, for Shapes 128
	Workers   int                   // decoding goroutines; 0: one for each CPU
	MaxPixels int                   // images with more are skipped; 0: preprocess.DefaultMaxPixels
	Seed      uint64                // of the drawn data set Shapes
	Decoder   Decoder               // of the image files; the zero value: Go's own
	Names     string                // file with names for the classes (NameClasses); "": files beside the data
	Progress  func(done, total int) // called from one goroutine after each image; total is 0 while unknown (.tgz)
}

// Skipped is an image that was left out.
type Skipped struct {
	Name string // path in the data set
	Err  error  // reason
}

// Dataset is a set of labelled images.
type Dataset struct {
	Source  string    // what Open was given
	Classes []string  // folder names, sorted, or those of weights (Match); the index is the label
	Labels  []string  // names of the classes for people: words for WordNet ids of Imagenette
	Side    int       // pixels on a side of every image
	Skipped []Skipped // images that could not be read or have no class, sorted by name
	Empty   []string  // folders of classes without a readable image, which are not in Classes
	LeftOut []LeftOut // everything that is not used, Skipped included, by class, ending and reason

	items   []item
	mapped  []*shards.Shard // of a prepared folder
	folders []string        // folder names of Classes in the data; nil: the same
}

// half is the part of the data set that an image is in.
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
	sum   uint64 // digest of the image's file; 0 where not known
}

// Codes of the errors of Open.
const (
	CodeNoData      = "no_such_data"     // the path does not exist or cannot be read
	CodeArchive     = "bad_archive"      // an archive of an unknown kind, or a damaged one
	CodeNoImages    = "no_images"        // nothing that can be decoded
	CodeSingleClass = "one_class"        // fewer than two class folders
	CodeOptions     = "bad_data_options" // an option out of range
	CodeNotes       = "bad_data_notes"   // a file with classes of images that cannot be read
	CodePrepared    = "bad_prepared"     // a prepared folder that is unfinished, damaged or for another side
	CodeLayout      = "unclear_layout"   // folders or files with unclear classes
	CodeCorrupt     = "too_many_corrupt" // more unreadable images than Prepare may skip
)

// Open reads the data set at path: a folder of class folders, or a .tar, .tgz, .tar.gz or .zip of one, with or without
// train/ and val/ halves, possibly in a top folder; ImageNet as it is distributed, that is a folder with
// ILSVRC2012_img_train.tar, ILSVRC2012_img_val.tar and the devkit, packed or not, or in Kaggle's layout, unpacked or zipped;
// a tar of WebDataset samples or a folder of such tars; or a folder that Prepare has written. The word "shapes" (Shapes)
// stands for the drawn data set.
//
// Images are cropped to their centre square and resized to o.Side. Files that cannot be decoded are listed in Skipped. The
// error is a *fault.Error.
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

// openFiles reads a data set from files.
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

// Len returns the number of images in both halves.
func (d *Dataset) Len() int { return len(d.items) }

// Image returns image i, Side*Side RGB bytes, row by row. It is shared and must not be changed.
func (d *Dataset) Image(i int) []uint8 { return d.items[i].pix }

// Label returns the class of image i, an index of Classes.
func (d *Dataset) Label(i int) int { return d.items[i].label }

// Name returns the path of image i in the data set, with slashes.
func (d *Dataset) Name(i int) string { return d.items[i].name }

// Describe returns a line for people with the numbers of images and classes.
func (d *Dataset) Describe() string {
	text := fmt.Sprintf("%s: %d images of %d classes at %d x %d", path.Base(d.Source), len(d.items), len(d.Classes), d.Side, d.Side)
	if n := len(d.Skipped); n > 0 {
		text += fmt.Sprintf(", %d skipped (first %s: %v)", n, d.Skipped[0].Name, d.Skipped[0].Err)
	}
	return text
}
