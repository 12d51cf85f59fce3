package export

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"bignas/core/fault"
	"bignas/train/atomicfile"
)

// WriteBeside writes a file and its config.json to the same folder. It replaces an existing config.json only where
// that belongs to a file of the same name.
func WriteBeside(file string, data, config []byte) error {
	beside := filepath.Join(filepath.Dir(file), ConfigName)
	old, err := os.ReadFile(beside)
	if err == nil {
		if c, err := ReadConfig(old); err != nil || c.File != filepath.Base(file) {
			return fault.New(CodeFolder, "write the child into a folder of its own, like "+filepath.Join(strings.TrimSuffix(file, filepath.Ext(file)), filepath.Base(file)),
				"%s belongs to something else than %s", beside, filepath.Base(file))
		}
	}
	if err := makeFolder(filepath.Dir(file)); err != nil {
		return err
	}
	if err := atomicfile.Write(file, data); err != nil {
		return err
	}
	if info, err := os.Stat(file); err == nil && !info.Mode().IsRegular() {
		return nil // a pipe has no folder
	}
	return atomicfile.Write(beside, config)
}

// WriteFolder writes files to a folder as a whole or not at all: to a temporary folder beside it, which is renamed. It
// replaces an existing folder only where that is empty or an earlier export.
func WriteFolder(dir string, files map[string][]byte) error {
	if err := replaceable(dir); err != nil {
		return err
	}
	if err := makeFolder(filepath.Dir(filepath.Clean(dir))); err != nil {
		return err
	}
	fresh, err := os.MkdirTemp(filepath.Dir(filepath.Clean(dir)), "."+filepath.Base(dir)+"-*")
	if err != nil {
		return fault.New("write", "take another folder", "%s was not written: %v", dir, err)
	}
	defer os.RemoveAll(fresh)                              // has no effect after the rename
	for _, name := range slices.Sorted(maps.Keys(files)) { // some hundred, which are not synced one by one
		if err := os.WriteFile(filepath.Join(fresh, name), files[name], 0o644); err != nil {
			return fault.New("write", "make room or take another folder", "%s was not written: %v", dir, errors.Unwrap(err))
		}
	}
	old := fresh + "-old"
	defer os.RemoveAll(old)
	err = os.Chmod(fresh, 0o755)
	if err == nil {
		if err = os.Rename(dir, old); errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	}
	if err == nil {
		err = os.Rename(fresh, dir)
	}
	if err != nil {
		_ = os.Rename(old, dir) // if it was moved
		return fault.New("write", "take another folder", "%s was not written: %v", dir, err)
	}
	return nil
}

// replaceable returns an error where replacing dir would lose other files.
func replaceable(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0:
		return nil
	case err != nil:
		return fault.New(CodeFolder, "take another folder", "%s cannot be written to: %v", dir, err)
	}
	text, err := os.ReadFile(filepath.Join(dir, ConfigName))
	if err == nil {
		_, err = ReadConfig(text)
	}
	if err != nil {
		return fault.New(CodeFolder, "take a folder that does not exist yet", "%s holds something else than an export", dir)
	}
	return nil
}

func makeFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fault.New("write", "take another folder", "the folder %s cannot be made: %v", dir, err)
	}
	return nil
}
