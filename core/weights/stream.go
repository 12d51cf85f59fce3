package weights

import (
	"slices"
	"strconv"

	"bignas/core/arch"
	"bignas/core/bnstats"
	"bignas/core/confidence"
	"bignas/core/fault"
	"bignas/core/plainjson"
	"bignas/core/supernet"
)

// Stream is a weights file that is read while it is downloaded. Its first level has been
// read, so that small children can be run, and bigger ones as more is appended.
type Stream struct {
	// Bundle grows with every level: weights that have not been read yet are zero.
	Bundle *Bundle

	header  *header
	levels  []level
	jobs    [][]fill // by level
	done    int      // levels that are complete
	pending []byte   // what has been read of the next level
}

// fill is one tensor of the file, and where its values are stored.
type fill struct {
	place
	to    *stored
	level int // of the elements of a part; -1 for a whole tensor
}

// Unmarshal reads a whole file that Marshal wrote. The error is a *fault.Error: what Read
// reports; a file of another program, version, space or number of classes; or a tensor
// that is missing, unknown or of the wrong shape, which it names.
func Unmarshal(data []byte) (*Bundle, error) {
	h, body, err := readHeader(data)
	if err != nil {
		return nil, err
	}
	if err := h.check(body); err != nil {
		return nil, err
	}
	a, err := open(h, supernet.NewWeights)
	if err != nil {
		return nil, err
	}
	for a.done < len(a.levels) {
		if err := a.read(body[a.start():a.levels[a.done].Bytes]); err != nil {
			return nil, err
		}
	}
	return a.Bundle, nil
}

// OpenStream reads the beginning of a weights file, at least its header and first level.
// The weights are frozen (supernet.NewFrozen). The errors are those of Unmarshal, with
// CodeTruncated for a beginning that is too short.
func OpenStream(data []byte) (*Stream, error) {
	h, body, err := readHeader(data)
	if err != nil {
		return nil, err
	}
	a, err := open(h, supernet.NewFrozen)
	if err != nil {
		return nil, err
	}
	if _, err := a.Append(body); err != nil {
		return nil, err
	}
	if a.done == 0 {
		return nil, fault.New(CodeTruncated, hintAgain, "the weights file ends too early: its smallest child has %d bytes, of which %d are there", a.levels[0].Bytes, len(body))
	}
	return a, nil
}

// Append reads the bytes that follow, any number of them, and reports whether they
// complete a level. After an error nothing more can be appended; the levels that are
// complete can still be used.
func (a *Stream) Append(data []byte) (opened bool, err error) {
	for {
		if a.Complete() {
			if len(data) > 0 {
				return opened, damaged("%d bytes follow the last tensor", len(data))
			}
			return opened, nil
		}
		missing := int(a.levels[a.done].Bytes-a.start()) - len(a.pending)
		if len(data) < missing {
			a.pending = append(a.pending, data...)
			return opened, nil
		}
		level := data[:missing]
		if len(a.pending) > 0 {
			level = append(a.pending, level...)
		}
		a.pending, data = nil, data[missing:]
		if err := checkDigest(level, a.levels[a.done].Digest); err != nil {
			return opened, err
		}
		if err := a.read(level); err != nil {
			return opened, err
		}
		opened = true
	}
}

// Ceiling returns the biggest child that can be run. All children within it can.
func (a *Stream) Ceiling() arch.Arch { return a.levels[a.done-1].child }

// Complete reports whether the whole file has been read.
func (a *Stream) Complete() bool { return a.done == len(a.levels) }

// Size returns the length of the whole file in bytes.
func (a *Stream) Size() int { return a.header.size + int(a.header.total) }

// Ends returns the lengths, ascending, at which the levels of the file end. With each,
// bigger children can be run; the last is the size of the file.
func (a *Stream) Ends() []int {
	var ends []int
	for _, l := range a.levels {
		ends = append(ends, a.header.size+int(l.Bytes))
	}
	return ends
}

// start returns where the next level begins, counted from the first tensor byte.
func (a *Stream) start() int64 {
	if a.done == 0 {
		return 0
	}
	return a.levels[a.done-1].Bytes
}

// read stores the values of the next level. open has checked the header.
func (a *Stream) read(data []byte) error {
	start := a.start()
	var values, buffer []float32
	for _, f := range a.jobs[a.done] {
		values = decode(values, data[f.begin-start:f.end-start], f.DType)
		for i, v := range values {
			if v-v != 0 { // an infinity or a NaN
				return damaged("value %d of the tensor %q is %v", i, f.Name, v)
			}
		}
		all := f.to.data
		if f.to.param != nil {
			all = supernet.Values(f.to.param, buffer)
		}
		if f.level < 0 {
			copy(all, values)
		} else {
			next := 0
			f.to.spans(f.level, func(from, to int) { next += copy(all[from:to], values[next:]) })
		}
		if f.to.param != nil {
			buffer = supernet.SetValues(f.to.param, all)
		}
	}
	a.done++
	return nil
}

