package weights

import (
	"bytes"
	"fmt"
	"io"
	"strconv"

	"bignas/core/arch"
	"bignas/core/bnstats"
	"bignas/core/confidence"
	"bignas/core/fault"
	"bignas/core/plainjson"
	"bignas/core/preprocess"
	"bignas/core/supernet"
)

// Bundle is the content of a weights file: everything that is needed to run children.
type Bundle struct {
	Net        *supernet.Weights
	Statistics *bnstats.Model    // BN statistics of any child; nil before they are fitted
	Confidence *confidence.Model // temperature and familiarity of any child; nil where they are not fitted
	Spec       preprocess.Spec   // how images become input
	Labels     []string          // names of the classes, one for each of Net.Classes
	Metadata   map[string]string // anything else: training configuration, seed, accuracy, digest after reading
}

// The metadata keys that Marshal writes, which Bundle.Metadata may not have. It may have
// DigestKey and HeaderKey, which are ignored, so that a bundle that was read can be written.
const (
	KeyFormat        = "format"         // always "bignas-weights"
	KeyVersion       = "version"        // of the layout, "4"; "3" had no HeaderKey, "1" had every tensor whole, in network order
	KeySpace         = "space"          // name of the search space
	KeySmallest      = "smallest"       // its smallest and biggest child, by which
	KeyBiggest       = "biggest"        // a space that has changed since the training is noticed
	KeyClasses       = "classes"        // decimal count
	KeyLabels        = "labels"         // JSON array of texts
	KeyPreprocessing = "preprocessing"  // JSON of preprocess.Spec
	KeyStatistics    = "statistics"     // "propagated-2" (bnstats.Model), "own" (those of KeyOwn alone) or "none"
	KeyOwn           = "own_statistics" // JSON: children with BN statistics of their own, which bnstats.Model does not predict; absent where there are none
	KeyConfidence    = "confidence"     // JSON of confidence.Model; absent where it is not fitted
	KeyLevels        = "levels"         // JSON: the nested children in whose order the tensors lie
	KeyLayout        = "layout"         // for people: how to join what is split
)

const (
	formatName    = "bignas-weights"
	formatVersion = "4"
	openVersion   = "3"
	wholeVersion  = "1"
	layoutText    = "Tensors lie in the order of levels: with level i and those before it here, any child within levels[i].arch runs. " +
		"A tensor that levels share is split: name@i holds, row-major, the elements of the corner (of kernels: the centre) that the arch of level i uses and level i-1 does not."
)

var ownKeys = []string{KeyFormat, KeyVersion, KeySpace, KeySmallest, KeyBiggest, KeyClasses, KeyLabels, KeyPreprocessing, KeyStatistics, KeyOwn, KeyConfidence, KeyLevels, KeyLayout}

// Marshal returns the bytes of a weights file. The tensors are those of b.Net.Params under
// their names and, for BN layer i of the biggest child, bn.i.NAME for each of its
// bnstats.Coefficients. They are in the order in which nested children need them, the
// smallest child's first; one that several of them share is split into parts (KeyLayout).
// The error is a contradiction between parts of b, or a value that does not fit dtype.
func Marshal(b *Bundle, dtype DType) ([]byte, error) {
	var out bytes.Buffer
	err := MarshalTo(&out, b, dtype, nil)
	return out.Bytes(), err
}

