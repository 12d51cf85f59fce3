package torchfile

import (
	"archive/zip"
	"bytes"
	"errors"
	"hash/crc32"
	"io"
	"strings"
)

// The most bytes of a zip container that are read for its directory: about 20,000 tensors.
const mostDirectory = 2 << 20

// bounded is a file of which only a limited number of bytes can be read.
type bounded struct {
	io.ReaderAt
	left int
}

var errDirectory = errors.New("its directory is too long")

func (b *bounded) ReadAt(p []byte, at int64) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, errDirectory
	}
	return b.ReaderAt.ReadAt(p, at)
}

// zipped reads a zip container: a folder of any name with the pickle data.pkl, the
// storages data/KEY as they are in memory, and byteorder, which is "little" where
// that file is missing. Nothing in it is compressed.
func zipped(data []byte) any {
	at := &bounded{bytes.NewReader(data), mostDirectory}
	z, err := zip.NewReader(at, int64(len(data)))
	if err != nil {
		panic(refuse("it is a damaged zip container: %v", err))
	}
	at.left = len(data) // the header of each file in it, when it is asked for
	entries, folder := map[string]*zip.File{}, ""
	for _, f := range z.File {
		entries[f.Name] = f
		if dir, ok := strings.CutSuffix(f.Name, "data.pkl"); ok && strings.Count(dir, "/") <= 1 {
			folder = dir
		}
	}
	pickle := entries[folder+"data.pkl"]
	if pickle == nil {
		panic(refuse("it is a zip container without data.pkl"))
	}
	swap := false
	if f := entries[folder+"byteorder"]; f != nil {
		order := string(content(f, data))
		if swap = order == "big"; !swap && order != "little" {
			panic(refuse("its byteorder is %.20q", order))
		}
	}
	all := storages{}
	u := &unpickler{data: content(pickle, data), left: mostMemory}
	if crc32.ChecksumIEEE(u.data) != pickle.CRC32 {
		panic(refuse("its data.pkl does not have its checksum"))
	}
	length := len(data)
	u.persistent = func(id tuple) any { return u.storage(id, length, all) }
	root := u.load()
	for key, s := range all {
		f := entries[folder+"data/"+key]
		if f == nil {
			panic(refuse("it lacks the storage %.40q", key))
		}
		if s.data = content(f, data); len(s.data) != s.count*s.size {
			panic(refuse("the storage %.40q has %d bytes, and its tensors expect %d %s", key, len(s.data), s.count, s.name))
		}
		s.swap, s.sum = swap, &f.CRC32
	}
	return root
}

// content returns a file of the container without copying it.
func content(f *zip.File, data []byte) []byte {
	if f.Method != zip.Store {
		panic(refuse("%.80q in it is compressed", f.Name))
	}
	from, err := f.DataOffset()
	if err != nil {
		panic(refuse("%.80q in it is damaged: %v", f.Name, err))
	}
	if n := f.UncompressedSize64; from > int64(len(data)) || n > uint64(int64(len(data))-from) {
		panic(refuse("%.80q in it ends beyond the file", f.Name))
	}
	return data[from : from+int64(f.UncompressedSize64)]
}
