package dataset

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"bignas/core/fault"
)

// maxFile is the most bytes that are read of one picture file.
const maxFile = 256 << 20

// source hands out the picture files of a folder or an archive.
type source struct {
	total int // pictures, 0 if only reading everything would tell
	each  func(visit func(name string, data []byte, err error) bool) error
	close func()
}

// openSource finds out what file is. An archive is recognised by its first
// bytes, whatever its name.
func openSource(file string) (*source, error) {
	info, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(CodeNoData, "give a folder of class folders, a .tar, .tgz or .zip of one, or the word "+Shapes,
			"data: %s does not exist", file)
	}
	if err != nil {
		return nil, fault.New(CodeNoData, "", "data: %v", err)
	}
	if info.IsDir() {
		return openFolder(file)
	}
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
	var src *source
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		src, err = openZip(file, f, info.Size())
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		src = openGzip(file, f)
	case len(head) > 262 && string(head[257:262]) == "ustar", strings.HasSuffix(strings.ToLower(file), ".tar"):
		src, err = openTar(file, f)
	default:
		err = fault.New(CodeArchive, "unpack it and give the folder, or pack it as .tar, .tgz or .zip",
			"data: %s is neither a folder nor a tar, gzipped tar or zip archive", file)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	src.close = func() { f.Close() }
	return src, nil
}

// openFolder lists the pictures below a folder. Links are followed: data sets
// are often put together from them.
func openFolder(root string) (*source, error) {
	names, err := listPictures(root, "", nil)
	if err != nil {
		return nil, fault.New(CodeNoData, "", "data: %v", err)
	}
	each := func(visit func(string, []byte, error) bool) error {
		for _, name := range names {
			data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
			if !visit(name, data, err) {
				return nil
			}
		}
		return nil
	}
	return &source{total: len(names), each: each, close: func() {}}, nil
}

// listPictures appends the pictures below root/below, at most maxDepth folders
// deep, so that a link to a folder above ends.
func listPictures(root, below string, names []string) ([]string, error) {
	const maxDepth = 8
	entries, err := os.ReadDir(filepath.Join(root, filepath.FromSlash(below)))
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		name := path.Join(below, e.Name())
		info, err := os.Stat(filepath.Join(root, filepath.FromSlash(name)))
		switch {
		case err != nil: // a link to nothing: reading it will say so
			if isPicture(name) {
				names = append(names, name)
			}
		case !info.IsDir():
			if isPicture(name) {
				names = append(names, name)
			}
		case strings.Count(name, "/") < maxDepth:
			if names, err = listPictures(root, name, names); err != nil {
				return nil, err
			}
		}
	}
	return names, nil
}

func openZip(file string, f *os.File, size int64) (*source, error) {
	z, err := zip.NewReader(f, size)
	if err != nil {
		return nil, broken(file, err)
	}
	var files []*zip.File
	for _, e := range z.File {
		if !e.FileInfo().IsDir() && isPicture(entryName(e.Name)) {
			files = append(files, e)
		}
	}
	each := func(visit func(string, []byte, error) bool) error {
		for _, e := range files {
			data, err := readZipped(e)
			if !visit(entryName(e.Name), data, err) {
				return nil
			}
		}
		return nil
	}
	return &source{total: len(files), each: each}, nil
}

func readZipped(e *zip.File) ([]byte, error) {
	r, err := e.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return readEntry(r, int64(e.UncompressedSize64))
}

// openTar reads the headers once to count, which costs no reading of the files,
// then everything in order.
func openTar(file string, f *os.File) (*source, error) {
	total := 0
	if err := eachTar(file, f, func(string, *tar.Header, io.Reader) bool { total++; return true }); err != nil {
		return nil, err
	}
	each := func(visit func(string, []byte, error) bool) error {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return err
		}
		return eachTar(file, f, reading(visit))
	}
	return &source{total: total, each: each}, nil
}

func openGzip(file string, f *os.File) *source {
	return &source{each: func(visit func(string, []byte, error) bool) error {
		z, err := gzip.NewReader(bufio.NewReaderSize(f, 1<<20))
		if err != nil {
			return broken(file, err)
		}
		return eachTar(file, z, reading(visit))
	}}
}

// reading makes a visitor of tar entries from one of file contents.
func reading(visit func(string, []byte, error) bool) func(string, *tar.Header, io.Reader) bool {
	return func(name string, h *tar.Header, r io.Reader) bool {
		data, err := readEntry(r, h.Size)
		return visit(name, data, err)
	}
}

// eachTar visits the pictures of a tar stream. A damaged or shortened archive is
// an error: half a data set would train without a word.
func eachTar(file string, r io.Reader, visit func(string, *tar.Header, io.Reader) bool) error {
	for t := tar.NewReader(r); ; {
		h, err := t.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return broken(file, err)
		}
		if name := entryName(h.Name); h.Typeflag == tar.TypeReg && isPicture(name) && !visit(name, h, t) {
			return nil
		}
	}
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
