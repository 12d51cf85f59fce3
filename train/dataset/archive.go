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
	"path"
	"path/filepath"
	"strings"

	"bignas/core/fault"
)

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
	src := newSource()
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
	var names, samples []string
	byName := map[string]*zip.File{}
	for _, e := range z.File {
		name := entryName(zipName(e))
		switch {
		case e.FileInfo().IsDir():
			s.others.folder(name)
		case isImage(name):
			files, names = append(files, e), append(names, name)
		case isNote(name):
			if err := s.learnZipped(file, name, e); err != nil {
				return err
			}
		case isSampleNote(name) && e.UncompressedSize64 <= maxNote:
			samples, byName[name] = append(samples, name), e
		case !isUnlabelled(name):
			s.others.file(name)
		}
	}
	for _, name := range s.samplesOf(names, samples) {
		if err := s.learnZipped(file, name, byName[name]); err != nil {
			return err
		}
	}
	s.total = len(files)
	s.each = func(visit visitor) error {
		for i, e := range files {
			if !visit(names[i], func() ([]byte, error) { return readZipped(e) }) {
				return nil
			}
		}
		return nil
	}
	return nil
}

func (s *source) learnZipped(file, name string, e *zip.File) error {
	data, err := readZipped(e)
	if err != nil {
		return broken(file, err)
	}
	return s.notes.learn(name, data)
}

func readZipped(e *zip.File) ([]byte, error) {
	r, err := e.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return readEntry(r, int64(e.UncompressedSize64))
}

// countable is the size up to which the headers of a tar are read once to count the images. In a bigger one, such as
// ImageNet's 138 GB, that takes minutes on a slow disk.
const countable = 8 << 30

// tar reads the headers once to count the images, without reading the files, and then everything in order.
func (s *source) tar(file string, f *os.File, size int64) error {
	if size <= countable {
		var count *source
		_, err := count.walkTar(file, f, "", func(string, func() ([]byte, error)) bool { s.total++; return true }, 1)
		if err != nil {
			return err
		}
	}
	s.each = func(visit visitor) error {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return err
		}
		_, err := s.walkTar(file, f, "", visit, 1)
		return err
	}
	return nil
}

// gzip reads the archive to its last byte, because the checksum comes after the end of the tar.
func (s *source) gzip(file string, f *os.File) {
	s.each = func(visit visitor) error {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return err
		}
		z, err := gzip.NewReader(bufio.NewReaderSize(f, 1<<20))
		if err != nil {
			return broken(file, err)
		}
		goOn, err := s.walkTar(file, z, "", visit, 1)
		if err != nil || !goOn {
			return err
		}
		// Some programs write zeros after the last member.
		if _, err := io.Copy(io.Discard, z); err != nil && !errors.Is(err, gzip.ErrHeader) {
			return broken(file, err)
		}
		return nil
	}
}

// walkTar visits the images of a tar stream, their names after prefix, and those of the tars in it, whose names become
// folders: ImageNet's training images are a tar of one tar for each class. A damaged or truncated archive is an error,
// because half a data set would be trained on without notice. All other files go into the notes and the inventory of s,
// which is nil where images are only counted. goOn is false after visit has returned false.
func (s *source) walkTar(file string, r io.Reader, prefix string, visit visitor, deeper int) (goOn bool, err error) {
	for t := tar.NewReader(r); ; {
		h, err := t.Next()
		if err == io.EOF {
			return true, nil
		}
		if err != nil {
			return false, broken(file, err)
		}
		if s != nil && h.Typeflag != tar.TypeReg {
			s.special(h, prefix)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		name := entryName(h.Name)
		switch {
		case isImage(name):
			if !visit(prefix+name, func() ([]byte, error) { return readEntry(t, h.Size) }) {
				return false, nil
			}
		case deeper > 0 && strings.HasSuffix(name, ".tar"):
			goOn, err := s.walkTar(file, inside(r, t, h.Size), prefix+strings.TrimSuffix(name, ".tar")+"/", visit, deeper-1)
			if err != nil || !goOn {
				return goOn, err
			}
		case s == nil:
		case isNote(name) || isSampleNote(name) && h.Size <= maxNote:
			data, err := readEntry(t, h.Size)
			if err != nil {
				return false, broken(file, err)
			}
			if err := s.notes.learn(prefix+name, data); err != nil {
				return false, err
			}
		case !isUnlabelled(name):
			s.others.file(prefix + name)
		}
	}
}

// special records what a tar has besides files: folders, and links, which are not followed.
func (s *source) special(h *tar.Header, prefix string) {
	switch name := prefix + entryName(h.Name); h.Typeflag {
	case tar.TypeDir:
		s.others.folder(name)
	case tar.TypeSymlink, tar.TypeLink:
		s.others.leave(name, errLink)
	}
}

// inside returns the current entry of t, of size bytes. Where the archive is a file, the entry can be sought in, so that an
// inner archive skips what is not read.
func inside(archive io.Reader, t *tar.Reader, size int64) io.Reader {
	f, ok := archive.(*os.File)
	if !ok {
		return t
	}
	// tar.Reader reads no further than the header, so that the file is positioned after it.
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

// entryName normalises the name of an archive's entry: slashes, no "./", no leading slash; ".." only where it leads out of
// the archive.
func entryName(name string) string {
	if strings.Contains(name, `\`) {
		name = strings.ReplaceAll(name, `\`, "/")
	}
	name = strings.TrimPrefix(name, "./")
	if strings.HasPrefix(name, "/") || strings.Contains(name, "./") || strings.Contains(name, "//") {
		name = strings.TrimPrefix(path.Clean(strings.TrimLeft(name, "/")), "./")
	}
	return name
}

func broken(file string, err error) error {
	return fault.New(CodeArchive, "download or copy it again", "data: the archive %s is damaged or incomplete: %v", file, err)
}
