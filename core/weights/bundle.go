package weights

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"

	"bignas/core/arch"
	"bignas/core/fault"
	"bignas/core/plainjson"
	"bignas/core/preprocess"
	"bignas/core/supernet"
)

// Bundle is everything that running children needs, as it lies in one file.
type Bundle struct {
	Net        *supernet.Weights
	Statistics *supernet.StatisticsModel // BN statistics of any child; nil before they are fitted
	Spec       preprocess.Spec           // how pictures become input
	Labels     []string                  // names of the classes, for people; one for each of Net.Classes
	Metadata   map[string]string         // anything else: training configuration, seed, accuracy, digest after reading
}

// The metadata that Marshal writes itself; Bundle.Metadata may not hold these
// keys (DigestKey is ignored, so that a bundle that was read can be written).
const (
	KeyFormat        = "format"        // always "bignas-weights"
	KeyVersion       = "version"       // of the layout, "1"
	KeySpace         = "space"         // name of the search space
	KeySmallest      = "smallest"      // its smallest and biggest child: a space that has
	KeyBiggest       = "biggest"       // changed since the training is noticed
	KeyClasses       = "classes"       // decimal count
	KeyLabels        = "labels"        // JSON array of texts
	KeyPreprocessing = "preprocessing" // JSON of preprocess.Spec
	KeyStatistics    = "statistics"    // "linear" (supernet.StatisticsModel) or "none"
)

const (
	formatName    = "bignas-weights"
	formatVersion = "1"
)

var ownKeys = []string{KeyFormat, KeyVersion, KeySpace, KeySmallest, KeyBiggest, KeyClasses, KeyLabels, KeyPreprocessing, KeyStatistics}

// Marshal returns the bytes of a weights file. The tensors are those of
// b.Net.Params in their order and under their names, then for BN layer i of the
// biggest child statistics.i.mean and statistics.i.log_variance
// [channels, features]. It fails where the parts of b contradict each other and
// where a value does not fit dtype.
func Marshal(b *Bundle, dtype DType) ([]byte, error) {
	if err := b.check(); err != nil {
		return nil, err
	}
	labels, err := plainjson.Append(nil, b.Labels)
	if err != nil {
		return nil, err
	}
	spec, err := plainjson.Append(nil, b.Spec.Record())
	if err != nil {
		return nil, err
	}
	space := b.Net.Space
	f := &File{Metadata: map[string]string{
		KeyFormat: formatName, KeyVersion: formatVersion,
		KeySpace: space.Name, KeySmallest: space.Min().String(), KeyBiggest: space.Max().String(),
		KeyClasses: strconv.Itoa(b.Net.Classes), KeyLabels: string(labels), KeyPreprocessing: string(spec), KeyStatistics: "none",
	}}
	for k, v := range b.Metadata {
		f.Metadata[k] = v
	}
	for _, p := range b.Net.Params {
		f.Tensors = append(f.Tensors, Tensor{Name: p.Name, Shape: p.Shape, Data: p.Data})
	}
	if b.Statistics != nil {
		f.Metadata[KeyStatistics] = "linear"
		for i, l := range b.Statistics.Layers {
			mean, logVariance := statisticsNames(i)
			shape := []int{l.Channels, l.Features}
			f.Tensors = append(f.Tensors, Tensor{Name: mean, Shape: shape, Data: l.Mean}, Tensor{Name: logVariance, Shape: shape, Data: l.LogVariance})
		}
	}
	var out bytes.Buffer
	if err := Write(&out, f, dtype); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func statisticsNames(layer int) (mean, logVariance string) {
	return fmt.Sprintf("statistics.%d.mean", layer), fmt.Sprintf("statistics.%d.log_variance", layer)
}

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
	if b.Statistics != nil && b.Statistics.Space != b.Net.Space {
		return fmt.Errorf("weights: the statistics are of space %s, the weights of %s", b.Statistics.Space.Name, b.Net.Space.Name)
	}
	for _, k := range ownKeys {
		if _, ok := b.Metadata[k]; ok {
			return fmt.Errorf("weights: the metadata key %q is written by the file format itself", k)
		}
	}
	return b.Spec.Validate()
}

// Unmarshal reads what Marshal wrote. Every error is a *fault.Error: what Read
// reports; a file of another program, version, space or class count; a tensor
// that is missing, unknown or of the wrong shape, by name.
func Unmarshal(data []byte) (*Bundle, error) {
	f, err := Read(data)
	if err != nil {
		return nil, err
	}
	m := f.Metadata
	if m[KeyFormat] != formatName {
		return nil, fault.New(CodeNotWeights, hintNotWeights, "the safetensors file is of another program: its metadata %q is %q, expected %q", KeyFormat, m[KeyFormat], formatName)
	}
	if m[KeyVersion] != formatVersion {
		return nil, fault.New(CodeMismatch, "use the program that wrote it, or export it again", "the weights file has the layout version %q, this program reads %q", m[KeyVersion], formatVersion)
	}
	if _, ok := m[DigestKey]; !ok {
		return nil, fault.New(CodeDamaged, hintAgain, "the weights file has no digest")
	}
	b := &Bundle{Metadata: map[string]string{}}
	space, err := readSpace(m)
	if err != nil {
		return nil, err
	}
	if b.Labels, err = texts(m[KeyLabels]); err != nil {
		return nil, damaged("its labels are not a list of texts")
	}
	if n, err := strconv.Atoi(m[KeyClasses]); err != nil || n != len(b.Labels) {
		return nil, damaged("it names %d labels and %q classes", len(b.Labels), m[KeyClasses])
	}
	if spec, err := plainjson.Parse([]byte(m[KeyPreprocessing])); err != nil || b.Spec.Fill(spec) != nil {
		return nil, damaged("its preprocessing cannot be read")
	}
	if err := b.Spec.Validate(); err != nil {
		return nil, err
	}
	tensors := newTaker(f.Tensors)
	if err := b.takeNet(tensors, space); err != nil {
		return nil, err
	}
	if err := b.takeStatistics(tensors, space, m[KeyStatistics]); err != nil {
		return nil, err
	}
	if name, ok := tensors.left(); ok {
		return nil, fault.New(CodeMismatch, hintOther, "the weights file has a tensor %q that the space %s does not know", name, space.Name)
	}
	for k, v := range m {
		if !slices.Contains(ownKeys, k) {
			b.Metadata[k] = v
		}
	}
	return b, nil
}

// texts reads a JSON array of texts.
func texts(text string) ([]string, error) {
	v, err := plainjson.Parse([]byte(text))
	if err != nil {
		return nil, err
	}
	return v.Texts()
}

func readSpace(m map[string]string) (*arch.Space, error) {
	space, err := arch.Lookup(m[KeySpace])
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
