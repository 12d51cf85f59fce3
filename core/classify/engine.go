// Package classify is what the page, the commands and the tests share: from the bytes of a
// weights file and of an image it computes the answer of any child of the supernet. The
// same bytes give the same answer everywhere, up to the differences between kernel
// implementations that package kernel states.
package classify

import (
	"sort"
	"strings"
	"sync"

	"bignas/core/arch"
	"bignas/core/bnstats"
	"bignas/core/confidence"
	"bignas/core/cost"
	"bignas/core/fault"
	"bignas/core/plainjson"
	"bignas/core/preprocess"
	"bignas/core/supernet"
	"bignas/core/weights"
)

// Codes of the errors of this package. Those of preprocess and weights are passed on.
const (
	CodeBadArch      = "bad_arch"      // the text or a choice of an architecture
	CodeNoStatistics = "no_statistics" // the weights file has no BN statistics
	CodeNotFinite    = "not_finite"    // the child computed NaN or infinity
)

// Info is what a weights file says about itself.
type Info struct {
	SpaceName     string            `json:"spaceName"`
	Space         *arch.Space       `json:"space"`
	Labels        []string          `json:"labels"` // of the classes
	Preprocessing preprocess.Spec   `json:"preprocessing"`
	Digest        string            `json:"digest"`           // of the tensors, "sha256:..."
	Bytes         int               `json:"bytes"`            // size of the file
	Params        int               `json:"params"`           // shared weights, BN statistics not counted
	Family        map[string]string `json:"family,omitempty"` // canonical texts of named children, such as "S"
	Calibrated    bool              `json:"calibrated"`       // whether results have a Confidence
	Metadata      map[string]string `json:"metadata"`         // the rest: training configuration, seed
}

// KeyFamily is the metadata entry of a weights file that names children: a JSON
// object of names and architecture texts, e.g. {"S": "r96-..."}.
const KeyFamily = "family"

// KeyDoubt is the metadata entry of a weights file with a Doubt as JSON.
const KeyDoubt = "statistics_error"

// Doubt is how far off the top-1 of children is, 0 to 1, with the BN statistics that a weights
// file predicts for them in place of calibrated ones: of so many children, none of which the
// prediction was fitted on.
type Doubt struct {
	Mean     float64 `json:"mean"`
	Worst    float64 `json:"worst"`
	Children int     `json:"children"`
}

// Engine runs the children of one weights file. Classify computes one image at
// a time; the other methods may be called while it does.
type Engine struct {
	bundle *weights.Bundle
	info   Info

	stream  *weights.Stream // nil when no more of the file is expected
	ceiling arch.Arch       // children within it can be run

	mu    sync.Mutex // guards child, inherited and the inputs of images
	child *supernet.Child
	// inherited says which statistics child has.
	inherited bool
}

// New opens a whole weights file. The error is a *fault.Error of package weights. The Engine
// keeps nothing of data.
func New(data []byte) (*Engine, error) {
	b, err := weights.Unmarshal(data)
	if err != nil {
		return nil, err
	}
	return newEngine(b, len(data), nil)
}

func newEngine(b *weights.Bundle, size int, stream *weights.Stream) (*Engine, error) {
	e := &Engine{bundle: b, ceiling: b.Net.Space.Max(), info: Info{
		SpaceName: b.Net.Space.Name, Space: b.Net.Space, Labels: b.Labels, Preprocessing: b.Spec,
		Digest: b.Metadata[weights.DigestKey], Bytes: size, Params: b.Net.Count(), Calibrated: b.Confidence != nil, Metadata: b.Metadata,
	}}
	if stream != nil && !stream.Complete() {
		e.stream, e.ceiling = stream, stream.Ceiling()
	}
	b.Net.Freeze()
	if text, ok := b.Metadata[KeyFamily]; ok {
		v, err := plainjson.Parse([]byte(text))
		if err == nil {
			e.info.Family, err = v.Table()
		}
		if err != nil {
			return nil, fault.New(weights.CodeDamaged, "export it again", "the weights file is damaged: its family of named children cannot be read")
		}
		for name, text := range e.info.Family {
			if _, err := b.Net.Space.Parse(text); err != nil {
				return nil, fault.New(weights.CodeMismatch, "export it again", "the weights file names an impossible child %q: %v", name, err)
			}
		}
	}
	return e, nil
}

// Info describes the weights. The result shares memory with the Engine and must not be
// changed.
func (e *Engine) Info() Info { return e.info }

// Weights returns the shared weights, which the Engine does not change.
func (e *Engine) Weights() *supernet.Weights { return e.bundle.Net }

