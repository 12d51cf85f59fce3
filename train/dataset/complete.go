package dataset

import (
	"fmt"
	"slices"
	"strings"

	"bignas/core/fault"
)

// Codes of the errors of Complete and Trainable.
const (
	CodeEmptyClass = "empty_class"     // a class without a readable image
	CodeHalves     = "halves_disagree" // val/ has classes that train/ lacks
	CodeOneHalf    = "one_half"        // nothing to train on, or nothing to validate on
)

// Complete returns an error for data that lacks classes that it has folders for: a folder without a readable image, unless
// skipEmpty is true, or a class of val/ that train/ lacks. It is called before training and preparing.
func (d *Dataset) Complete(skipEmpty bool) error {
	if len(d.Empty) > 0 && !skipEmpty {
		why := "nothing is in it"
		for _, l := range d.LeftOut {
			if l.Class == d.Empty[0] {
				why = l.First + ": " + l.Reason
				break
			}
		}
		return fault.New(CodeEmptyClass, "save its images as JPEG, PNG or WebP, take the folder away, or leave such classes out with --skip-empty",
			"data: %s has images of %d classes, and none that can be read of %d more: %s (%s)", d.Source, len(d.Classes), len(d.Empty), some(d.Empty), why)
	}
	var in [2]map[int]bool
	for h := range in {
		in[h] = map[int]bool{}
	}
	for _, it := range d.items {
		in[it.half][it.label] = true
	}
	if len(in[trainHalf]) == 0 || len(in[valHalf]) == 0 {
		return nil
	}
	lack := func(h half) (names []string) {
		for i, class := range d.Classes {
			if !in[h][i] && in[valHalf+trainHalf-h][i] {
				names = append(names, class)
			}
		}
		return names
	}
	more, less := lack(trainHalf), lack(valHalf)
	if len(more) == 0 {
		return nil
	}
	also := ""
	if len(less) > 0 {
		also = "; only train/ has " + some(less)
	}
	hint := "name the folders of both halves alike, or take away what one has too much"
	if slices.Equal(more, []string{"images"}) {
		hint = "put val_annotations.txt into val/, which gives the classes of the images in val/images, or sort these into folders of classes"
	}
	return fault.New(CodeHalves, hint, "data: the halves of %s have different classes: only val/ has %s%s", d.Source, some(more), also)
}

// Trainable returns an error for a split that has no images to train or to validate on.
func (d *Dataset) Trainable(train, val Subset) error {
	switch {
	case train.Len() == 0 && d.HasVal():
		return fault.New(CodeOneHalf, "name its folder train/, or give that folder itself to --data", "data: %s has a val/ half only, and nothing to train on", d.Source)
	case train.Len() == 0:
		return fault.New(CodeOneHalf, "lower val_fraction and search_fraction", "data: of the %d images of %s none is left to train on", d.Len(), d.Source)
	case val.Len() == 0:
		return fault.New(CodeOneHalf, "set val_fraction, for example to 0.1, or put images into a val/ half", "data: of the %d images of %s none is held out, and there would be nothing to validate on", d.Len(), d.Source)
	}
	return nil
}

// warnings lists what may be wrong with a split.
func (d *Dataset) warnings(train, search, val Subset) (all []string) {
	say := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	if len(d.Empty) > 0 {
		say("classes without an image that can be read are left out: %s", some(d.Empty))
	}
	count, held := train.PerClass(), val.PerClass()
	low, high := 0, 0
	var none []string
	for c := range d.Classes {
		if count[c] < count[low] {
			low = c
		}
		if count[c] > count[high] {
			high = c
		}
		if held[c] == 0 {
			none = append(none, d.Classes[c])
		}
	}
	if count[high] > 100*count[low] {
		say("%s has %d images to train on and %s has %d: the smaller one will hardly be learnt", d.Classes[high], count[high], d.Classes[low], count[low])
	}
	if len(none) > 0 && val.Len() > 0 {
		say("nothing is held out of %d classes, whose accuracy stays unknown: %s", len(none), some(none))
	}
	for c, class := range d.foldersOfClasses() {
		if c == 10 {
			break
		}
		say("%s holds folders only, unlike other classes: is it a folder of classes?", class)
	}
	seen := map[string]string{}
	for _, class := range d.Classes {
		if other := seen[strings.ToLower(class)]; other != "" {
			say("%s and %s are two classes", other, class)
		}
		seen[strings.ToLower(class)] = class
	}
	return append(all, d.equalImages(train, search, val)...)
}

// foldersOfClasses returns the classes whose images are all in several subfolders, where other classes have images directly
// in their folders.
func (d *Dataset) foldersOfClasses() (some []string) {
	all := make([]nested, len(d.Classes))
	for _, it := range d.items {
		class := d.folder(it.label)
		inside := strings.TrimPrefix(pathInClass(it.name, class), class+"/")
		n := &all[it.label]
		if folder, _, deeper := strings.Cut(inside, "/"); !deeper {
			n.direct++
		} else if n.below == nil {
			n.below = map[string]int{folder: 1}
		} else {
			n.below[folder]++
		}
	}
	if !slices.ContainsFunc(all, func(n nested) bool { return n.direct > 0 }) {
		return nil
	}
	for c, n := range all {
		if n.direct == 0 && len(n.below) > 1 {
			some = append(some, d.Classes[c])
		}
	}
	return some
}

// equalImages finds files of the same content that are in both halves or in two classes.
func (d *Dataset) equalImages(train, search, val Subset) (all []string) {
	type one struct {
		sum  uint64
		item int
		held bool
	}
	list := make([]one, 0, len(d.items))
	for i, s := range []Subset{train, search, val} {
		for _, at := range s.index {
			if sum := d.items[at].sum; sum != 0 {
				list = append(list, one{sum, at, i == 2})
			}
		}
	}
	slices.SortFunc(list, func(a, b one) int {
		if a.sum != b.sum {
			if a.sum < b.sum {
				return -1
			}
			return 1
		}
		return a.item - b.item
	})
	both, twice := 0, 0
	var first, second string
	for from := 0; from < len(list); {
		to := from + 1
		for to < len(list) && list[to].sum == list[from].sum {
			to++
		}
		leak, other := -1, -1
		for k := from + 1; k < to; k++ {
			if list[k].held != list[from].held {
				leak = k
			}
			if d.items[list[k].item].label != d.items[list[from].item].label {
				other = k
			}
		}
		names := func(k int) string { return d.items[list[from].item].name + " and " + d.items[list[k].item].name }
		if leak >= 0 {
			if both++; both == 1 {
				first = names(leak)
			}
		}
		if other >= 0 {
			if twice++; twice == 1 {
				second = names(other)
			}
		}
		from = to
	}
	if both > 0 {
		all = append(all, fmt.Sprintf("images are both among those to train on and among those held out, %d of them, such as %s: accuracy will be overstated", both, first))
	}
	if twice > 0 {
		all = append(all, fmt.Sprintf("images are in two classes, %d of them, such as %s", twice, second))
	}
	return all
}
