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

// Arriving is a weights file of which at least the first level is here: small
// children can be run, bigger ones as more arrives.
type Arriving struct {
	// Bundle grows with every level: weights that are not here yet are zero.
	Bundle *Bundle

	header *header
	levels []level
	jobs   [][]fill // by level
	here   int      // levels that are complete
	waits  []byte   // of the level that is under way
}

// fill is one tensor of the file and where its values go.
type fill struct {
	place
	to    *stored
	level int // of the elements of a part; -1 for a whole tensor
}

// Unmarshal reads what Marshal wrote, all of it. Every error is a *fault.Error:
// what Read reports; a file of another program, version, space or class count;
// a tensor that is missing, unknown or of the wrong shape, by name.
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
	for a.here < len(a.levels) {
		if err := a.take(body[a.start():a.levels[a.here].Bytes]); err != nil {
			return nil, err
		}
	}
	return a.Bundle, nil
}

// Begin reads the beginning of a weights file: its header and first level at
// least. The weights are frozen (supernet.NewFrozen). The errors are those of Unmarshal; a beginning that is too short is
// truncated.
func Begin(data []byte) (*Arriving, error) {
	h, body, err := readHeader(data)
	if err != nil {
		return nil, err
	}
	a, err := open(h, supernet.NewFrozen)
	if err != nil {
		return nil, err
	}
	if _, err := a.Add(body); err != nil {
		return nil, err
	}
	if a.here == 0 {
		return nil, fault.New(CodeTruncated, hintAgain, "the weights file ends too early: its smallest child has %d bytes, %d are here", a.levels[0].Bytes, len(body))
	}
	return a, nil
}

// Add takes the bytes that follow those that came before, any number of them,
// and says whether a level has been completed. After an error the file is of no
// use any more; what was complete before still is.
func (a *Arriving) Add(data []byte) (opened bool, err error) {
	for {
		if a.Complete() {
			if len(data) > 0 {
				return opened, damaged("%d bytes follow the last tensor", len(data))
			}
			return opened, nil
		}
		missing := int(a.levels[a.here].Bytes-a.start()) - len(a.waits)
		if len(data) < missing {
			a.waits = append(a.waits, data...)
			return opened, nil
		}
		level := data[:missing]
		if len(a.waits) > 0 {
			level = append(a.waits, level...)
		}
		a.waits, data = nil, data[missing:]
		if err := checkDigest(level, a.levels[a.here].Digest); err != nil {
			return opened, err
		}
		if err := a.take(level); err != nil {
			return opened, err
		}
		opened = true
	}
}

// Ceiling is the biggest child that can be run: any within it can.
func (a *Arriving) Ceiling() arch.Arch { return a.levels[a.here-1].child }

// Complete says whether all of the file is here.
func (a *Arriving) Complete() bool { return a.here == len(a.levels) }

// Size is the length of the whole file in bytes.
func (a *Arriving) Size() int { return a.header.size + int(a.header.total) }

// Ends returns the lengths of the beginnings of the file with which something
// more can be run, ascending; the last is its size.
func (a *Arriving) Ends() []int {
	var ends []int
	for _, l := range a.levels {
		ends = append(ends, a.header.size+int(l.Bytes))
	}
	return ends
}

// start is where the level that is under way begins, among the tensor bytes.
func (a *Arriving) start() int64 {
	if a.here == 0 {
		return 0
	}
	return a.levels[a.here-1].Bytes
}

// take fills in the bytes of the next level; the header was checked by open.
func (a *Arriving) take(data []byte) error {
	start := a.start()
	var values, room []float32
	for _, f := range a.jobs[a.here] {
		values = decode(values, data[f.begin-start:f.end-start], f.DType)
		if i := slices.IndexFunc(values, func(v float32) bool { return !storable(v, Float32) }); i >= 0 {
			return damaged("value %d of the tensor %q is %v", i, f.Name, values[i])
		}
		all := f.to.data
		if f.to.param != nil {
			all = supernet.Open(f.to.param, room)
		}
		if f.level < 0 {
			copy(all, values)
		} else {
			next := 0
			f.to.each(f.level, func(i int) { all[i] = values[next]; next++ })
		}
		if f.to.param != nil {
			room = supernet.Close(f.to.param, all)
		}
	}
	a.here++
	return nil
}

// allocation is how weights for a space and a number of classes come about.
type allocation func(*arch.Space, int) (*supernet.Weights, error)

// open checks the header against the space that it names and allocates.
func open(h *header, allocate allocation) (*Arriving, error) {
	m := h.metadata
	if m[KeyFormat] != formatName {
		return nil, fault.New(CodeNotWeights, hintNotWeights, "the safetensors file is of another program: its metadata %q is %q, expected %q", KeyFormat, m[KeyFormat], formatName)
	}
	switch v := m[KeyVersion]; v {
	case formatVersion:
		if m[HeaderKey] == "" {
			return nil, damaged("its header has no digest")
		}
	case openVersion, wholeVersion:
	default:
		return nil, fault.New(CodeMismatch, "use the program that wrote it, or export it again", "the weights file has the layout version %q, this program reads %q", v, formatVersion)
	}
	if _, ok := m[DigestKey]; !ok {
		return nil, fault.New(CodeDamaged, hintAgain, "the weights file has no digest")
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
	a := &Arriving{Bundle: b, header: h}
	if a.levels, err = readLevels(m, space, h.total); err != nil {
		return nil, err
	}
	return a, a.plan(space, allocate)
}

// describe reads labels, preprocessing and everything else that is text.
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

// plan finds every tensor's parts in the file and fails where one is missing,
// unknown, of the wrong shape, or later than the level that needs it.
func (a *Arriving) plan(space *arch.Space, allocate allocation) error {
	t := newTaker(a.header.places, a.levels)
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
	case statisticsKind:
		b.Statistics = bnstats.NewModel(b.Net)
	default:
		return fault.New(CodeMismatch, hintOther, "the weights file has BN statistics of the kind %q, known are \"none\" and %q", kind, statisticsKind)
	}
	all, err := layout(b.Net, b.Statistics, a.levels)
	if err != nil {
		return damaged("its levels cannot be used: %v", err)
	}
	for _, s := range all {
		if err := t.take(s); err != nil {
			return err
		}
	}
	if name, ok := t.left(); ok {
		return fault.New(CodeMismatch, hintOther, "the weights file has a tensor %q that the space %s does not know", name, space.Name)
	}
	a.jobs = t.jobs
	return nil
}
