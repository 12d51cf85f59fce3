package dataset

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"bignas/core/fault"
)

// maxFile is the most bytes that are read of one picture file.
const maxFile = 256 << 20

// source hands out the picture files of a folder, of an archive or of a folder
// of archives.
type source struct {
	id    string // tells this source from another: names and sizes
	total int    // pictures, 0 if only reading everything would tell
	// each visits the pictures in an order that never changes. read works during
	// the visit only, and where it is not called, nothing is read.
	each  func(visit visitor) error
	notes *notes // what other files say about the pictures; complete after each
	close func()
}

// visitor is called with each picture; false ends the round.
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
	return openArchive(file, info)
}

func openArchive(file string, info fs.FileInfo) (*source, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fault.New(CodeNoData, "", "data: %v", err)
	}
	head := make([]byte, 512)
	n, _ := io.ReadFull(f, head)
	head = head[:n]
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		f.Close()
		return nil, fault.New(CodeNoData, "", "data: %v", err)
	}
	src := &source{notes: newNotes()}
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		err = src.zip(file, f, info.Size())
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		src.gzip(file, f)
	case isTar(file, head):
		err = src.tar(file, f, info.Size())
	default:
		err = fault.New(CodeArchive, "unpack it and give the folder, or pack it as .tar, .tgz or .zip",
			"data: %s is neither a folder nor a tar, gzipped tar or zip archive", file)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	src.id = fmt.Sprintf("%s %d", filepath.Base(file), info.Size())
	src.close = func() { f.Close() }
	return src, nil
}

func isTar(file string, head []byte) bool {
	return len(head) > 262 && string(head[257:262]) == "ustar" || strings.HasSuffix(strings.ToLower(file), ".tar")
}

func (s *source) zip(file string, f *os.File, size int64) error {
	z, err := zip.NewReader(f, size)
	if err != nil {
		return broken(file, err)
	}
	var files []*zip.File
	for _, e := range z.File {
		name := entryName(e.Name)
		if e.FileInfo().IsDir() {
			continue
		}
		if isPicture(name) {
			files = append(files, e)
		} else if isNote(name) {
			data, err := readZipped(e)
			if err != nil {
				return broken(file, err)
			}
			if err := s.notes.learn(name, data); err != nil {
				return err
			}
		}
	}
	s.total = len(files)
	s.each = func(visit visitor) error {
		for _, e := range files {
			if !visit(entryName(e.Name), func() ([]byte, error) { return readZipped(e) }) {
				return nil
			}
		}
		return nil
	}
	return nil
}

func readZipped(e *zip.File) ([]byte, error) {
	r, err := e.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return readEntry(r, int64(e.UncompressedSize64))
}

// countable is the size of a tar whose headers are read once to count the
// pictures. In a bigger one, such as ImageNet's 138 GB, that takes minutes where
// the disk is slow.
const countable = 8 << 30

// tar reads the headers once to count, which costs no reading of the files,
// then everything in order.
func (s *source) tar(file string, f *os.File, size int64) error {
	if size <= countable {
		err := eachTar(file, f, "", nil, func(string, func() ([]byte, error)) bool { s.total++; return true })
		if err != nil {
			return err
		}
	}
	s.each = func(visit visitor) error {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return err
		}
		return eachTar(file, f, "", s.notes, visit)
	}
	return nil
}

func (s *source) gzip(file string, f *os.File) {
	s.each = func(visit visitor) error {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return err
		}
		z, err := gzip.NewReader(bufio.NewReaderSize(f, 1<<20))
		if err != nil {
			return broken(file, err)
		}
		return eachTar(file, z, "", s.notes, visit)
	}
}

// eachTar visits the pictures of a tar stream, their names behind prefix, and
// those of the tars inside it, where the name of the inner tar becomes a folder:
// ImageNet's training pictures come as one tar a class inside one. A damaged or
// shortened archive is an error: half a data set would train without a word.
// notes may be nil.
func eachTar(file string, r io.Reader, prefix string, notes *notes, visit visitor) error {
	_, err := walkTar(file, r, prefix, notes, visit, 1)
	return err
}

// walkTar is eachTar; goOn is false after visit said so.
func walkTar(file string, r io.Reader, prefix string, notes *notes, visit visitor, deeper int) (goOn bool, err error) {
	for t := tar.NewReader(r); ; {
		h, err := t.Next()
		if err == io.EOF {
			return true, nil
		}
		if err != nil {
			return false, broken(file, err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		name := entryName(h.Name)
		switch {
		case isPicture(name):
			if !visit(prefix+name, func() ([]byte, error) { return readEntry(t, h.Size) }) {
				return false, nil
			}
		case notes != nil && (isNote(name) || isSampleNote(name)):
			data, err := readEntry(t, h.Size)
			if err != nil {
				return false, broken(file, err)
			}
			if err := notes.learn(prefix+name, data); err != nil {
				return false, err
			}
		case deeper > 0 && strings.HasSuffix(name, ".tar"):
			goOn, err := walkTar(file, inside(r, t, h.Size), prefix+strings.TrimSuffix(name, ".tar")+"/", notes, visit, deeper-1)
			if err != nil || !goOn {
				return goOn, err
			}
		}
	}
}

// inside is the entry that t has come to, of size bytes. Where the archive is a
// file, its own reader lets the inner archive skip what is not read.
func inside(archive io.Reader, t *tar.Reader, size int64) io.Reader {
	f, ok := archive.(*os.File)
	if !ok {
		return t
	}
	// tar.Reader reads no more than the header, so that the file stands behind it.
	at, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return t
	}
	return io.NewSectionReader(f, at, size)
}

func readEntry(r io.Reader, size int64) ([]byte, error) {
	if size > maxFile {
		return nil, fault.New(CodeArchive, "", "the file has %d bytes, more than the limit of %d", size, maxFile)
	}
	data := bytes.NewBuffer(make([]byte, 0, size+bytes.MinRead))
	_, err := data.ReadFrom(io.LimitReader(r, maxFile))
	return data.Bytes(), err
}

// entryName is the name of an archive's entry in one form: slashes, no "./".
func entryName(name string) string {
	return strings.TrimPrefix(strings.ReplaceAll(name, `\`, "/"), "./")
}

func broken(file string, err error) error {
	return fault.New(CodeArchive, "download or copy it again", "data: the archive %s is damaged or incomplete: %v", file, err)
}