// allocation makes weights for a space and a number of classes.
type allocation func(*arch.Space, int) (*supernet.Weights, error)

// open checks the header against the space that it names, and allocates the weights.
func open(h *header, allocate allocation) (*Stream, error) {
	m := h.metadata
	if err := recognise(m); err != nil {
		return nil, err
	}
	b := &Bundle{Metadata: map[string]string{}}
	space, err := readSpace(m)
	if err != nil {
		return nil, err
	}
	if err := b.describe(m); err != nil {
		return nil, err
	}
	if text, ok := m[KeyConfidence]; ok {
		if b.Confidence, err = confidence.Read(text, space); err != nil {
			return nil, err
		}
	}
	a := &Stream{Bundle: b, header: h}
	if a.levels, err = readLevels(m, space, h.total); err != nil {
		return nil, err
	}
	return a, a.plan(space, allocate)
}

// recognise refuses the metadata of other programs' files and of other layouts.
func recognise(m map[string]string) error {
	if m[KeyFormat] != formatName {
		return fault.New(CodeNotWeights, hintNotWeights, "the safetensors file is of another program: its metadata %q is %q, expected %q", KeyFormat, m[KeyFormat], formatName)
	}
	switch v := m[KeyVersion]; v {
	case formatVersion:
		if m[HeaderKey] == "" {
			return damaged("its header has no digest")
		}
	case openVersion, wholeVersion:
	default:
		return fault.New(CodeMismatch, "use the program that wrote it, or export it again", "the weights file has the layout version %q, this program reads %q", v, formatVersion)
	}
	if _, ok := m[DigestKey]; !ok {
		return fault.New(CodeDamaged, hintAgain, "the weights file has no digest")
	}
	return nil
}

// describe reads the labels, the preprocessing and the other metadata.
func (b *Bundle) describe(m map[string]string) error {
	var err error
	if b.Labels, err = texts(m[KeyLabels]); err != nil {
		return damaged("its labels are not a list of texts")
	}
	if n, err := strconv.Atoi(m[KeyClasses]); err != nil || n != len(b.Labels) {
		return damaged("it names %d labels and %q classes", len(b.Labels), m[KeyClasses])
	}
	if spec, err := plainjson.Parse([]byte(m[KeyPreprocessing])); err != nil || b.Spec.Fill(spec) != nil {
		return damaged("its preprocessing cannot be read")
	}
	for k, v := range m {
		if !slices.Contains(ownKeys, k) {
			b.Metadata[k] = v
		}
	}
	return b.Spec.Validate()
}

// plan finds the parts of each tensor in the file. It fails where one is missing,
// unknown, of the wrong shape, or after the level that needs it.
func (a *Stream) plan(space *arch.Space, allocate allocation) error {
	t := newIndex(a.header.places, a.levels)
	b := a.Bundle
	if err := t.checkClasses(len(b.Labels)); err != nil {
		return err
	}
	var err error
	if b.Net, err = allocate(space, len(b.Labels)); err != nil {
		return fault.New(CodeMismatch, hintOther, "the weights file cannot be run: %v", err)
	}
	switch kind := a.header.metadata[KeyStatistics]; kind {
	case "none":
	case statisticsKind, ownKind:
		b.Statistics = &bnstats.Model{Net: b.Net}
		if kind == statisticsKind {
			b.Statistics = bnstats.NewModel(b.Net)
		}
		if text, ok := a.header.metadata[KeyOwn]; ok {
			if err := readOwn(b.Statistics, space, text); err != nil {
				return err
			}
		}
	default:
		return fault.New(CodeMismatch, hintOther, "the weights file has BN statistics of the kind %q, known are \"none\", %q and %q", kind, ownKind, statisticsKind)
	}
	all, err := layout(b.Net, b.Statistics, a.levels)
	if err != nil {
		return damaged("its levels cannot be used: %v", err)
	}
	for _, s := range all {
		if err := t.add(s); err != nil {
			return err
		}
	}
	if name, ok := t.unused(); ok {
		return fault.New(CodeMismatch, hintOther, "the weights file has a tensor %q that the space %s does not know", name, space.Name)
	}
	a.jobs = t.jobs
	return nil
}
