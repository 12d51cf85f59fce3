package dataset

import (
	"fmt"
	"slices"
	"strings"

	"bignas/core/fault"
)

// Names is the classes that weights know, in the order of their logits.
type Names struct {
	Of     string   // the file that they are from, for messages
	IDs    []string // the class folders that the weights were trained on; nil where the file does not say
	Labels []string // for people; nil where the file does not say
	Count  int      // number of classes, where neither is known
	// Replaceable says that data of other classes can get a new classifier: a run begins with the weights.
	Replaceable bool
}

// Codes of the errors of Match.
const (
	CodeClasses      = "classes"       // it is not clear which class is which
	CodeOtherClasses = "other_classes" // the data has other classes
)

// matchHint says what to do about other classes than those of the weights.
const matchHint = "name the class folders as the weights file does, by WordNet id or in words, or with --class-names, or take the data that belongs to the weights"

// Match numbers the classes of d as the weights do: labels become indices of the logits, and Classes and Labels those of the
// weights, except for names for people in the data. A class of the data is the class of the weights with the same name; where
// there is none, with the same WordNet id; then with the same name for people, ignoring case, spaces, hyphens and underscores;
// then with one of several names between commas. The position counts only where the file has no names.
//
// Data with a class that the weights do not know is an error, as is data that lacks some, unless partly is true. On an error d
// is unchanged. said is a line for people where names or their order differ, and "" where they do not.
func (d *Dataset) Match(n Names, partly bool) (said string, err error) {
	if n.IDs == nil && n.Labels == nil {
		if n.Count != len(d.Classes) {
			return "", fault.New(CodeOtherClasses, matchHint, "%s has %d classes, %s knows %d and not their names", d.Source, len(d.Classes), n.Of, n.Count)
		}
		if d.folders != nil {
			return "", nil // said by an earlier call
		}
		d.folders = slices.Clone(d.Classes)
		return fmt.Sprintf("%s does not say which classes it knows: they are taken to be the %d of %s in the order of their names", n.Of, n.Count, d.Source), nil
	}
	to, err := n.find(d)
	if err != nil {
		return "", err
	}
	absent := make([]bool, n.len())
	for i := range absent {
		absent[i] = !slices.Contains(to, i)
	}
	if slices.Contains(to, -1) || !partly && slices.Contains(absent, true) {
		return "", n.differ(d, to, absent)
	}
	said = n.say(d, to, absent)
	classes, labels := slices.Clone(n.IDs), slices.Clone(n.Labels)
	if classes == nil {
		classes = slices.Clone(n.Labels)
		for i, k := range to {
			classes[k] = d.Classes[i]
		}
	}
	if labels == nil {
		labels = slices.Clone(n.IDs)
	}
	for i, k := range to {
		if d.Labels[i] != d.Classes[i] { // named by the data
			labels[k] = d.Labels[i]
		}
	}
	folders := slices.Clone(classes)
	for i, k := range to {
		folders[k] = d.folder(i)
	}
	for i := range d.items {
		d.items[i].label = to[d.items[i].label]
	}
	d.Classes, d.Labels, d.folders = classes, labels, folders
	return said, nil
}

// folder returns the name of class i in the data.
func (d *Dataset) folder(i int) string {
	if d.folders != nil {
		return d.folders[i]
	}
	return d.Classes[i]
}

func (n Names) len() int { return max(len(n.IDs), len(n.Labels)) }

// of returns the folder of class i, or its name for people where that is not known, and the latter.
func (n Names) of(i int) (id, label string) {
	switch {
	case n.IDs == nil:
		return n.Labels[i], n.Labels[i]
	case n.Labels == nil:
		return n.IDs[i], n.IDs[i]
	}
	return n.IDs[i], n.Labels[i]
}

// find returns the number of each class of d in n, or -1.
func (n Names) find(d *Dataset) ([]int, error) {
	to := make([]int, len(d.Classes))
	if n.IDs == nil && slices.Equal(n.Labels, d.Labels) { // also where two have the same name
		for i := range to {
			to[i] = i
		}
		return to, nil
	}
	var known [ways]map[string][]int
	for w := range known {
		known[w] = map[string][]int{}
	}
	for k := range n.len() {
		for w, names := range namesOf(n.of(k)) {
			for _, name := range names {
				if at := known[w][name]; !slices.Contains(at, k) {
					known[w][name] = append(at, k)
				}
			}
		}
	}
	taken := map[int]string{}
	for i, class := range d.Classes {
		to[i] = -1
		var found []int
		for w, names := range namesOf(class, d.Labels[i]) {
			for _, name := range names {
				for _, k := range known[w][name] {
					if !slices.Contains(found, k) {
						found = append(found, k)
					}
				}
			}
			if len(found) > 0 {
				break
			}
		}
		if len(found) > 1 {
			return nil, fault.New(CodeClasses, "name the folder as the weights file does, or by WordNet id",
				"the class %q of %s may be any of these of %s: %s", class, d.Source, n.Of, n.list(found))
		}
		if len(found) == 0 {
			continue
		}
		wnid, _ := wordNet(class)
		if label := fold(d.Labels[i]); wnid == "" && d.Labels[i] != class { // a number, for example, of which there are several systems
			if by := known[2][label]; len(by) > 0 && !slices.Contains(by, found[0]) {
				return nil, fault.New(CodeClasses, "one of the two has other names for its numbers: see --class-names",
					"the class %s of %s is %s of %s by its folder, and %s by its name", d.title(i), d.Source, n.list(found), n.Of, n.list(by))
			}
		}
		k := found[0]
		if other, ok := taken[k]; ok {
			return nil, fault.New(CodeClasses, "put their images into one folder, or rename one of them",
				"the classes %q and %q of %s are both %s of %s", other, class, d.Source, n.list(found), n.Of)
		}
		to[i], taken[k] = k, class
	}
	return to, nil
}

