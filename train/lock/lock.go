// Package lock lets one process at a time write into a folder, such as that of a
// training run. Where the system has flock, or opens a file for one process alone,
// a lock ends with its process, however that ends. Elsewhere the process that a
// lock file names is looked for.
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

// Name is the file in a locked folder. It says who has locked it.
const Name = ".lock"

// Codes of the errors of Folder.
const (
	CodeFolder = "bad_folder" // a folder that cannot be made or written to
	CodeTaken  = "in_use"     // another process writes there
)

// Lock is a folder that this process alone may write into.
type Lock struct {
	file *os.File // held open
	path string
	made []string // folders that were made for it, the innermost first
}

// errTaken is a lock that another process holds.
var errTaken = errors.New("taken")

// errUnsupported is a file system or a system without such locks.
var errUnsupported = errors.New("no locks here")

// Folder takes the folder at path, making it where it is missing. The error, a
// *fault.Error, says why nothing can be written there, or names the other process.
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

// take holds the lock file and writes who does.
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

// Release lets others have the folder. A folder that was made for the lock and in
// which nothing was written goes away again.
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

// owner is who a lock file names.
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

// holder describes who has the lock.
func holder(path string) string {
	o, err := readOwner(path)
	if err != nil {
		return "another process"
	}
	return fmt.Sprintf("process %d on %s, since %s,", o.pid, o.host, o.since)
}

// holdByName holds a lock by the file's being there, and takes over one whose
// process on this host has ended.
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
		// Whoever moves it away looks again: another may have been faster.
		stale := fmt.Sprintf("%s-%d", path, os.Getpid())
		if os.Rename(path, stale) != nil {
			continue
		}
		if now, err := readOwner(stale); err != nil || now != o {
			_ = os.Rename(stale, path) // it was that of a living process
			return nil, errTaken
		}
		_ = os.Remove(stale) // it costs nothing
	}
	return nil, errTaken
}
