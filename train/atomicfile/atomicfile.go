// Package atomicfile writes files as a whole or not at all: after an interruption, or on a full disk,
// the old file is still there.
package atomicfile

import (
	"errors"
	"io"
	"os"
	"path/filepath"

	"bignas/core/fault"
)

// File is a temporary file before it is renamed.
type File interface {
	Name() string
	Write([]byte) (int, error)
	Chmod(os.FileMode) error
	Sync() error
	Close() error
}

// Temp creates the temporary file. Tests replace it by one that fills up.
var Temp = func(dir, pattern string) (File, error) { return os.CreateTemp(dir, pattern) }

// Write writes a file as a whole or not at all: it writes a temporary file beside it, syncs it and
// renames it. Pipes and devices are written to directly. The error is a *fault.Error with the code
// "write".
func Write(path string, data []byte) error {
	return WriteFrom(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// WriteFrom is Write of what content writes. An error of content that is a *fault.Error stays as it is.
func WriteFrom(path string, content func(w io.Writer) error) error {
	write := writeAndRename
	if info, err := os.Stat(path); err == nil && !info.IsDir() && !info.Mode().IsRegular() {
		write = writeInto
	}
	err := write(path, content)
	var told *fault.Error
	if err == nil || errors.As(err, &told) {
		return err
	}
	return fault.New("write", "make room or take another folder, then run the command again", "%s was not written, what was there before is untouched: %v", path, err)
}

// CanWrite returns an error where Write could not write one of the files, so that a mistake is noticed
// before hours of work. It leaves no file behind. Empty names are ignored.
func CanWrite(paths ...string) error {
	for _, path := range paths {
		if path == "" {
			continue
		}
		if err := canWrite(path); err != nil {
			return err
		}
	}
	return nil
}

func canWrite(path string) error {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return fault.New("write", "name a file in it", "%s cannot be written: it is a folder", path)
	case err == nil && !info.Mode().IsRegular():
		return nil
	}
	f, err := Temp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err == nil {
		f.Close()
		err = os.Remove(f.Name())
	}
	if err != nil {
		return fault.New("write", "make its folder, or choose another", "%s cannot be written: %v", path, err)
	}
	return nil
}

// writeInto writes to a pipe or a device.
func writeInto(path string, content func(w io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	err = content(f)
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}

func writeAndRename(path string, content func(w io.Writer) error) error {
	dir := filepath.Dir(path)
	tmp, err := Temp(dir, "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // fails after the rename
	err = content(tmp)
	if err == nil {
		err = tmp.Chmod(0o644)
	}
	if err == nil {
		err = tmp.Sync()
	}
	if e := tmp.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err == nil {
		syncFolder(dir)
	}
	return err
}

// syncFolder makes a rename durable where the system can. Some file systems refuse to sync a folder,
// which is ignored.
func syncFolder(dir string) {
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		d.Close()
	}
}

// Sweep removes temporary files of path that a killed process has left.
func Sweep(path string) {
	left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+"-*")) // the names of this program are valid patterns
	for _, f := range left {
		_ = os.Remove(f) // a file that stays takes space and does no other harm
	}
}
