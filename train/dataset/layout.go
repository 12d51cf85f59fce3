package dataset

import (
	"errors"
	"slices"
	"strings"
)

// extensions is the extensions of image files.
var extensions = []string{".jpeg", ".jpg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".jfif", ".jpe", ".pjpeg", ".pjp"}

// isUnlabelled reports whether a file is one of ImageNet's 100,000 test images in the Kaggle layout, which have no class.
func isUnlabelled(name string) bool { return strings.Contains(name, "CLS-LOC/test/") }

// isImage reports, by its name, whether a file is an image of the data set. Hidden files, and the metadata files that macOS adds
// to archives, are not.
func isImage(name string) bool {
	dot := strings.LastIndexByte(name, '.')
	return dot >= 0 && slices.Contains(extensions, strings.ToLower(name[dot:])) && !isUnlabelled(name) && !isHidden(name)
}

// halves is the folder names that stand for a half.
var halves = map[string]half{"train": trainHalf, "training": trainHalf, "trainset": trainHalf,
	"val": valHalf, "valid": valHalf, "validation": valHalf, "dev": valHalf, "valset": valHalf,
	"test": testHalf, "testing": testHalf, "testset": testHalf}

// halfNamed returns the half that a folder's name stands for.
func halfNamed(folder string) (half, bool) {
	h, ok := halves[strings.ToLower(folder)]
	return h, ok
}

// halfWithin returns the half that a word in a folder's name stands for, as in "seg_train" or "training_set". ok is false where
// two words stand for different halves.
func halfWithin(folder string) (h half, ok bool) {
	for word := range strings.FieldsFuncSeq(strings.ToLower(folder), func(r rune) bool { return r < 'a' || r > 'z' }) {
		if other, known := halves[word]; known {
			if ok && other != h {
				return 0, false
			}
			h, ok = other, true
		}
	}
	return h, ok
}

var (
	errTest    = errors.New("it is in test/, which is neither trained nor validated on: to validate on it, name the folder val/")
	errNoHalf  = errors.New("it lies outside train/ and val/")
	errNoClass = errors.New("it is not in the folder of a class")
	errTwice   = errors.New("a file of the same name comes before it")
	errOutside = errors.New("its name leads out of the archive")
	errNoTruth = errors.New("its class is in the devkit: put ILSVRC2012_devkit_t12.tar.gz, or LOC_val_solution.csv, into the folder")
)

// place is the class and the half of an image, or the reason why it has none.
type place struct {
	class string
	half  half
	err   error
}

// layout says how class and half follow from the folders.
type layout struct {
	kind layoutKind
	skip []string // folders before the class that all images have in common, after the half where there is one
	at   int      // halvesNamed: the depth of the folders of halves
}

type layoutKind int

const (
	classFolders    layoutKind = iota // the folder after skip is the class
	halfFolders                       // the class comes after train/ or val/, wherever that is
	halvesNamed                       // the class comes after folders such as seg_train, all at one depth
	halfBelowClass                    // cat/train, cat/val
	halvesNoClasses                   // images are directly in train/ and val/
)

// tail returns the folders of an image after the half.
func (l layout) tail(d []string) (tail []string, h half, err error) {
	switch l.kind {
	case halfFolders:
		if j := halfAt(d); j >= 0 {
			h, _ = halfNamed(d[j])
			return d[j+1:], h, nil
		}
	case halvesNamed:
		if len(d) > l.at {
			h, ok := halfWithin(d[l.at])
			if ok && len(d) > l.at+1 {
				return d[l.at+1:], h, nil
			}
		}
	}
	if slices.ContainsFunc(d, func(f string) bool { h, ok := halfWithin(f); return ok && h == testHalf }) {
		return nil, testHalf, errTest
	}
	if len(d) > 0 {
		if _, ok := halfNamed(d[len(d)-1]); ok {
			return nil, 0, errNoClass
		}
	}
	return nil, 0, errNoHalf
}

// place returns the class and the half of the files in a folder.
func (l layout) place(d []string) (p place) {
	if len(d) > 0 && d[0] == ".." && (len(l.skip) == 0 || l.skip[0] != "..") {
		return place{err: errOutside}
	}
	switch l.kind {
	case halvesNoClasses:
		return place{err: errNoClass}
	case halfBelowClass:
		if len(d) < 2 {
			return place{err: errNoClass}
		}
		h, ok := halfNamed(d[len(d)-1])
		if !ok {
			return place{err: errNoHalf}
		}
		p = place{class: d[len(d)-2], half: h}
	case classFolders:
		if len(d) <= len(l.skip) || !slices.Equal(d[:len(l.skip)], l.skip) {
			return place{err: errNoClass}
		}
		return place{class: d[len(l.skip)]}
	default:
		tail, h, err := l.tail(d)
		if err != nil {
			return place{half: h, err: err}
		}
		if n := len(l.skip); len(tail) > n && slices.Equal(tail[:n], l.skip) {
			tail = tail[n:]
		}
		p = place{class: tail[0], half: h}
	}
	if p.half == testHalf {
		p.err = errTest
	}
	return p
}

// sharedFolders returns the leading folders that all paths have in common, except the last folder of any.
func sharedFolders(dirs [][]string) []string {
	var common []string
	first := true
	for _, d := range dirs {
		if len(d) == 0 {
			continue
		}
		if first {
			common, first = d[:len(d)-1], false
			continue
		}
		n := 0
		for n < len(common) && n < len(d)-1 && common[n] == d[n] {
			n++
		}
		common = common[:n]
	}
	return common
}

// foldersOf returns the folders of a name.
func foldersOf(name string) []string {
	d := strings.Split(name, "/")
	return d[:len(d)-1]
}
