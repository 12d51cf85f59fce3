package dataset

import (
	"encoding/json"
	"strconv"

	"bignas/core/fault"
	"bignas/core/weights"
)

// KeyClassIDs is the metadata entry of a weights file or a checkpoint with the
// names of the class folders that it was trained on: a JSON list in the order of
// the logits. Files from before 2026-11-29 have none.
const KeyClassIDs = "class_ids"

// NamesIn returns the classes that a weights file or a checkpoint with this metadata
// knows. labels are their names for people where they have been read already; file
// names them in errors.
func NamesIn(file string, metadata map[string]string, labels []string) (n Names, err error) {
	n.Of, n.Labels, n.Count = file, labels, len(labels)
	if labels == nil {
		if n.Count, err = strconv.Atoi(metadata[weights.KeyClasses]); err != nil {
			return n, fault.New(weights.CodeDamaged, "", "%s says that it has %q classes", file, metadata[weights.KeyClasses])
		}
		if n.Labels, err = classList(metadata, weights.KeyLabels, file, n.Count); err != nil {
			return n, err
		}
	}
	n.IDs, err = classList(metadata, KeyClassIDs, file, n.Count)
	return n, err
}

// classList reads a list with a name for each class; nil where there is none.
func classList(m map[string]string, key, file string, count int) (list []string, err error) {
	if m[key] == "" {
		return nil, nil
	}
	if json.Unmarshal([]byte(m[key]), &list) != nil || len(list) != count {
		return nil, fault.New(weights.CodeDamaged, "release it again, or take another copy", "%s: the entry %s is not a list of %d classes", file, key, count)
	}
	return list, nil
}

// ClassList writes a list of names as NamesIn reads it.
func ClassList(names []string) string {
	text, err := json.Marshal(names)
	if err != nil {
		panic("dataset: class names cannot be written as JSON: " + err.Error())
	}
	return string(text)
}
