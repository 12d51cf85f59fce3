package dataset

import (
	"maps"
	"path"
	"slices"
	"strings"

	"bignas/core/fault"
)

// findLayout recognises a layout from the folders of all pictures.
func findLayout(dirs [][]string) (layout, error) {
	var l layout
	if in := slices.DeleteFunc(slices.Clone(dirs), leadsOut); len(in) > 0 {
		dirs = in
	}
	last, parents := 0, map[string]bool{}
	for _, d := range dirs {
		if j := halfAt(d); j >= 0 {
			l.kind = halfFolders
		}
		if n := len(d); n > 0 {
			if _, ok := halfNamed(d[n-1]); ok {
				last++
				parents[strings.Join(d[:n-1], "/")] = true
			}
		}
	}
	if l.kind == classFolders && last == len(dirs) {
		if l.kind = halvesNoClasses; len(parents) > 1 {
			l.kind = halfBelowClass
		}
		return l, nil
	}
	if l.kind == classFolders {
		if at := len(sharedFolders(dirs)); areHalves(dirs, at) {
			l.kind, l.at = halvesNamed, at
		}
	}
	if l.kind == classFolders {
		return l.byFolder(dirs)
	}
	var tails [][]string
	for _, d := range dirs {
		if tail, h, err := l.tail(d); err == nil && h != testHalf {
			tails = append(tails, tail)
		}
	}
	l.skip = sharedFolders(tails)
	return l, nil
}

// halfAt is the depth of the first folder that is a half, with one below it: the
// folder of the picture itself is no half, for "train" may be a class. -1: none.
func halfAt(d []string) int {
	for j := 0; j+1 < len(d); j++ {
		if _, ok := halfNamed(d[j]); ok {
			return j
		}
	}
	return -1
}

// areHalves tells whether the folders at a depth name different halves, each of
// them one, with the folders of classes below those that are no tests.
func areHalves(dirs [][]string, at int) bool {
	seen := map[half]bool{}
	for _, d := range dirs {
		if len(d) <= at {
			return false
		}
		h, ok := halfWithin(d[at])
		if !ok || len(d) < at+2 && h != testHalf {
			return false
		}
		seen[h] = true
	}
	return len(seen) > 1
}

// byFolder finds the folders in front of the classes. Where they leave one class
// only, with most of the pictures in folders below it, those are the classes.
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

// nested counts the pictures of a class that lie directly in its folder and those
// in folders below it, by folder.
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

// classes looks into the class folders.
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

// mistaken refuses class folders that are something else: halves under names of
// their own, or the folder of all classes beside one with a few other pictures.
func (l layout) mistaken(dirs [][]string) error {
	all, total := l.classes(dirs), 0
	var named []string
	meaning := map[half]bool{}
	for _, class := range slices.Sorted(maps.Keys(all)) {
		n := all[class]
		total += n.all()
		if h, ok := halfWithin(class); ok && n.direct == 0 && len(n.below) > 1 {
			named, meaning[h] = append(named, class), true
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

// leadsOut tells whether folders begin outside the archive.
func leadsOut(d []string) bool { return len(d) > 0 && d[0] == ".." }
