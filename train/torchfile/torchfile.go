// Package torchfile reads the tensors of files written by torch.save, without Python and without
// running anything that the file names: the pickles of torch up to 1.5 and the zip containers of
// later versions, whatever device the tensors were on. A file is mapped into memory, and values
// are read from it on demand.
//
// Classes and functions stay names. The few that make dictionaries and tensors are known; an
// object of any other is opaque.
package torchfile

import (
	"bytes"
	"fmt"
	"os"

	"bignas/core/fault"
	"bignas/train/files"
	"bignas/train/mapped"
)

// CodeFile is the code of the errors about what a file holds.
const CodeFile = "torch_file"

// refuse returns an error about a file.
func refuse(format string, args ...any) error {
	return fault.New(CodeFile, "write the file anew with torch.save(network.state_dict(), path)", format, args...)
}

// File is an open file. It and its tensors are for one goroutine.
type File struct {
	data []byte
	root any
}

// Open reads what a file says about its tensors, in at most 64 MB of memory. Errors are
// *fault.Error or of package os, and name the file.
func Open(path string) (*File, error) {
	if err := files.Regular(path); err != nil {
		return nil, err
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	f := &File{}
	if info.Size() > 0 {
		if f.data, err = mapped.Map(file, int(info.Size())); err != nil {
			return nil, fmt.Errorf("%s cannot be mapped into memory: %w", path, err)
		}
	}
	if f.root, err = parse(f.data, f.Release); err != nil {
		e := fault.Of(err)
		err = fault.New(e.Code, e.Hint, "%s cannot be read: %s", path, e.Message)
		f.Close()
		return nil, err
	}
	f.Release()
	return f, nil
}

// Release gives back the memory of what has been read of the file so far.
func (f *File) Release() { mapped.Release(f.data) }

// Close unmaps the file; its tensors can no longer be read.
func (f *File) Close() error {
	data := f.data
	f.data = nil
	return mapped.Unmap(data)
}

// parse reads a file in any container. Its tensors refer to data. Now and then it calls release,
// where it is not nil: it goes by all storages, and the pages around what is looked at take memory.
func parse(data []byte, release func()) (root any, err error) {
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(*fault.Error)
			if !ok {
				panic(r)
			}
			root, err = nil, e
		}
	}()
	switch {
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return zipped(data), nil
	case len(data) > 262 && string(data[257:262]) == "ustar":
		return nil, refuse("it is a tar container, as torch wrote before 0.1.10")
	case bytes.HasPrefix(data, []byte{0x80}), bytes.HasPrefix(data, []byte("L"+magicDigits)):
		return legacy(data, release), nil
	case bytes.HasPrefix(data, []byte("version https://git-lfs")):
		return nil, fault.New(CodeFile, "git lfs pull fetches the file", "it is a pointer of Git LFS")
	}
	return nil, refuse("it begins with %.16q, as nothing that torch.save wrote", data)
}
