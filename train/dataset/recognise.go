package dataset

import (
	"maps"
	"path"
	"slices"
	"strings"

	"bignas/core/fault"
)

// findLayout recognises the layout from the folders of all images. One image in ten may not follow it.
func findLayout(dirs [][]string) (layout, error) {
	var l layout
	if in := slices.DeleteFunc(slices.Clone(dirs), leadsOut); len(in) > 0 {
		dirs = in
	}
	at := len(sharedFolders(dirs))
	switch kind := halvesLast(dirs); {
	case kind != classFolders:
		return layout{kind: kind}, nil
	case slices.ContainsFunc(dirs, func(d []string) bool { return halfAt(d) >= 0 }):
		l.kind = halfFolders
	case areHalves(dirs, at):
		l.kind, l.at = halvesNamed, at
	default:
		return l.byFolder(dirs)
	}
	var tails [][]string
	outside, seen := 0, map[half]bool{}
	for _, d := range dirs {
		tail, h, err := l.tail(d)
		if seen[h] = seen[h] || err == nil; err == nil && h != testHalf {
			tails = append(tails, tail)
		} else if err == errNoHalf && len(d) > at+1 { // in a subfolder of one beside train/, as in a class
			outside++
		}
	}
	if len(seen) == 1 && len(tails) > 0 && outside >= len(tails) {
		return l, fault.New(CodeLayout, "rename that folder if it is a class; otherwise give to --data the folder above train/ alone",
			"data: a folder looks like a half of the data by its name, but beside its %d images %d others lie outside it", len(tails), outside)
	}
	l.skip = sharedFolders(tails)
	return l, nil
}

// halvesLast recognises halves that are the last folders of images, in those of classes or without classes.
func halvesLast(dirs [][]string) layoutKind {
	last, parents, classes := 0, map[string]bool{}, false
	for _, d := range dirs {
		if n := len(d); n > 0 {
			if _, ok := halfNamed(d[n-1]); ok {
				last++
				parents[strings.Join(d[:n-1], "/")] = true
				if n > 1 {
					_, half := halfNamed(d[n-2])
					classes = classes || !half
				}
			}
		}
	}
	switch {
	case 10*last < 9*len(dirs) || len(dirs) == 0:
		return classFolders
	case len(parents) > 1 && classes:
		return halfBelowClass
	case last == len(dirs) && !classes && !slices.ContainsFunc(dirs, func(d []string) bool { return halfAt(d) >= 0 }) || len(parents) == 1 && last == len(dirs):
		return halvesNoClasses
	}
	return classFolders
}

// halfAt returns the depth of the first folder that is a half, or -1. The last folder is not one, because "train" may be a
// class.
func halfAt(d []string) int {
	for j := 0; j+1 < len(d); j++ {
		if _, ok := halfNamed(d[j]); ok {
			return j
		}
	}
	return -1
}

// areHalves reports whether each of the folders at a depth stands for a different half, with the folders of classes below those
// that are not test halves.
func areHalves(dirs [][]string, at int) bool {
	seen, not := map[half]bool{}, 0
	for _, d := range dirs {
		if len(d) <= at {
			not++
			continue
		}
		h, ok := halfWithin(d[at])
		if ok && len(d) < at+2 && h != testHalf {
			return false
		}
		if seen[h] = seen[h] || ok; !ok {
			not++
		}
	}
	return seen[trainHalf] && (seen[valHalf] || seen[testHalf]) && 10*not <= len(dirs)
}

// byFolder finds the folders before the classes. Where there would be a single class, with most images in its subfolders, those are
// the classes.
func (l layout) byFolder(dirs [][]string) (layout, error) {
	l.skip = sharedFolders(dirs)
	for at := l; ; {
		all := at.classes(dirs)
		if len(all) != 1 {
			l = at
			break
		}
		deeper := slices.DeleteFunc(slices.Clone(dirs), func(d []string) bool { return len(d) < len(at.skip)+2 })
		if len(deeper) == 0 || len(deeper) == len(dirs) || 2*len(deeper) < len(dirs) {
			break
		}
		dirs, at.skip = deeper, sharedFolders(deeper)
	}
	return l, l.mistaken(dirs)
}

// nested counts the images of a class directly in its folder, and those in each of its subfolders.
type nested struct {
	direct int
	below  map[string]int
}

func (n nested) all() int {
	all := n.direct
	for _, c := range n.below {
		all += c
	}
	return all
}

// classes returns the layout of class folders.
func (l layout) classes(dirs [][]string) map[string]nested {
	all := map[string]nested{}
	for _, d := range dirs {
		if len(d) <= len(l.skip) {
			continue
		}
		class, rest := d[len(l.skip)], d[len(l.skip)+1:]
		n := all[class]
		if n.below == nil {
			n.below = map[string]int{}
		}
		if len(rest) == 0 {
			n.direct++
		} else {
			n.below[rest[0]]++
		}
		all[class] = n
	}
	return all
}

// mistaken returns an error where class folders seem to be something else: halves with other names, or the folder of all classes
// beside one with a few other images.
func (l layout) mistaken(dirs [][]string) error {
	all, total := l.classes(dirs), 0
	var named []string
	meaning := map[half]bool{}
	for _, class := range slices.Sorted(maps.Keys(all)) {
		n := all[class]
		total += n.all()
		if h, ok := halfWithin(class); ok && n.direct == 0 {
			named, meaning[h] = append(named, class), true
		}
		inside := map[half]bool{}
		for folder := range n.below {
			if h, ok := halfNamed(folder); ok {
				inside[h] = true
			}
		}
		if len(inside) > 1 {
			return fault.New(CodeLayout, "take away, or give to another --data, what does not lie in the folders of classes and halves",
				"data: the folder %s has halves inside, %s, and other folders have none", class, some(slices.Sorted(maps.Keys(n.below))))
		}
	}
	if len(meaning) > 1 {
		return fault.New(CodeLayout, "name them train/ and val/", "data: the folders %s look like halves of the data, not like classes", some(named))
	}
	for class, n := range all {
		if n.direct > 0 || len(n.below) < 2 || len(all) < 2 || 10*(total-n.all()) > total {
			continue
		}
		flat := true
		for c, other := range all {
			flat = flat && (c == class || other.direct > 0)
		}
		if flat {
			return fault.New(CodeLayout, "give the folder of the classes to --data: PATH/"+path.Join(append(slices.Clone(l.skip), class)...),
				"data: the folder %s does not look like a class: of all %d images it holds %d, in the folders %s; beside it are %s",
				class, total, n.all(), some(slices.Sorted(maps.Keys(n.below))), some(slices.DeleteFunc(slices.Sorted(maps.Keys(all)), func(c string) bool { return c == class })))
		}
	}
	return nil
}

// leadsOut reports whether folders lead out of the archive.
func leadsOut(d []string) bool { return len(d) > 0 && d[0] == ".." }
