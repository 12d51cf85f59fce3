package dataset

import (
	"crypto/sha256"
	"encoding/binary"
	"path"
	"strconv"
	"strings"

	"bignas/core/teach"
)

// Versions of the rule by which images are held out. A configuration keeps the version of its run, so that no image changes
// sides.
const (
	// ByName is HeldOut and ForSearch, which depend on the base name of the file alone.
	ByName = 1
	// ByClass depends on the class and the path below its folder, so that equal base names in several classes are
	// not held out together. It holds out at least one image of each class that has two.
	ByClass = 2
	// ByContent is ByClass with the content of the image's file for its name, so that
	// one image in two files is held out twice or not at all: what train teach takes.
	ByContent = 3
)

// Split returns the images to train on and those to validate on. Where the data has its own val/ half, that is val. Otherwise
// val is held out by the rule of the version; 0 is ByName.
func (d *Dataset) Split(version int, valFraction float64) (train, val Subset) {
	if !d.HasVal() {
		return d.All().cut(version, "", valFraction)
	}
	train.data, val.data = d, d
	for i, it := range d.items {
		if it.half == valHalf {
			val.index = append(val.index, i)
		} else {
			train.index = append(train.index, i)
		}
	}
	return train, val
}

// SplitVersion returns the version for a new run: ByName where that holds out images of each class and no base name is in two
// classes, as with Imagenette and ImageNet, otherwise ByClass.
func (d *Dataset) SplitVersion(valFraction, searchFraction float64) int {
	own := d.HasVal()
	classOf := make(map[string]int, len(d.items))
	for _, it := range d.items {
		base := path.Base(it.name)
		if class, known := classOf[base]; known && class != it.label && !(own && it.half == valHalf) {
			return ByClass
		}
		classOf[base] = it.label
	}
	train, val := d.Split(ByName, valFraction)
	rest, search := train.SearchSplit(ByName, searchFraction)
	left, chosen, held := rest.PerClass(), search.PerClass(), val.PerClass()
	for c := range d.Classes {
		if left[c] == 0 || searchFraction > 0 && chosen[c] == 0 || !own && valFraction > 0 && held[c] == 0 {
			return ByClass
		}
	}
	return ByName
}

// PerClass counts the images of each class.
func (s Subset) PerClass() []int {
	count := make([]int, len(s.data.Classes))
	for _, i := range s.index {
		count[s.data.items[i].label]++
	}
	return count
}

// SearchSplit cuts the share fraction (0 to 1) off a training half: images on
// which a search may choose among children, as the validation half is kept for
// what is quoted. BN statistics are calibrated on rest. A trainer that leaves
// search out too makes the choice blind to what the weights have seen. The rule is
// that of Split with another hash, so that the two are independent.
func (s Subset) SearchSplit(version int, fraction float64) (rest, search Subset) {
	return s.cut(version, "search/", fraction)
}

// cut holds out the share fraction of a subset by a version of the rule. Cuts with different salts are independent.
func (s Subset) cut(version int, salt string, fraction float64) (rest, off Subset) {
	if version == ByContent && len(s.data.mapped) > 0 {
		s.data.loadSums() // what has no digest has its pixels
	}
	ranks, labels := make([]uint64, len(s.index)), make([]int, len(s.index))
	for k, i := range s.index {
		it := s.data.items[i]
		labels[k] = it.label
		switch version {
		case ByClass:
			ranks[k] = hash(salt + s.data.pathOf(it))
		case ByContent:
			ranks[k] = hash(salt + it.content())
		default:
			ranks[k] = hash(salt + path.Base(it.name))
		}
	}
	var cut []bool
	if version == ByClass || version == ByContent {
		cut = teach.HoldOut(ranks, labels, len(s.data.Classes), fraction)
	} else {
		for _, rank := range ranks {
			cut = append(cut, below(rank, fraction))
		}
	}
	rest.data, off.data = s.data, s.data
	for k, i := range s.index {
		if cut[k] {
			off.index = append(off.index, i)
		} else {
			rest.index = append(rest.index, i)
		}
	}
	return rest, off
}

// content is what ByContent takes the hash of: the digest of the file or, where that
// is not known, as of drawn images, of the image as it is stored.
func (it item) content() string {
	sum := it.sum
	if sum == 0 {
		sum = digest(it.pix)
	}
	return strconv.FormatUint(sum, 16)
}

// HeldOut reports whether an image is in the share fraction (0 to 1) of a data set that is held out for validation by version
// ByName. It depends on the base name of the file alone, so that an image does not change sides when other images are added,
// folders are renamed or the archive is repacked. A bigger fraction holds out all that a smaller one does.
//
// The rule is that the first 8 bytes of SHA-256(base name), big endian, over 2^64, are less than fraction. ByClass is the same
// for the class, a slash and the path below the folder of the class or, where the class is not a folder, for the whole path.
func HeldOut(name string, fraction float64) bool { return below(rank(name), fraction) }

// ForSearch reports whether a training image is in the share that SearchSplit holds out by version ByName. The hash is that of
// "search/" and the base name.
func ForSearch(name string, fraction float64) bool {
	return below(hash("search/"+path.Base(name)), fraction)
}

func below(rank uint64, fraction float64) bool { return float64(rank) < fraction*(1<<64) }

// rank returns the hash of a text as a number from 0 to 1.
func rank(name string) uint64 { return hash(path.Base(name)) }

func hash(text string) uint64 {
	sum := sha256.Sum256([]byte(text))
	return binary.BigEndian.Uint64(sum[:8])
}

// pathOf returns what ByClass hashes: the class, with the name that it has in the weights after Match, and the path below its
// folder, so that no image changes sides when folders are renamed.
func (d *Dataset) pathOf(it item) string {
	folder := d.folder(it.label)
	return d.Classes[it.label] + strings.TrimPrefix(pathInClass(it.name, folder), folder)
}

// pathInClass returns a name from the folder of its class on, which does not depend on the top folder and the half, or, where
// there is no such folder, the class and the whole name.
func pathInClass(name, class string) string {
	for rest := name; ; {
		folder, behind, ok := strings.Cut(rest, "/")
		if !ok {
			return class + "/" + name
		}
		if folder == class || readable(folder) == class {
			return class + "/" + behind
		}
		rest = behind
	}
}