// Statistics returns the model that predicts the BN statistics of a child, or nil where the
// file has none.
func (e *Engine) Statistics() *bnstats.Model { return e.bundle.Statistics }

// Confidence returns the model of how far answers can be trusted, or nil where the file has
// none.
func (e *Engine) Confidence() *confidence.Model { return e.bundle.Confidence }

// Parse reads a name of the family, or what arch.Space.Parse reads. The error is a
// *fault.Error with CodeBadArch.
func (e *Engine) Parse(text string) (arch.Arch, error) {
	if named, ok := e.info.Family[text]; ok {
		text = named
	}
	a, err := e.info.Space.Parse(text)
	if err != nil {
		f := fault.New(CodeBadArch, "use min, max"+e.names()+", random:SEED or a text like "+e.info.Space.Min().String(), "%v", err)
		if !strings.ContainsAny(text, "-:") { // a name
			f.Message = "there is no child named \"" + text + "\"; known: min, max" + e.names()
		}
		return arch.Arch{}, f
	}
	return a, nil
}

// names returns the names of the family, each after a comma.
func (e *Engine) names() string {
	var names []string
	for name := range e.info.Family {
		names = append(names, name)
	}
	sort.Slice(names, func(i, j int) bool { return names[i] < names[j] })
	list := ""
	for _, name := range names {
		list += ", " + name
	}
	return list
}

// Cost counts the child a, which must be valid, with the weights' number of classes.
func (e *Engine) Cost(a arch.Arch) cost.Report { return cost.ForClasses(a, len(e.info.Labels)) }

// slice returns the child a, with the BN statistics predicted for it or those inherited
// from the biggest child. It keeps the last child.
func (e *Engine) slice(a arch.Arch, inherited bool) (*supernet.Child, error) {
	if e.child != nil && e.inherited == inherited && e.child.Arch.Equal(a) {
		return e.child, nil
	}
	space := e.info.Space
	if a.Space != space {
		return nil, fault.New(CodeBadArch, "take it from Parse", "the architecture is not of the space %s of the weights", space.Name)
	}
	if err := space.Validate(a); err != nil {
		return nil, fault.New(CodeBadArch, "choose one of the allowed values", "%v", err)
	}
	st, err := e.StatisticsOf(a, inherited)
	if err != nil {
		return nil, err
	}
	child, err := e.bundle.Net.Child(a, st)
	if err != nil {
		return nil, fault.As(err, CodeBadArch)
	}
	child.Recycle(e.child)
	child.Arch = a.Clone() // the caller's slices are the caller's to change
	e.child, e.inherited = child, inherited
	return child, nil
}

// StatisticsOf returns BN statistics for the valid architecture a: those predicted for it or,
// as without calibration, those it inherits from the biggest child. The error is a
// *fault.Error with CodeNoStatistics or CodeNotHere.
func (e *Engine) StatisticsOf(a arch.Arch, inherited bool) (*supernet.Statistics, error) {
	model := e.bundle.Statistics
	if model == nil {
		return nil, fault.New(CodeNoStatistics, "export the weights with statistics", "the weights file has no BN statistics, and a child without its own answers nonsense")
	}
	of := a
	if inherited {
		of = e.info.Space.Max()
	}
	if err := e.here(of); err != nil {
		return nil, err
	}
	st, err := model.Predict(of)
	if err == nil && inherited {
		st, err = st.Inherit(of, a)
	}
	if err != nil {
		return nil, fault.As(err, CodeNoStatistics)
	}
	return st, nil
}

// Doubt returns what the file says of the BN statistics of a; ok is false where it says nothing, or where a has
// statistics of its own in the file.
func (e *Engine) Doubt(a arch.Arch) (d Doubt, ok bool) {
	text := e.info.Metadata[KeyDoubt]
	if text == "" || e.bundle.Statistics == nil || e.bundle.Statistics.Own[a.String()] != nil {
		return d, false
	}
	v, err := plainjson.Parse([]byte(text))
	if err == nil {
		err = v.Fill(false, plainjson.Member("mean", &d.Mean), plainjson.Member("worst", &d.Worst), plainjson.Member("children", &d.Children))
	}
	return d, err == nil
}

// Bundle returns the content of the weights file, which must not be changed.
func (e *Engine) Bundle() *weights.Bundle { return e.bundle }

// With returns an engine of b, which must share all tensors but the classifier's with e. e
// goes on, but slices its next child anew: only one of the two should be used at a time.
func (e *Engine) With(b *weights.Bundle) (*Engine, error) {
	e.mu.Lock()
	e.child = nil
	e.mu.Unlock()
	return newEngine(b, e.info.Bytes, nil)
}