// differ returns the error for data with other classes than n.
func (n Names) differ(d *Dataset, to []int, absent []bool) error {
	var extra []string
	for i, k := range to {
		if k < 0 {
			extra = append(extra, d.title(i))
		}
	}
	var lacks []int
	all := make([]int, n.len())
	for k := range all {
		all[k] = k
		if absent[k] {
			lacks = append(lacks, k)
		}
	}
	own := make([]string, len(d.Classes))
	for i := range own {
		own[i] = d.title(i)
	}
	text := fmt.Sprintf("%s has other classes than %s; the %d of the data: %s; the %d of the weights: %s", d.Source, n.Of, len(own), some(own), len(all), n.list(all))
	if len(extra) == len(own) {
		text += "; none is the same"
	} else {
		if len(extra) > 0 {
			text += fmt.Sprintf("; the weights lack %d: %s", len(extra), some(extra))
		}
		if len(lacks) > 0 {
			text += fmt.Sprintf("; the data lacks %d: %s", len(lacks), n.list(lacks))
		}
	}
	return fault.New(CodeOtherClasses, matchHint, "%s", text)
}

// say returns a line about a match with other names or another order.
func (n Names) say(d *Dataset, to []int, absent []bool) string {
	var renamed []string
	moved := false
	for i, k := range to {
		moved = moved || i > 0 && k < to[i-1]
		if id, label := n.of(k); d.Classes[i] != id && d.Labels[i] != label {
			renamed = append(renamed, fmt.Sprintf("%s is %s", d.title(i), n.list([]int{k})))
		}
	}
	var text []string
	if len(renamed) > 0 {
		text = append(text, fmt.Sprintf("the classes of %s are found by name among those of %s: %s", d.Source, n.Of, some(renamed)))
	} else if moved {
		text = append(text, fmt.Sprintf("the classes of %s are those of %s in another order, and are matched by name", d.Source, n.Of))
	}
	var lacks []int
	for k, is := range absent {
		if is {
			lacks = append(lacks, k)
		}
	}
	if len(lacks) > 0 {
		text = append(text, fmt.Sprintf("%s has %d of the %d classes of %s, any of which may be an answer; it lacks %s", d.Source, len(to), n.len(), n.Of, n.list(lacks)))
	}
	return strings.Join(text, "; ")
}

func (n Names) list(which []int) string {
	texts := make([]string, len(which))
	for i, k := range which {
		texts[i] = title(n.of(k))
	}
	return some(texts)
}

// title returns the name of class i for a message.
func (d *Dataset) title(i int) string { return title(d.Classes[i], d.Labels[i]) }

func title(id, label string) string {
	if id == label {
		return fmt.Sprintf("%q", id)
	}
	return fmt.Sprintf("%q (%s)", id, label)
}

// ways is the number of ways in which names are compared, the most certain first.
const ways = 4

// namesOf returns the names of a class in each of the ways: its folder, its WordNet id, its words, and each of several words.
func namesOf(id, label string) (names [ways][]string) {
	names[0] = []string{id}
	add := func(w int, text string) {
		if text = fold(text); text != "" && !slices.Contains(names[w], text) {
			names[w] = append(names[w], text)
		}
	}
	for _, text := range []string{id, label} {
		add(2, text)
		if wnid, rest := wordNet(text); wnid != "" {
			add(1, wnid)
			add(2, rest)
			add(2, words[wnid])
		}
	}
	names[3] = slices.Clone(names[2])
	for _, text := range []string{id, label} {
		for one := range strings.SplitSeq(text, ",") {
			add(3, one)
		}
	}
	return names
}

// wordNet splits "n02085620-Chihuahua" into the WordNet id, "" where the name does not begin with one, and the rest.
func wordNet(name string) (id, rest string) {
	const size = len("n02085620")
	if len(name) < size {
		return "", ""
	}
	if id = strings.ToLower(name[:size]); !isWordNet(id) {
		return "", ""
	}
	if rest = name[size:]; rest != "" && !strings.ContainsAny(rest[:1], " _-.") {
		return "", ""
	}
	return id, strings.TrimLeft(rest, " _-.")
}

// fold normalises case, spaces, hyphens and underscores, the encoding of accents (macOS decomposes them) and leading zeros of
// numbers.
func fold(name string) string {
	name = strings.ToLower(readable(name))
	return bare(strings.Join(strings.FieldsFunc(name, func(r rune) bool { return r == ' ' || r == '_' || r == '-' }), " "))
}
