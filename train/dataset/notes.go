package dataset

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"bignas/core/fault"
)

// notes is information about the images from other files: the classes of ImageNet's validation images, which are not in class
// folders, the classes of WebDataset samples, and words for WordNet ids.
type notes struct {
	samples map[string]labelled // name of a file with the class of a sample, without its extension
	val     map[string]string   // base name of a validation image, no extension -> class
	words   map[string]string   // WordNet id -> words
	ids     map[int]string      // ILSVRC2012_ID -> WordNet id
	truth   []int               // ILSVRC2012_ID of validation image i+1
	numbers bool                // all classes of samples are numbers, known after classesOf
	lost    []string            // classes of samples without a readable image, known after classesOf
	lines   []string            // names of the classes 0, 1, ...; nil: none
	names   string              // the file of lines
}

func newNotes() *notes {
	return &notes{samples: map[string]labelled{}, val: map[string]string{}, words: map[string]string{}, ids: map[int]string{}}
}

// The files of ImageNet that are read, by base name:
//
//	LOC_val_solution.csv                        Kaggle: image, class and boxes
//	LOC_synset_mapping.txt, synset_words.txt    Kaggle, Caffe: id and words
//	map_clsloc.txt                              later devkits: id, number and a word
//	meta.mat                                    the devkit: number, id and words
//	ILSVRC2012_validation_ground_truth.txt      the devkit: a number for each image
//	imagenet_2012_validation_synset_labels.txt  TensorFlow: an id for each image
//	val_annotations.txt                         Tiny-ImageNet: image, class and box
//	words.txt                                   Tiny-ImageNet: id and words
var imagenetNotes = map[string]func(*notes, []byte) error{
	"LOC_val_solution.csv":                       (*notes).learnSolution,
	"LOC_synset_mapping.txt":                     (*notes).learnWords,
	"synset_words.txt":                           (*notes).learnWords,
	"map_clsloc.txt":                             (*notes).learnMap,
	"meta.mat":                                   (*notes).learnMeta,
	"ILSVRC2012_validation_ground_truth.txt":     (*notes).learnTruth,
	"imagenet_2012_validation_synset_labels.txt": (*notes).learnLabels,
	"val_annotations.txt":                        (*notes).learnAnnotations,
	"words.txt":                                  (*notes).learnSynsets,
}

// imagenetValImage is the prefix of the names of ImageNet's validation images.
const imagenetValImage = "ILSVRC2012_val_"

// nameLists is the names of files beside WebDataset shards with the name of a class on each line, from class 0.
var nameLists = []string{"classes.txt", "classnames.txt", "class_names.txt", "label_names.txt", "labels.txt"}

func isNote(name string) bool {
	base := path.Base(name)
	return (imagenetNotes[base] != nil || slices.Contains(nameLists, base)) && !isHidden(name)
}

// learn reads a file for which isNote or isSampleNote is true.
func (n *notes) learn(name string, data []byte) error {
	base := path.Base(name)
	if read := imagenetNotes[base]; read != nil {
		if err := read(n, data); err != nil {
			return fault.New(CodeNotes, "download it again, or take it away if it belongs to something else", "data: %s: %v", name, err)
		}
		return nil
	}
	if slices.Contains(nameLists, base) {
		if n.lines == nil || strings.Count(name, "/") < strings.Count(n.names, "/") {
			n.names, n.lines = name, lines(data)
		}
		return nil
	}
	n.learnSample(name, data)
	return nil
}

// truthOf returns the class of a validation image of ImageNet or Tiny-ImageNet, or "" if the notes have none.
func (n *notes) truthOf(name string) string {
	if len(n.val) == 0 && len(n.truth) == 0 {
		return ""
	}
	base := stem(path.Base(name))
	if class := n.val[base]; class != "" {
		return class
	}
	if number, ok := strings.CutPrefix(base, imagenetValImage); ok {
		if i, err := strconv.Atoi(number); err == nil && i >= 1 && i <= len(n.truth) {
			return n.ids[n.truth[i-1]]
		}
	}
	return ""
}

func lines(data []byte) []string {
	return slices.DeleteFunc(strings.Split(strings.ReplaceAll(strings.TrimPrefix(string(data), "\ufeff"), "\r", ""), "\n"), func(l string) bool { return strings.TrimSpace(l) == "" })
}

// learnSolution reads "ImageId,PredictionString" and lines such as
// "ILSVRC2012_val_00048981,n03995372 85 1 499 272 ".
func (n *notes) learnSolution(data []byte) error {
	for i, line := range lines(data) {
		id, rest, ok := strings.Cut(line, ",")
		if i == 0 && id == "ImageId" {
			continue
		}
		words := strings.Fields(rest)
		if !ok || len(words) == 0 {
			return fmt.Errorf("line %d is %.60q, wanted an image, a comma and a class", i+1, line)
		}
		n.val[id] = words[0]
	}
	return nil
}

// learnAnnotations reads lines such as "val_0.JPEG\tn03444034\t0\t32\t44\t62".
func (n *notes) learnAnnotations(data []byte) error {
	for i, line := range lines(data) {
		words := strings.Split(line, "\t")
		if len(words) < 2 || words[0] == "" || words[1] == "" {
			return fmt.Errorf("line %d is %.60q, wanted an image, a tab and a class", i+1, line)
		}
		n.val[strings.TrimSuffix(words[0], path.Ext(words[0]))] = strings.TrimSpace(words[1])
	}
	return nil
}

// learnWords reads lines such as "n01440764 tench, Tinca tinca".
func (n *notes) learnWords(data []byte) error {
	for i, line := range lines(data) {
		id, words, ok := strings.Cut(line, " ")
		if !ok {
			return fmt.Errorf("line %d is %.60q, wanted a WordNet id and words", i+1, line)
		}
		n.words[id] = firstWord(words)
	}
	return nil
}

// learnMap reads lines such as "n02119789 1 kit_fox".
func (n *notes) learnMap(data []byte) error {
	for i, line := range lines(data) {
		words := strings.Fields(line)
		if len(words) != 3 {
			return fmt.Errorf("line %d is %.60q, wanted a WordNet id, a number and a word", i+1, line)
		}
		number, err := strconv.Atoi(words[1])
		if err != nil {
			return fmt.Errorf("line %d is %.60q, wanted a number in the middle", i+1, line)
		}
		n.ids[number] = words[0]
		if n.words[words[0]] == "" {
			n.words[words[0]] = strings.ReplaceAll(words[2], "_", " ")
		}
	}
	return nil
}

func (n *notes) learnMeta(data []byte) error {
	synsets, err := readSynsets(data)
	for _, s := range synsets {
		n.ids[s.id] = s.wnid
		n.words[s.wnid] = firstWord(s.words)
	}
	return err
}

// learnTruth reads a number on each line.
func (n *notes) learnTruth(data []byte) error {
	n.truth = nil
	for i, line := range lines(data) {
		number, err := strconv.Atoi(strings.TrimSpace(line))
		if err != nil {
			return fmt.Errorf("line %d is %.60q, wanted a number", i+1, line)
		}
		n.truth = append(n.truth, number)
	}
	return nil
}

// learnLabels reads a WordNet id on each line.
func (n *notes) learnLabels(data []byte) error {
	for i, line := range lines(data) {
		n.val[fmt.Sprintf(imagenetValImage+"%08d", i+1)] = strings.TrimSpace(line)
	}
	return nil
}

// firstWord returns the first of several names: "tench" of "tench, Tinca tinca".
func firstWord(words string) string {
	first, _, _ := strings.Cut(words, ",")
	return strings.TrimSpace(first)
}
