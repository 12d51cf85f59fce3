package dataset

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"bignas/core/fault"
)

// labelEndings is the extensions of files with the class of a WebDataset sample, in order of precedence.
var labelEndings = []string{".cls", ".label", ".index", ".json", ".txt"}

// labelKeys is the fields of a sample's JSON that may be its class, in order of precedence.
var labelKeys = []string{"cls", "label", "class", "class_id", "target", "synset", "wnid"}

// whatIsRead says how the class of a sample may be given.
const whatIsRead = "a class is one line of text, a number or a name, in KEY.cls, .label, .index or .txt; or in KEY.json a number, a text, true or false: alone, in a list of one, or as cls, label, class, class_id, target, synset or wnid"

var (
	errNoNote  = errors.New("no .cls, .label, .index, .json or .txt file gives its class")
	errShared  = errors.New("the file with the class belongs to the image of the same name, and this one has none of its own")
	errUnknown = errors.New("its class is -1, which means none")
)

// labelled is the class of a WebDataset sample, from the file key+ending.
type labelled struct {
	class  string
	ending uint8 // index in labelEndings
	used   bool  // there is an image for it
	err    error // why it cannot be read
}

// isSampleNote reports, by its name, whether a file may have the class of a WebDataset sample.
func isSampleNote(name string) bool {
	return slices.Contains(labelEndings, strings.ToLower(path.Ext(name))) && !isHidden(name)
}

// stem returns a name without its extension.
func stem(name string) string { return name[:len(name)-len(path.Ext(name))] }

// sampleKey returns the key of a WebDataset sample by the rule of its library: the path up to the first dot of the base name.
func sampleKey(name string) string {
	dir, base := path.Split(name)
	key, _, _ := strings.Cut(base, ".")
	return dir + key
}

// learnSample reads a file for which isSampleNote is true. Its error counts only if it belongs to an image.
func (n *notes) learnSample(name string, data []byte) {
	s := labelled{ending: uint8(slices.Index(labelEndings, strings.ToLower(path.Ext(name))))}
	switch labelEndings[s.ending] {
	case ".json":
		s.class, s.err = classInJSON(data)
	case ".txt":
		if s.class, s.err = classInText(data); s.err != nil || len(s.class) > 100 {
			return // a caption, for example
		}
	default:
		s.class, s.err = classInText(data)
	}
	if s.class == "" && s.err == nil {
		return
	}
	if s.err != nil {
		s.err = fault.New(CodeNotes, whatIsRead, "data: %s: %v", name, s.err)
	}
	key := stem(name)
	was, known := n.samples[key]
	switch {
	case !known || was.ending > s.ending && !was.contradicts(s):
		n.samples[key] = s
	case was.contradicts(s):
		was.err = fault.New(CodeNotes, "keep the right one only", "data: two files give %s different classes: %s says %q, %s says %q",
			key, labelEndings[was.ending], was.class, strings.ToLower(path.Ext(name)), s.class)
		n.samples[key] = was
	}
}

// contradicts reports whether two classes of one sample contradict each other: two numbers, or two names. Running numbers and
// captions do not.
func (s labelled) contradicts(other labelled) bool {
	if s.err != nil || other.err != nil || s.class == other.class || isNumber(s.class) != isNumber(other.class) && s.ending != other.ending {
		return false
	}
	weak := func(e uint8) bool { return labelEndings[e] == ".index" || labelEndings[e] == ".txt" }
	if bare(s.class) == bare(other.class) {
		return false
	}
	return s.ending == other.ending || !weak(s.ending) && !weak(other.ending)
}

func isNumber(s string) bool {
	v, err := strconv.Atoi(s)
	return err == nil && v >= 0 && s[0] != '+' && s[0] != '-'
}

// classInText returns the class in a line of text.
func classInText(data []byte) (string, error) {
	class := strings.TrimSpace(strings.TrimPrefix(string(data), "\ufeff"))
	switch {
	case class == "":
		return "", errors.New("it holds no text")
	case !utf8.ValidString(class) || strings.ContainsFunc(class, func(r rune) bool { return !unicode.IsPrint(r) && r != '\n' && r != '\r' && r != '\t' }):
		return "", fmt.Errorf("it holds %d bytes that are no text", len(data))
	case strings.ContainsAny(class, "/\r\n\t"):
		return "", fmt.Errorf("it holds %.40q, which is no class", class)
	}
	return class, nil
}

// classInJSON returns the class in a sample's JSON, or "" if there is none.
func classInJSON(data []byte) (string, error) {
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	d.UseNumber()
	var value any
	if d.Decode(&value) != nil {
		return "", nil // of something else
	}
	fields, ok := value.(map[string]any)
	if !ok {
		return classOfJSON(value)
	}
	for _, key := range labelKeys {
		v, there := fields[key]
		if !there || v == nil {
			continue
		}
		class, err := classOfJSON(v)
		if err != nil {
			err = fmt.Errorf("%s: %w", key, err)
		}
		return class, err
	}
	return "", nil
}

