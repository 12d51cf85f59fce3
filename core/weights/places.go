package weights

import (
	"slices"

	"bignas/core/fault"
)

const hintOther = "use weights and a program of the same version"

// index finds the tensors of a file by name and plans where their values go. Each is used
// once.
type index struct {
	places []place
	at     map[string]int // in places
	levels []level
	jobs   [][]fill
}

func newIndex(places []place, levels []level) *index {
	t := &index{places: places, at: make(map[string]int, len(places)), levels: levels, jobs: make([][]fill, len(levels))}
	for i, p := range places {
		t.at[p.Name] = i
	}
	return t
}

// checkClasses compares the number of labels with the classifier in the file, before
// memory of that size is allocated.
func (t *index) checkClasses(classes int) error {
	const name = "classifier.bias"
	i, ok := t.at[name]
	if ok && slices.Equal(t.places[i].Shape, []int{classes}) {
		return nil
	}
	var shape []int
	if ok {
		shape = t.places[i].Shape
	}
	return fault.New(CodeMismatch, hintOther, "the tensor %q of the weights file has the shape %v, its labels name %d classes", name, shape, classes)
}

// add finds a tensor, whole or in parts, and plans how it is filled.
func (t *index) add(s *stored) error {
	first := slices.IndexFunc(s.counts, func(n int) bool { return n > 0 })
	if _, ok := t.at[s.name]; ok {
		return t.find(s, s.name, s.shape, first, -1)
	}
	if s.counts[first] == s.size {
		return fault.New(CodeMismatch, hintOther, "the weights file lacks the tensor %q", s.name)
	}
	for l, n := range s.counts {
		if n == 0 {
			continue
		}
		if err := t.find(s, partName(s.name, l), []int{n}, l, l); err != nil {
			return err
		}
	}
	return nil
}

// find plans one tensor of the file, which must have that shape and must not come after
// the level that needs it.
func (t *index) find(s *stored, name string, shape []int, needed, level int) error {
	i, ok := t.at[name]
	if !ok {
		return fault.New(CodeMismatch, hintOther, "the weights file lacks the tensor %q", name)
	}
	p := t.places[i]
	if !slices.Equal(p.Shape, shape) {
		return fault.New(CodeMismatch, hintOther, "the tensor %q of the weights file has the shape %v, needed is %v", name, p.Shape, shape)
	}
	at := 0
	for p.end > t.levels[at].Bytes {
		at++
	}
	if at > needed || at > 0 && p.begin < t.levels[at-1].Bytes {
		return damaged("the tensor %q ends at byte %d, behind the level %d that needs it", name, p.end, needed)
	}
	t.jobs[at] = append(t.jobs[at], fill{p, s, level})
	delete(t.at, name)
	return nil
}

// unused returns the first tensor that no add has used.
func (t *index) unused() (string, bool) {
	for _, p := range t.places {
		if _, ok := t.at[p.Name]; ok {
			return p.Name, true
		}
	}
	return "", false
}
