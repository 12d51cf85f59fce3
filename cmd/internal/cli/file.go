package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"bignas/core/fault"
	"bignas/train/files"
)

// DefaultWeights is the path of the shipped weights, relative to the root of the repository.
const DefaultWeights = "assets/bignas-nette.safetensors"

// Codes of the errors of ReadFile, FileError and ReadWeights.
const (
	CodeNoFile   = "no_file"   // it does not exist
	CodeReadFile = "read_file" // it exists and cannot be read
)

// ReadFile returns the content of the file, or of stdin where path is "-". The error is a *fault.Error that names the path.
func ReadFile(path string, stdin io.Reader) ([]byte, error) {
	if path == "-" {
		data, err := files.ReadAll(stdin, "standard input")
		if err != nil {
			return nil, fault.As(fmt.Errorf("standard input cannot be read: %w", err), CodeReadFile)
		}
		return data, nil
	}
	data, err := files.Read(path)
	if err == nil {
		return data, nil
	}
	f := FileError(path, err)
	if f.Code == files.CodeNotFile && stdin != nil {
		f.Hint += ", or - and it as standard input"
	}
	return nil, f
}

// FileError returns the error of reading or opening a file, with its path.
func FileError(path string, err error) *fault.Error {
	if f, ok := err.(*fault.Error); ok {
		return f
	}
	if errors.Is(err, fs.ErrNotExist) {
		return fault.New(CodeNoFile, "check the name"+folder(), "there is no file %s", path)
	}
	var inner *fs.PathError
	if errors.As(err, &inner) {
		err = inner.Err
	}
	return fault.New(CodeReadFile, "choose a file that you may read", "%s cannot be read: %v", path, err)
}

// ReadWeights is ReadFile for the value of --weights.
func ReadWeights(path string) ([]byte, error) {
	data, err := ReadFile(path, nil)
	if f := fault.Of(err); f != nil && f.Code == CodeNoFile {
		if path == DefaultWeights {
			return nil, fault.New(CodeNoFile, "run the command in the root folder of the repository, or give --weights a file written by train"+folder(), "there is no file %s", path)
		}
		return nil, fault.New(CodeNoFile, "give --weights a .safetensors file written by train"+folder(), "there is no file %s", path)
	}
	return data, err
}

// folder names the current folder, for hints.
func folder() string {
	here, err := os.Getwd()
	if err != nil {
		return ""
	}
	return "; the current folder is " + here
}
