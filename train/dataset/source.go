package dataset

import (
	"errors"
	"io/fs"
	"os"

	"bignas/core/fault"
	"bignas/train/files"
)

// maxFile is the size of the largest image file that is read, maxNote that of the largest file with the class of a sample.
const (
	maxFile = 256 << 20
	maxNote = 1 << 20
)

// source is the image files of a folder, of an archive or of a folder of archives.
type source struct {
	id    string // identifies the source: names and sizes
	total int    // number of images; 0 if not known before reading everything
	// each visits the images, always in the same order. read is valid during the visit; where it is not called,
	// nothing is read.
	each   func(visit visitor) error
	notes  *notes            // information from other files; complete after each
	others inventory         // all other files; complete after each
	links  map[string]string // images that are links -> their files, by the name in the data set where it has one
	close  func()
}

func newSource() *source {
	return &source{notes: newNotes(), others: inventory{}, close: func() {}}
}

// visitor is called with each image. It returns false to stop.
type visitor func(name string, read func() ([]byte, error)) bool

// openSource opens a folder or an archive, which is recognised by its first bytes, whatever its name.
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