// classOfJSON returns the class that a JSON value stands for.
func classOfJSON(value any) (string, error) {
	switch v := value.(type) {
	case nil:
		return "", nil
	case string:
		return classInText([]byte(v))
	case bool:
		return strconv.FormatBool(v), nil
	case json.Number:
		if f, err := v.Float64(); err == nil && f == float64(int64(f)) && f > -1e15 && f < 1e15 {
			return strconv.FormatInt(int64(f), 10), nil
		}
		return "", fmt.Errorf("%s is no whole number", v)
	case []any:
		if len(v) == 1 {
			return classOfJSON(v[0])
		}
		return "", fmt.Errorf("a list of %d is not one class", len(v))
	}
	return "", errors.New("an object is no class")
}

// classesOf returns the classes of images by samples: found[i] is "" and why[i] nil where there is none. An image belongs to the
// file whose name without its extension is the longest prefix of its own up to a dot. weak is true where some are from .txt
// files, which may be something else.
func (n *notes) classesOf(names []string) (found []string, why []error, weak bool, err error) {
	if len(n.samples) == 0 {
		return nil, nil, false, nil
	}
	found, why = make([]string, len(names)), make([]error, len(names))
	m := matcher{notes: n, names: names}
	numbers, digits, weakest, count := true, 0, uint8(0), 0
	classes := map[string]int{}
	for i, name := range names {
		s, ok := m.match(name)
		switch {
		case !ok:
			if m.taken {
				why[i] = errShared
			}
			continue
		case s.err != nil:
			return nil, nil, false, s.err
		case s.class == "-1":
			why[i] = errUnknown
			continue
		}
		numbers, digits, weakest = numbers && isNumber(s.class), max(digits, len(s.class)), max(weakest, s.ending)
		found[i] = s.class
		classes[s.class]++
		count++
		s.used = true
		n.samples[m.key] = s
	}
	running := labelEndings[weakest] == ".txt" || labelEndings[weakest] == ".index"
	if count == 0 || running && 2*len(classes) > count { // captions, or running numbers
		return nil, nil, false, nil
	}
	if numbers { // of equal width, so that names sort as numbers
		for i, class := range found {
			if class != "" {
				found[i] = fmt.Sprintf("%0*s", digits, bare(class))
			}
		}
	}
	n.numbers = numbers
	n.lost = nil
	for _, s := range n.samples {
		if !s.used && s.err == nil && labelEndings[s.ending] != ".txt" && classes[s.class] == 0 && isNumber(s.class) == numbers {
			if n.lost = append(n.lost, s.class); numbers {
				n.lost[len(n.lost)-1] = fmt.Sprintf("%0*s", digits, bare(s.class))
			}
		}
	}
	return found, why, labelEndings[weakest] == ".txt", nil
}

// matcher finds the samples of images.
type matcher struct {
	*notes
	names []string
	stems map[string]bool     // names without extensions; built when needed
	keys  map[string][]string // keys by the library's rule -> stems of files with a class
	// images counts those of each key.
	images map[string]int
	key    string // the last one
	taken  bool   // the sample of the last image without a match belongs to another image
}

func (m *matcher) match(name string) (labelled, bool) {
	m.taken = false
	whole := stem(name)
	if s, ok := m.samples[whole]; ok {
		m.key = whole
		return s, true
	}
	key := sampleKey(name)
	for part := whole; part != key; {
		part = part[:strings.LastIndexByte(part, '.')]
		if s, ok := m.samples[part]; ok {
			m.key, m.taken = part, m.hasStem(part)
			return s, !m.taken
		}
	}
	// KEY.a.jpg and KEY.b.cls, where the key has one of each.
	if m.keys == nil {
		m.keys = map[string][]string{}
		for s := range m.samples {
			m.keys[sampleKey(s)] = append(m.keys[sampleKey(s)], s)
		}
	}
	if m.images == nil {
		m.images = map[string]int{}
		for _, other := range m.names {
			m.images[sampleKey(other)]++
		}
	}
	if of := m.keys[key]; len(of) == 1 && m.images[key] == 1 {
		m.key = of[0]
		return m.samples[of[0]], true
	}
	return labelled{}, false
}

// hasStem reports whether there is an image with this name and one extension.
func (m *matcher) hasStem(key string) bool {
	if m.stems == nil {
		m.stems = make(map[string]bool, len(m.names))
		for _, name := range m.names {
			m.stems[stem(name)] = true
		}
	}
	return m.stems[key]
}
