package main

import (
	"io/fs"
	"os"
)

// folder is the files of a folder. Links do not lead out of it, and it is opened for each file, so that it may be deleted
// and built again while it is served.
type folder string

// Open opens a file of the folder.
func (f folder) Open(name string) (fs.File, error) {
	root, err := os.OpenRoot(string(f))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return root.FS().Open(name)
}

// Stat describes a file without opening it, which would block for a pipe.
func (f folder) Stat(name string) (fs.FileInfo, error) {
	root, err := os.OpenRoot(string(f))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return fs.Stat(root.FS(), name)
}
