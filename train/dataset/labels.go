package dataset

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"bignas/core/fault"
	"bignas/train/files"
)

// words is the names of the ten classes of Imagenette
// (github.com/fastai/imagenette), by WordNet id.
var words = map[string]string{
	"n01440764": "tench",
	"n02102040": "English springer",
	"n02979186": "cassette player",
	"n03000684": "chain saw",
	"n03028079": "church",
	"n03394916": "French horn",
	"n03417042": "garbage truck",
	"n03425413": "gas pump",
	"n03445777": "golf ball",
	"n03888257": "parachute",
}

// labelOf returns the name of a class for people, from words or the notes, which may be nil, and otherwise the name of its
// folder.
func labelOf(class string, notes *notes) string {
	if w, ok := words[class]; ok {
		return w
	}
	if notes != nil && notes.words[class] != "" {
		return notes.words[class]
	}
	return class
}

// besideData is the names of files with words for WordNet ids that are read beside an archive or a train folder.
var besideData = []string{"words.txt", "LOC_synset_mapping.txt", "synset_words.txt"}

// learnBeside reads the files besideData in the folder above the data. Files that are not such lists are ignored.
func (n *notes) learnBeside(data string) {
	above := filepath.Dir(filepath.Clean(data))
	for _, name := range besideData {
		if text, err := files.Read(filepath.Join(above, name)); err == nil {
			n.learnSynsets(text)
		}
	}
}

// learnSynsets reads the lines "n01440764 tench, Tinca tinca" of a text, with a blank, a tab or a comma after the WordNet id,
// and ignores all others.
func (n *notes) learnSynsets(text []byte) error {
	for _, line := range lines(text) {
		if len(line) > 10 && isWordNet(line[:9]) && strings.ContainsRune("\t ,", rune(line[9])) && n.words[line[:9]] == "" {
			n.words[line[:9]] = firstWord(line[10:])
		}
	}
	return nil
}

// isWordNet reports whether a word is a WordNet id, such as n01440764.
func isWordNet(id string) bool {
	if len(id) != 9 || id[0] != 'n' {
		return false
	}
	_, err := strconv.ParseUint(id[1:], 10, 32)
	return err == nil
}

// NameClasses reads the names of the classes for people (Labels) from a file. Each line has a class and its name, separated by
// a tab, a comma or a blank; or, where all classes are numbers, a name, of class 0 first. Lines of other classes are ignored;
// a file that names no class is an error.
func (d *Dataset) NameClasses(file string) error {
	text, err := files.Read(file)
	if err != nil {
		return fault.New(CodeNotes, "give a file with a class and its name on each line", "class names: %v", err)
	}
	names := d.namesIn(lines(text))
	if len(names) == 0 {
		return fault.New(CodeNotes, "write a class, a tab and its name on each line",
			"class names: %s names none of the %d classes (%s)", file, len(d.Classes), some(d.Classes))
	}
	labels := slices.Clone(d.Labels)
	for i, c := range d.Classes {
		if names[c] != "" {
			labels[i] = names[c]
		}
	}
	d.Labels = distinct(labels, d.Classes)
	return nil
}

// namesIn finds the names of the classes in the lines of a file.
func (d *Dataset) namesIn(lines []string) map[string]string {
	known := make(map[string]string, len(d.Classes)) // also without leading zeros
	numbers := true
	for _, c := range d.Classes {
		known[c] = c
		known[bare(c)] = c
		v, err := strconv.Atoi(c)
		numbers = numbers && err == nil && v >= 0 && v < len(lines)
	}
	names := map[string]string{}
	for _, line := range lines {
		for _, by := range []string{"\t", ",", " "} {
			class, name, ok := strings.Cut(line, by)
			class, name = strings.TrimSpace(class), strings.TrimSpace(name)
			c, here := known[class]
			if !here {
				c, here = known[bare(class)]
			}
			if ok && here && name != "" {
				if names[c] = name; isWordNet(c) {
					names[c] = firstWord(name)
				}
				break
			}
		}
	}
	if len(names) > 0 || !numbers {
		return names
	}
	for i, line := range lines {
		if c, here := known[strconv.Itoa(i)]; here {
			names[c] = strings.TrimSpace(line)
		}
	}
	return names
}

// bare returns a number without leading zeros.
func bare(class string) string {
	if v, err := strconv.Atoi(class); err == nil && v >= 0 {
		return strconv.Itoa(v)
	}
	return class
}

// distinct appends the class to names that several classes have: ImageNet has two cranes.
func distinct(labels, classes []string) []string {
	count := map[string]int{}
	for _, l := range labels {
		count[l]++
	}
	for i, l := range labels {
		if count[l] > 1 && l != classes[i] {
			labels[i] = fmt.Sprintf("%s (%s)", l, classes[i])
		}
	}
	return labels
}

// some lists the first ten names.
func some(names []string) string {
	if n := len(names) - 10; n > 0 {
		return strings.Join(names[:10], ", ") + fmt.Sprintf(" and %d more", n)
	}
	return strings.Join(names, ", ")
}
