package dataset

import (
	"path"
	"slices"
	"strings"

	"bignas/core/fault"
)

// placeAll determines the half and the class of each image from the notes, which may be nil, or from its folders. It also returns
// the layout of the folders, or nil where the notes alone decide.
func placeAll(names []string, notes *notes) ([]place, *layout, error) {
	places := make([]place, len(names))
	var found []string
	if notes != nil {
		var why []error
		var weak bool
		var err error
		if found, why, weak, err = notes.classesOf(names); err != nil {
			return nil, nil, err
		}
		if weak {
			if texts, err := foldersAreNoClasses(names, found); err != nil {
				return nil, nil, err
			} else if !texts {
				found = nil
			}
		}
		if found != nil {
			return places, nil, placeSamples(places, names, found, why)
		}
	}
	dirs := make([][]string, 0, len(names))
	for i, name := range names {
		if notes != nil {
			if class := notes.truthOf(name); class != "" {
				places[i] = place{class: class, half: valHalf}
				continue
			}
		}
		dirs = append(dirs, foldersOf(name))
	}
	l, err := findLayout(dirs)
	if err != nil {
		return nil, nil, err
	}
	for i, name := range names {
		if places[i].class != "" {
			continue
		}
		places[i] = l.place(dirs[0])
		dirs = dirs[1:]
		if places[i].err != nil && strings.HasPrefix(path.Base(name), imagenetValImage) {
			places[i].err = errNoTruth
		}
	}
	return places, &l, nil
}

// placeSamples places the images of a WebDataset with the classes that were found.
func placeSamples(places []place, names, found []string, why []error) error {
	without, with := 0, 0
	for i, name := range names {
		switch {
		case found[i] != "":
			with++
			if places[i] = (place{class: found[i], half: halfOf(name)}); places[i].half == testHalf {
				places[i].err = errTest
			}
		case why[i] != nil:
			places[i].err = why[i]
		default:
			places[i].err = errNoNote
			without++
		}
	}
	if without > with {
		return fault.New(CodeLayout, "give every image a file with its class, or take these files away, if the folders are the classes",
			"data: %d images have a file with their class and %d have none, such as %s", with, without, names[slices.IndexFunc(places, func(p place) bool { return p.err == errNoNote })])
	}
	return nil
}

// foldersAreNoClasses reports whether the texts beside the images are the classes, and not the folders: where the folders could
// not be classes. Where both could be and disagree, it returns an error.
func foldersAreNoClasses(names, found []string) (bool, error) {
	dirs := make([][]string, len(names))
	for i, name := range names {
		dirs[i] = foldersOf(name)
	}
	l, err := findLayout(dirs)
	if err != nil {
		return true, nil
	}
	text, folder := map[string]string{}, map[string]string{} // of a folder, of a text
	agree, example := true, ""
	for i, d := range dirs {
		p := l.place(d)
		if p.err != nil || found[i] == "" {
			continue
		}
		if text[p.class] == "" {
			text[p.class] = found[i]
		}
		if folder[found[i]] == "" {
			folder[found[i]] = p.class
		}
		if agree && (text[p.class] != found[i] || folder[found[i]] != p.class) {
			agree, example = false, names[i]
		}
	}
	if len(text) < 2 || agree {
		return len(text) < 2, nil
	}
	return false, fault.New(CodeLayout, "rename the .txt files to .cls if they are the classes, or take them away",
		"data: the folders and the .txt files beside the images give different classes, as for %s", example)
}

// halfOf returns the half of a sample, from a word in the name of its folder or archive ("imagenet1k-validation-03/000012.jpg").
func halfOf(name string) half {
	h := trainHalf
	for word := range strings.FieldsFuncSeq(strings.ToLower(path.Dir(name)), func(r rune) bool { return r < 'a' || r > 'z' }) {
		if other := halves[word]; other == valHalf {
			return valHalf
		} else if other == testHalf {
			h = testHalf
		}
	}
	return h
}

// classFolder returns the class of images in a folder, or "" if they would have none.
func (l *layout) classFolder(dir string) string {
	if l == nil || dir == "" {
		return ""
	}
	p := l.place(strings.Split(dir, "/"))
	if p.err != nil {
		return ""
	}
	return p.class
}

// emptyAbove reports whether there is an empty folder beside those that all images have in common, which may be meant for a
// class.
func (l *layout) emptyAbove(dir string) bool {
	if l == nil || l.kind != classFolders {
		return false
	}
	d := strings.Split(dir, "/")
	n := len(d) - 1
	return n < len(l.skip) && slices.Equal(d[:n], l.skip[:n]) && d[n] != l.skip[n]
}
