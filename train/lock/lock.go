// Package lock locks a folder, such as that of a training run, so that one process at a time writes to it.
// Where the system has flock or exclusive opening of files, a lock ends with its process. Elsewhere a lock
// file names the process, and is stale when that has ended.
package lock

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"bignas/core/fault"
)

// Name is the name of the lock file in a folder. It says which process has the lock.
const Name = ".lock"

// Codes of the errors of Folder.
const (
	CodeFolder = "bad_folder" // the folder cannot be made or written to
	CodeTaken  = "in_use"     // another process has the lock
)

// Lock is a locked folder.
type Lock struct {
	file *os.File // held open
	path string
	made []string // folders that were made for the lock, the innermost first
}

// errTaken is the error of a lock that another process has.
var errTaken = errors.New("taken")

// errUnsupported is the error of a system or file system without such locks.
var errUnsupported = errors.New("no locks here")

// Folder locks the folder at path, which it makes where it is missing. The error, a *fault.Error, says why the
// folder cannot be written to, or which process has the lock.
func Folder(path string) (*Lock, error) {
	l := &Lock{path: filepath.Join(path, Name)}
	for dir := filepath.Clean(path); ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err == nil && !info.IsDir() {
			return nil, fault.New(CodeFolder, "choose another --out", "%s cannot be a folder: %s is a file", path, dir)
		}
		if err == nil || dir == filepath.Dir(dir) {
			break
		}
		if errors.Is(err, fs.ErrNotExist) {
			l.made = append(l.made, dir)
		}
	}
	if err := os.MkdirAll(path, 0o755); err != nil {
		l.Release()
		return nil, fault.New(CodeFolder, "choose another --out", "the folder %s cannot be made: %v", path, err)
	}
	err, hint := l.take(hold), "wait for it, stop it, or choose another --out"
	if errors.Is(err, errUnsupported) {
		err, hint = l.take(holdByName), hint+"; if it has ended, delete "+l.path
	}
	if errors.Is(err, errTaken) {
		return nil, fault.New(CodeTaken, hint, "%s is in use: %s writes there", path, holder(l.path))
	}
	if err != nil {
		l.Release()
		return nil, fault.New(CodeFolder, "choose another --out", "nothing can be written into %s: %v", path, err)
	}
	return l, nil
}

// take locks the lock file and writes the name of this process to it.
func (l *Lock) take(hold func(path string) (*os.File, error)) error {
	f, err := hold(l.path)
	if err != nil {
		return err
	}
	host, _ := os.Hostname() // "" where it is not known
	l.file = f
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%d\n%s\n%s\n", os.Getpid(), host, time.Now().Format(time.DateTime))
	return err
}

// Release unlocks the folder. Folders that were made for the lock are removed if they are empty.
func (l *Lock) Release() {
	if l.file != nil {
		letGo(l.path, l.file)
		l.file = nil
	}
	for _, dir := range l.made {
		if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) { // not empty
			break
		}
	}
}

// owner is the content of a lock file.
type owner struct {
	pid         int
	host, since string
}

func readOwner(path string) (o owner, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return o, err
	}
	lines := strings.Split(string(text), "\n")
	if len(lines) != 4 {
		return o, fmt.Errorf("%s is cut off", path)
	}
	o.host, o.since = lines[1], lines[2]
	_, err = fmt.Sscanf(lines[0], "%d", &o.pid)
	return o, err
}

// holder describes the process that has the lock.
func holder(path string) string {
	o, err := readOwner(path)
	if err != nil {
		return "another process"
	}
	return fmt.Sprintf("process %d on %s, since %s,", o.pid, o.host, o.since)
}

// holdByName locks by the existence of the file. It takes over a lock whose process on this host has ended.
func holdByName(path string) (*os.File, error) {
	for range 10 {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o644)
		if err == nil || !errors.Is(err, fs.ErrExist) {
			return f, err
		}
		o, err := readOwner(path)
		host, _ := os.Hostname()
		if err != nil || o.host != host || alive(o.pid) {
			return nil, errTaken
		}
		// Checked again after moving it: another process may have been faster.
		stale := fmt.Sprintf("%s-%d", path, os.Getpid())
		if os.Rename(path, stale) != nil {
			continue
		}
		if now, err := readOwner(stale); err != nil || now != o {
			_ = os.Rename(stale, path) // it belongs to a running process
			return nil, errTaken
		}
		_ = os.Remove(stale) // it costs nothing
	}
	return nil, errTaken
}
