package dataset

import (
	"errors"
	"path"
	"strings"
)

// extensions are the endings of the files that are taken for pictures.
var extensions = []string{".jpeg", ".jpg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"}

// unlabelled is the folder of ImageNet's 100,000 test pictures in the Kaggle
// layout, which have no class.
const unlabelled = "CLS-LOC/test/"

// isPicture tells by name whether a file is one of the data set's pictures.
// Hidden files, and the shadow files that macOS puts into archives, are not.
func isPicture(name string) bool {
	if strings.Contains(name, unlabelled) {
		return false
	}
	for _, part := range strings.Split(name, "/") {
		if strings.HasPrefix(part, ".") || part == "__MACOSX" {
			return false
		}
	}
	ending := strings.ToLower(path.Ext(name))
	for _, e := range extensions {
		if e == ending {
			return true
		}
	}
	return false
}

// halves are the folder names that mean a half.
var halves = map[string]half{"train": trainHalf, "training": trainHalf, "val": valHalf, "valid": valHalf, "validation": valHalf, "test": testHalf}

var (
	errTest    = errors.New("it is in test/, which is neither trained nor validated on: to validate on it, name the folder val/")
	errNoHalf  = errors.New("it lies outside train/ and val/")
	errNoClass = errors.New("it is not in the folder of a class")
	errNoTruth = errors.New("its class is in the devkit: put ILSVRC2012_devkit_t12.tar.gz, or LOC_val_solution.csv, into the folder")
	errNoNote  = errors.New("no .cls or .json file gives its class")
)

// place is where one picture belongs; err tells why it belongs nowhere.
type place struct {
	class string
	half  half
	err   error
}

// placeAll finds half and class of each picture: from the notes, which may be
// nil, or from its path. Where there is a train/ or val/ folder, the folder below
// it is the class. Otherwise folders that all pictures have in common are left
// out, and the next one is the class.
func placeAll(names []string, notes *notes) []place {
	places := make([]place, len(names))
	dirs := make([][]string, len(names))
	anyHalf, noted := false, 0
	for i, name := range names {
		dirs[i] = strings.Split(name, "/")
		dirs[i] = dirs[i][:len(dirs[i])-1]
		places[i].err = errNoHalf
		if strings.HasPrefix(path.Base(name), imagenetValPicture) {
			places[i].err = errNoTruth
		}
		if notes != nil {
			if class, val := notes.classOf(name); class != "" {
				places[i] = place{class: class, half: halfOf(name, val)}
				anyHalf = anyHalf || val
				noted++
				continue
			}
		}
		// The folder of the picture itself is never a half: "train" may be a class.
		for j := 0; j+1 < len(dirs[i]); j++ {
			if h, ok := halves[strings.ToLower(dirs[i][j])]; ok {
				if places[i] = (place{class: dirs[i][j+1], half: h}); h == testHalf {
					places[i].err = errTest
				}
				anyHalf = anyHalf || h != testHalf
				break
			}
		}
	}
	if anyHalf || noted == len(names) {
		return places
	}
	skip := sharedFolders(dirs)
	for i, d := range dirs {
		switch {
		case places[i].err == nil || places[i].err == errTest && noted > 0: // noted
		case noted > 0:
			places[i].err = errNoNote
		case len(d) == 0:
			places[i].err = errNoClass
		default:
			places[i] = place{class: d[skip]}
		}
	}
	return places
}

// halfOf is the half of a picture whose class comes from a note: val if the note
// is for validation pictures, otherwise what a word in the name of its folder or
// archive says ("imagenet1k-validation-03/000012.jpg").
func halfOf(name string, val bool) half {
	if val {
		return valHalf
	}
	for word := range strings.FieldsFuncSeq(strings.ToLower(path.Dir(name)), func(r rune) bool { return r < 'a' || r > 'z' }) {
		if halves[word] == valHalf {
			return valHalf
		}
	}
	return trainHalf
}

// sharedFolders counts the leading folders that all paths have in common,
// leaving each at least one.
func sharedFolders(dirs [][]string) int {
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
	return len(common)
}
