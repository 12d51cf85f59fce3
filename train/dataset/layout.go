package dataset

import (
	"errors"
	"path"
	"strings"
)

// extensions are the endings of the files that are taken for pictures.
var extensions = []string{".jpeg", ".jpg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"}

// isPicture tells by name whether a file is one of the data set's pictures.
// Hidden files, and the shadow files that macOS puts into archives, are not.
func isPicture(name string) bool {
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
var halves = map[string]half{"train": trainHalf, "training": trainHalf, "val": valHalf, "valid": valHalf, "validation": valHalf}

var (
	errNoHalf  = errors.New("it lies outside train/ and val/")
	errNoClass = errors.New("it is not in the folder of a class")
)

// place is where one picture belongs; err tells why it belongs nowhere.
type place struct {
	class string
	half  half
	err   error
}

// placeAll finds half and class of each picture from its path. Where there is a
// train/ or val/ folder, the folder below it is the class. Otherwise folders
// that all pictures have in common are left out, and the next one is the class.
func placeAll(names []string) []place {
	places := make([]place, len(names))
	dirs := make([][]string, len(names))
	anyHalf := false
	for i, name := range names {
		dirs[i] = strings.Split(name, "/")
		dirs[i] = dirs[i][:len(dirs[i])-1]
		places[i].err = errNoHalf
		// The folder of the picture itself is never a half: "train" may be a class.
		for j := 0; j+1 < len(dirs[i]); j++ {
			if h, ok := halves[strings.ToLower(dirs[i][j])]; ok {
				places[i] = place{class: dirs[i][j+1], half: h}
				anyHalf = true
				break
			}
		}
	}
	if anyHalf {
		return places
	}
	skip := sharedFolders(dirs)
	for i, d := range dirs {
		if len(d) == 0 {
			places[i].err = errNoClass
			continue
		}
		places[i] = place{class: d[skip]}
	}
	return places
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
