package dataset

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strings"
)

// LeftOut counts files of a data set that are not used, for one reason.
type LeftOut struct {
	Class  string `json:"class,omitempty"`  // where they are in the folder of a class
	Ending string `json:"ending,omitempty"` // of their names, in small letters, with the dot
	Reason string `json:"reason"`
	Count  int    `json:"count"`
	First  string `json:"first"` // name of one of them
}

// cannotDecode is the reason for files that are not images in spite of their names. The error of each is in
// Dataset.Skipped.
const cannotDecode = "it cannot be decoded"

// census counts what is left out.
type census struct {
	others inventory
	counts map[LeftOut]several // without Count and First
	lost   []string            // classes of unreadable files
}

// leave counts an image that is left out.
func (c *census) leave(p place, name string, why error) {
	l := LeftOut{Class: readable(p.class), Ending: strings.ToLower(path.Ext(name)), Reason: cannotDecode}
	if p.err != nil {
		l.Reason = p.err.Error()
		if p.err != errTest && p.err != errTwice && p.err != errLink {
			l.Class = ""
		}
	}
	if p.class != "" && p.half != testHalf && p.err != errLink {
		c.lost = append(c.lost, l.Class)
	}
	c.add(l, several{1, name})
	_ = why
}

func (c *census) add(l LeftOut, s several) {
	if c.counts == nil {
		c.counts = map[LeftOut]several{}
	}
	was := c.counts[l]
	if was.count == 0 || s.first < was.first {
		was.first = s.first
	}
	was.count += s.count
	c.counts[l] = was
}

// unread returns a name, for each folder, of files that would be images if they could be read. They count when the layout is
// recognised.
func (c *census) unread() (names []string) {
	for _, dir := range slices.Sorted(maps.Keys(c.others)) {
		for k, s := range c.others[dir] {
			if k.why == errFormat {
				names = append(names, s.first)
				break
			}
		}
	}
	return names
}

// count adds the files of an inventory.
func (v inventory) count(c *census, l *layout) {
	for dir, kinds := range v {
		class := readable(l.classFolder(dir))
		for k, s := range kinds {
			c.add(LeftOut{Class: class, Ending: k.ending, Reason: k.why.Error()}, s)
			if k.why == errFormat && class != "" {
				c.lost = append(c.lost, class)
			}
		}
	}
}

// sorted returns the counts by class, largest first.
func (c *census) sorted() (all []LeftOut) {
	for l, s := range c.counts {
		l.Count, l.First = s.count, s.first
		all = append(all, l)
	}
	slices.SortFunc(all, func(a, b LeftOut) int {
		return cmp.Or(strings.Compare(a.Class, b.Class), b.Count-a.Count, strings.Compare(a.Reason, b.Reason), strings.Compare(a.Ending, b.Ending))
	})
	return all
}

// empty returns the classes with a folder in which there is no readable image. seen is the classes with images, names the
// names of all images.
func (c *census) empty(l *layout, seen map[string]int, names []string) (empty []string) {
	for _, class := range c.lost {
		if _, ok := seen[class]; !ok {
			empty = append(empty, class)
		}
	}
	if l != nil {
		used := map[string]bool{"": true} // folders with an image in them or below
		for _, name := range names {
			for dir := path.Dir(name); dir != "." && !used[dir]; dir = path.Dir(dir) {
				used[dir] = true
			}
		}
		for dir, kinds := range c.others {
			if used[dir] || l.kind == classFolders && len(kinds) > 0 {
				continue // a folder with texts beside class folders is not a class
			}
			class := l.classFolder(dir)
			if class == "" && l.emptyAbove(dir) {
				class = path.Base(dir)
			}
			if _, ok := seen[readable(class)]; class != "" && !ok && !c.hasFolders(dir) {
				empty = append(empty, readable(class))
			}
		}
	}
	slices.Sort(empty)
	return slices.Compact(empty)
}

// hasFolders reports whether a folder without files has subfolders, which are considered themselves.
func (c *census) hasFolders(dir string) bool {
	for other := range c.others {
		if len(c.others[dir]) == 0 && strings.HasPrefix(other, dir+"/") {
			return true
		}
	}
	return false
}
