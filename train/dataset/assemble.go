package dataset

import (
	"maps"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"bignas/core/fault"
)

// assemble determines the class and the half of each image, sorts the images, and counts what is left out.
func assemble(file string, side int, items []item, skipped []Skipped, src *source) (*Dataset, error) {
	if n := src.notes; len(n.truth) > 0 && len(n.ids) == 0 {
		return nil, fault.New(CodeNotes, "put "+imagenetDevkit+", or its meta.mat, or map_clsloc.txt into the folder",
			"data: %s has the numbers of the validation images' classes, but nothing that says which number is which class", file)
	}
	src.notes.learnBeside(file)
	slices.SortStableFunc(items, func(a, b item) int { return strings.Compare(a.name, b.name) })
	d := &Dataset{Source: file, Side: side, Skipped: skipped}
	c := census{others: src.others}
	// Unreadable images are placed, too, so that their classes do not vanish.
	names := make([]string, 0, len(items)+len(skipped))
	for _, it := range items {
		names = append(names, it.name)
	}
	for _, s := range skipped {
		names = append(names, s.Name)
	}
	names = append(names, c.unread()...)
	places, layout, err := placeAll(names, src.notes)
	if err != nil {
		return nil, err
	}
	src.unlink(names, places)
	seen := map[string]int{}
	kept := items[:0]
	classes := make([]string, 0, len(items))
	for i, it := range items {
		p := places[i]
		if i > 0 && names[i-1] == it.name {
			p.err = errTwice
		}
		if p.err != nil {
			d.Skipped = append(d.Skipped, Skipped{it.name, p.err})
			c.leave(p, it.name, p.err)
			continue
		}
		p.class = readable(p.class)
		it.half = p.half
		kept = append(kept, it)
		classes = append(classes, p.class)
		seen[p.class]++
	}
	for i, s := range skipped {
		p := places[len(items)+i]
		c.leave(p, s.Name, s.Err)
	}
	for _, p := range places[len(items)+len(skipped):] {
		if p.err == nil {
			c.lost = append(c.lost, readable(p.class))
		}
	}
	d.items = kept
	slices.SortFunc(d.Skipped, func(a, b Skipped) int { return strings.Compare(a.Name, b.Name) })
	c.others.count(&c, layout)
	c.lost = append(c.lost, src.notes.lost...)
	d.LeftOut = c.sorted()
	if len(d.items) == 0 {
		return nil, noImages(d)
	}
	d.Classes = slices.Sorted(maps.Keys(seen))
	d.Empty = c.empty(layout, seen, names[:len(items)])
	if len(d.Classes) < 2 {
		return nil, oneClass(d)
	}
	for i, class := range d.Classes {
		seen[class] = i
		d.Labels = append(d.Labels, labelOf(class, src.notes))
	}
	for i := range d.items {
		d.items[i].label = seen[classes[i]]
	}
	if err := d.nameNumbers(src.notes); err != nil {
		return nil, err
	}
	d.Labels = distinct(d.Labels, d.Classes)
	return d, nil
}

// unlink leaves out links to images that are used themselves, and all but one of several links to an image.
func (s *source) unlink(names []string, places []place) {
	if len(s.links) == 0 {
		return
	}
	placed := map[string]bool{}
	for i, name := range names {
		if _, link := s.links[name]; !link && places[i].err == nil {
			placed[name] = true
		}
	}
	for i, name := range names {
		if target, link := s.links[name]; link && places[i].err == nil {
			if placed[target] {
				places[i].err = errLink
			}
			placed[target] = true
		}
	}
}

// readable returns the name of a class as UTF-8 in composed form, so that the names in an archive made on macOS equal those
// in a folder on Linux. Bytes that are not UTF-8 are taken for Latin-1.
func readable(class string) string {
	if !utf8.ValidString(class) {
		var b strings.Builder
		for _, c := range []byte(class) {
			b.WriteRune(rune(c))
		}
		class = b.String()
	}
	return norm.NFC.String(class)
}

// nameNumbers reads the names of numbered classes from a list beside the shards.
func (d *Dataset) nameNumbers(n *notes) error {
	if !n.numbers || n.lines == nil {
		return nil
	}
	names := d.namesIn(n.lines)
	if path.Base(n.names) == "labels.txt" && len(n.lines) != len(d.Classes) {
		return nil // of other classes
	}
	if len(names) == 0 {
		return fault.New(CodeNotes, "give it a line for each class from 0 on, or take it away", "data: %s has %d lines, and the classes of the images go up to %s",
			n.names, len(n.lines), d.Classes[len(d.Classes)-1])
	}
	for i, c := range d.Classes {
		if names[c] != "" {
			d.Labels[i] = names[c]
		}
	}
	return nil
}

// oneClass returns the error for data with one class.
func oneClass(d *Dataset) error {
	if len(d.Empty) > 0 {
		return fault.New(CodeSingleClass, "save their images as JPEG, PNG or WebP", "data: %s has images of one class only, %q, and nothing that can be read in %s", d.Source, d.Classes[0], some(d.Empty))
	}
	return fault.New(CodeSingleClass, "put the images of each class into a folder of their own, and name the folder above them",
		"data: %s has the images of one class only, %q; at least 2 are needed", d.Source, d.Classes[0])
}

// noImages returns the error for data without images, with the reason.
func noImages(d *Dataset) error {
	if n := len(d.Skipped); n > 0 {
		return fault.New(CodeNoImages, "see the first: "+d.Skipped[0].Err.Error(),
			"data: none of the %d images in %s can be used, the first is %s", n, d.Source, d.Skipped[0].Name)
	}
	err := fault.New(CodeNoImages, "a data set is a folder with one folder for each class, or an archive of it",
		"data: there are no images (%s) in %s", strings.Join(extensions, ", "), d.Source)
	for _, l := range d.LeftOut {
		if slices.Contains([]string{".zip", ".tgz", ".gz", ".tar"}, l.Ending) {
			return fault.New(CodeNoImages, "give the archive itself to --data, or unpack it", "data: there are no images in %s, but an archive: %s", d.Source, l.First)
		}
		if l.Reason == errFormat.Error() {
			return fault.New(CodeNoImages, "save them as JPEG, PNG or WebP", "data: there are no images that can be read in %s, but %d files such as %s", d.Source, l.Count, l.First)
		}
	}
	return err
}
