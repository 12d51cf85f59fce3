package dataset

import (
	"errors"
	"path"
	"slices"
	"strings"
)

// formats is the extensions of image files that are not read. A folder with only these is a class without images.
var formats = []string{".heic", ".heif", ".avif", ".avifs", ".jxl", ".jp2", ".j2k", ".jpx", ".jxr", ".psd", ".svg", ".ico", ".tga", ".dds", ".exr", ".hdr",
	".ppm", ".pgm", ".pbm", ".pnm", ".pam", ".pcx", ".xcf", ".eps", ".raw", ".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".raf", ".dcm", ".fits",
	".nii", ".qoi", ".emf", ".wmf", ".mp4", ".mov", ".avi", ".webm", ".mkv", ".npy", ".npz"}

// system is the folders that operating systems and file servers create: metadata, thumbnails, bins. They are ignored, as are
// hidden folders.
var system = []string{"__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information", "lost+found"}

var (
	errFormat = errors.New("this format is not read: save it as JPEG, PNG or WebP")
	errOther  = errors.New("no image")
	errLink   = errors.New("a link to what is here under another name")
)

// kind is the extension and the reason of files that are left out.
type kind struct {
	ending string // with its dot, in small letters; "" for none
	why    error
}

// several is a number of files of one kind in one folder.
type several struct {
	count int
	first string // name of the first
}

// inventory is the content of a data set besides its images, by folder, to count what is left out and to notice classes
// without images. A folder with an empty map may be empty.
type inventory map[string]map[kind]several

// folder records a folder.
func (v inventory) folder(name string) {
	name = strings.TrimSuffix(name, "/")
	if v[name] == nil && !isHidden(name) {
		v[name] = map[kind]several{}
	}
}

// file records a file that is neither an image nor a note.
func (v inventory) file(name string) {
	why := errOther
	if isFormat(name) {
		why = errFormat
	}
	v.leave(name, why)
}

// leave records a file that is left out, with the reason.
func (v inventory) leave(name string, why error) {
	if isHidden(name) {
		return
	}
	dir, base := path.Split(name)
	dir = strings.TrimSuffix(dir, "/")
	v.folder(dir)
	k := kind{strings.ToLower(path.Ext(base)), why}
	s := v[dir][k]
	if s.count++; s.count == 1 {
		s.first = name
	}
	v[dir][k] = s
}

// isFormat reports, by its name, whether a file is an image that is not read.
func isFormat(name string) bool { return slices.Contains(formats, strings.ToLower(path.Ext(name))) }

// isHidden reports whether a file is hidden or in a folder of the system.
func isHidden(name string) bool {
	for rest := name; rest != ""; {
		var part string
		part, rest, _ = strings.Cut(rest, "/")
		if strings.HasPrefix(part, ".") && part != ".." || slices.Contains(system, part) {
			return true
		}
	}
	return false
}
