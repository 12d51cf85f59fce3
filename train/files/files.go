// Package files reads whole files that are named on a command line. Pipes, which may block, and
// devices, which may have no end, are refused.
package files

import (
	"bytes"
	"io"
	"io/fs"
	"os"

	"bignas/core/fault"
)

// Codes of the errors.
const (
	CodeNotFile = "not_a_file" // a pipe, a device or a socket
	CodeTooLong = "too_long"   // more than the limit
)

// The largest file that Read reads, and the longest stream that ReadAll reads, whose length is not known
// before. A photograph of 40 megapixels without compression has 160 MB.
const (
	MaxFile   = 1 << 30
	MaxStream = 256 << 20
)

// Regular returns an error where path is not a regular file or a folder: that of os.Stat, or a *fault.Error
// that says what path is.
func Regular(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	kind := ""
	switch mode := info.Mode(); {
	case mode.IsRegular(), mode.IsDir():
		return nil
	case mode&fs.ModeNamedPipe != 0:
		kind = "a pipe"
	case mode&fs.ModeSocket != 0:
		kind = "a socket"
	default:
		kind = "a device"
	}
	return fault.New(CodeNotFile, "give a file that lies on a disk", "%s is %s, not a file", path, kind)
}

// Read returns the content of a file. The error is that of Regular or os.ReadFile, or a *fault.Error for
// more than MaxFile bytes.
func Read(path string) ([]byte, error) {
	if err := Regular(path); err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > MaxFile {
		return nil, tooLong(path, MaxFile)
	}
	return atMost(f, path, MaxFile, int(info.Size()))
}

// ReadAll reads a stream to its end. name is for errors. The error is that of the stream, or a *fault.Error
// for more than MaxStream bytes.
func ReadAll(r io.Reader, name string) ([]byte, error) { return atMost(r, name, MaxStream, 0) }

// atMost reads r, which has about size bytes.
func atMost(r io.Reader, name string, limit, size int) ([]byte, error) {
	data := bytes.NewBuffer(make([]byte, 0, size+bytes.MinRead))
	if _, err := data.ReadFrom(io.LimitReader(r, int64(limit)+1)); err != nil {
		return nil, err
	}
	if data.Len() > limit {
		return nil, tooLong(name, limit)
	}
	return data.Bytes(), nil
}

func tooLong(name string, limit int) error {
	return fault.New(CodeTooLong, "check that it is the right one", "%s has more than %d MB, the most that is read", name, limit>>20)
}