// MarshalTo writes what Marshal returns. Where read is not nil, b.Net needs no values
// (supernet.NewLayout): read fills to with those of p, row-major. It is called for one tensor
// after the other, several times for each, so that the file never is in memory.
func MarshalTo(w io.Writer, b *Bundle, dtype DType, read func(p *supernet.Param, to []float32) error) error {
	if err := b.check(); err != nil {
		return err
	}
	labels, err := plainjson.Append(nil, b.Labels)
	if err != nil {
		return err
	}
	spec, err := plainjson.Append(nil, b.Spec.Record())
	if err != nil {
		return err
	}
	space := b.Net.Space
	f := &File{Metadata: map[string]string{
		KeyFormat: formatName, KeyVersion: formatVersion, KeyLayout: layoutText,
		KeySpace: space.Name, KeySmallest: space.Min().String(), KeyBiggest: space.Max().String(),
		KeyClasses: strconv.Itoa(b.Net.Classes), KeyLabels: string(labels), KeyPreprocessing: string(spec), KeyStatistics: "none",
	}}
	for k, v := range b.Metadata {
		f.Metadata[k] = v
	}
	if b.Statistics != nil {
		f.Metadata[KeyStatistics] = statisticsKind
		if len(b.Statistics.Layers) == 0 {
			f.Metadata[KeyStatistics] = ownKind
		}
		if len(b.Statistics.Own) > 0 {
			if f.Metadata[KeyOwn], err = appendOwn(b.Statistics.Own); err != nil {
				return err
			}
		}
	}
	if b.Confidence != nil {
		if f.Metadata[KeyConfidence], err = b.Confidence.JSON(); err != nil {
			return err
		}
	}
	ls := levels(space)
	all, err := layout(b.Net, b.Statistics, ls)
	if err != nil {
		return err
	}
	if read != nil {
		readEach(all, dtype, read)
	}
	if err := f.parts(all, ls, dtype); err != nil {
		return err
	}
	text, err := plainjson.Append(nil, records(ls))
	if err != nil {
		return err
	}
	f.Metadata[KeyLevels] = string(text)
	return Write(w, f, dtype)
}

// readEach makes the tensors of the network read their values into memory that they share.
func readEach(all []*stored, dtype DType, read func(p *supernet.Param, to []float32) error) {
	biggest := 0
	for _, s := range all {
		biggest = max(biggest, s.size)
	}
	room := make([]float32, biggest)
	for _, s := range all {
		if s.param == nil {
			continue
		}
		checked := false
		s.read = func() ([]float32, error) {
			values := room[:s.size]
			err := read(s.param, values)
			if err == nil && !checked {
				err, checked = checkStorable(s.name, values, dtype), true
			}
			return values, err
		}
	}
}

// The values of KeyStatistics of a file with statistics: of any child, or of some.
const (
	statisticsKind = "propagated-2"
	ownKind        = "own"
)

func (b *Bundle) check() error {
	if b.Net == nil {
		return fmt.Errorf("weights: the bundle has no network")
	}
	if !b.Net.Biggest.Arch.Equal(b.Net.Space.Max()) {
		return fmt.Errorf("weights: the weights are those of the extracted child %s; a weights file holds a whole supernet", b.Net.Biggest.Arch)
	}
	if len(b.Labels) != b.Net.Classes {
		return fmt.Errorf("weights: %d labels for %d classes", len(b.Labels), b.Net.Classes)
	}
	if b.Statistics != nil && b.Statistics.Net != b.Net {
		return fmt.Errorf("weights: the statistics are of other weights")
	}
	for _, k := range ownKeys {
		if _, ok := b.Metadata[k]; ok {
			return fmt.Errorf("weights: the metadata key %q is written by the file format itself", k)
		}
	}
	return b.Spec.Validate()
}

// texts reads a JSON array of texts.
func texts(text string) ([]string, error) {
	v, err := plainjson.Parse([]byte(text))
	if err != nil {
		return nil, err
	}
	return v.Texts()
}

// lookup finds a space. A test replaces it, to have a small one.
var lookup = arch.Lookup

func readSpace(m map[string]string) (*arch.Space, error) {
	space, err := lookup(m[KeySpace])
	if err != nil {
		return nil, fault.New(CodeMismatch, hintOther, "the weights file is for the search space %q, this program knows %v", m[KeySpace], arch.Spaces())
	}
	for key, now := range map[string]string{KeySmallest: space.Min().String(), KeyBiggest: space.Max().String()} {
		if m[key] != now {
			return nil, fault.New(CodeMismatch, hintOther, "the space %s has changed since the weights were written: its %s child was %q and is %q", space.Name, key, m[key], now)
		}
	}
	return space, nil
}
