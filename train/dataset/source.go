package dataset

import (
	"errors"
	"io/fs"
	"os"

	"bignas/core/fault"
	"bignas/train/files"
)

// maxFile is the most bytes that are read of one image file, maxNote of one with
// the class of a sample.
const (
	maxFile = 256 << 20
	maxNote = 1 << 20
)

// source hands out the image files of a folder, of an archive or of a folder
// of archives.
type source struct {
	id    string // tells this source from another: names and sizes
	total int    // images, 0 if only reading everything would tell
	// each visits the images in an order that never changes. read works during
	// the visit only, and where it is not called, nothing is read.
	each   func(visit visitor) error
	notes  *notes            // what other files say about the images; complete after each
	others inventory         // all other files; complete after each
	links  map[string]string // images that are links -> the file itself, by its name in the data set where it has one
	close  func()
}

func newSource() *source {
	return &source{notes: newNotes(), others: inventory{}, close: func() {}}
}

// visitor is called with each image; false ends the round.
type visitor func(name string, read func() ([]byte, error)) bool

// openSource finds out what file is. An archive is recognised by its first
// bytes, whatever its name.
func openSource(file string) (*source, error) {
	info, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(CodeNoData, "give a folder of class folders, a .tar, .tgz or .zip of one, a folder that train prepare wrote, or the word "+Shapes,
			"data: %s does not exist", file)
	}
	if err != nil {
		return nil, fault.New(CodeNoData, "", "data: %v", err)
	}
	if info.IsDir() {
		return openFolder(file)
	}
	if err := files.Regular(file); err != nil {
		return nil, err
	}
	return openArchive(file, info)
}
