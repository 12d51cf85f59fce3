package run

import (
	"encoding/json"
	"io"
	"strconv"

	"bignas/core/classify"
	"bignas/core/fault"
	"bignas/core/weights"
	"bignas/train/config"
	"bignas/train/dataset"
)

// KeyClassIDs is the metadata entry of a weights file or a checkpoint with the
// names of the class folders that it was trained on: a JSON list in the order of
// the logits. Files from before 2026-11-29 have none.
const KeyClassIDs = "class_ids"

// Classes are the classes that released weights tell apart; file names them in messages.
func Classes(e *classify.Engine, file string) (dataset.Names, error) {
	info := e.Info()
	n := dataset.Names{Of: file, Labels: info.Labels}
	var err error
	n.IDs, err = classList(info.Metadata, KeyClassIDs, file, len(info.Labels))
	return n, err
}

// classesIn are the classes of a weights file or a checkpoint with this metadata.
func classesIn(m map[string]string, file string) (n dataset.Names, err error) {
	n.Of = file
	if n.Count, err = strconv.Atoi(m[weights.KeyClasses]); err != nil {
		return n, fault.New(weights.CodeDamaged, "", "%s says that it has %q classes", file, m[weights.KeyClasses])
	}
	if n.Labels, err = classList(m, weights.KeyLabels, file, n.Count); err != nil {
		return n, err
	}
	n.IDs, err = classList(m, KeyClassIDs, file, n.Count)
	return n, err
}

// classList reads a list with a name for each class; nil where there is none.
func classList(m map[string]string, key, file string, count int) (list []string, err error) {
	if m[key] == "" {
		return nil, nil
	}
	if json.Unmarshal([]byte(m[key]), &list) != nil || len(list) != count {
		return nil, fault.New(weights.CodeDamaged, "release it again, or take another copy", "%s: the entry %s is no list of %d classes", file, key, count)
	}
	return list, nil
}

// classText is a list as classList reads it.
func classText(list []string) string {
	text, err := json.Marshal(list)
	if err != nil {
		panic("run: texts cannot be written as JSON: " + err.Error())
	}
	return string(text)
}

// matched is data.Match, for the zero Names too, which are any classes.
func matched(data *dataset.Dataset, n dataset.Names, partly bool) (said string, err error) {
	if n.Of == "" {
		return "", nil
	}
	return data.Match(n, partly)
}

// OpenDataFor is OpenData for weights that know the classes n: the images are
// labelled with the numbers of those (dataset.Match, which says what partly is),
// and log hears where they have other names. The zero n are any classes.
func OpenDataFor(path string, c config.Config, n dataset.Names, partly bool, log io.Writer, more ...func(*dataset.Options)) (*dataset.Dataset, error) {
	data, err := OpenData(path, c, log, more...)
	if err != nil {
		return nil, err
	}
	said, err := matched(data, n, partly)
	if err != nil {
		data.Close()
		return nil, err
	}
	if said != "" {
		_, err = io.WriteString(log, said+"\n")
	}
	return data, err
}
