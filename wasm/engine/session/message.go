// Package session is what the engine does with the messages of the page. It has
// no JavaScript in it, so that it is tested natively.
//
// Every message is a JSON object with an id and a type; every reply carries the
// id of its request. An error is {id, type: "error", error: {code, message,
// hint}}. The requests, and the types of their replies:
//
//	space     {space, classes}         -> space    the engine can parse and cost, before any weights
//	boot      {predictor, digest} + bytes
//	                                   -> ready    the beginning of the weights file, its first level at least: info,
//	                                      what the file says about itself; ceiling, the biggest child whose weights are
//	                                      here, within which every child can be run; kernels. digest is that of the
//	                                      weights that the page wants, may be absent; predictor is the text of a predictor file, may be absent; ready then has
//	                                      predictor {n, error, spearman, children}, or predictorError {code, message, hint}
//	more      + bytes                  -> more     the bytes of the weights that follow; the new ceiling
//	parse     {arch: text}             -> child    the text as an object, and in canonical form
//	cost      {child}                  -> cost     arch; cost {macs, params, bytes, share, layers, memory: bytes of
//	                                      float32 activations alive at once, accuracy {p, error, kind: "predicted", n}
//	                                      with a predictor, latency: ms on this device once that was measured}
//	image     + bytes of the file      -> decoding {done: 0 to 1} several times, at most every 100 ms,
//	                                      then image {width, height}; later requests use this image
//	photo     {photo: 1 to 10} + bytes of an image file -> photo   it is kept beside the present image
//	seen      {resolution} -> seen + RGBA bytes    the image as a child of that resolution sees it
//	classify  {child, inherited}       -> answer   arch; answer {top, timing, inherited}
//	try       {child, inherited, photo} -> answer  the same, but every one is answered, in their order; photo is the
//	                                      number of one that is kept, absent for the present image
//	cam       {child, class, inherited}
//	             -> cam {width, height, arch, child, class} + float32 little endian, row-major, 0 to 1: where the child saw
//	                                      the class (index; absent: the most probable one, which the reply names)
//	maps      {child, stage, layer, inherited}
//	             -> maps {width, height, channels, columns} + a byte a value, [channels, height, width]: what a layer
//	                                      wrote; stage -1 is the stem, the number of stages the head. At most 64
//	                                      channels; columns is how many tiles to lay side by side
//	statistics {child, stage, layer, channel}
//	             -> statistics {channel, mean, variance, inheritedMean, inheritedVariance, gamma, beta}
//	                                      BN statistics of a channel of the block's projection; channel absent: where
//	                                      the inherited mean is most standard deviations off
//	shared    {a, b}                   -> shared   {both, onlyA, onlyB, neither}: shared parameters by which of two
//	                                      children uses them
//	export    {child, format: "onnx" | "safetensors", half}
//	             -> file {name, mime} + bytes; with half in float16
//	search    {limits: {macs, params, bytes, memory, latency}, against, evaluations, seed, method}
//	             -> searching {done, total, phase, front, best} several times, at most every 200 ms,
//	                then found {front, best, evaluations, ms}. A point is {arch, child, costs: {macs, params, bytes,
//	                memory, latency}, accuracy, error, kind}. What is absent: limits and against none and "macs",
//	                evaluations 2000, seed 1, method "coarse-to-fine"
//	latency   {}                       -> measuring {done, total} several times, then latency {error, children, table:
//	                                      [{operator, ms}]}: this device's time of every kind of layer, and the mean
//	                                      error (a share) of their composition on children that had no part in it
//	example   + bytes of an image file -> example {example: its number, width} + RGBA bytes of it, small: for teach
//	forget    {examples: numbers}      -> forgot
//	teach     {labels, examples: numbers, of: the index of each one's label}
//	             -> progress {done, total: looks of children at images} several times, at most every 50 ms, and {step,
//	                of, loss, heldOut: 0 to 1, absent where no image is held out} for every step, then taught {steps, images, heldOut:
//	                how many images, held: their numbers, stopped, measured: [{arch, top1 on those}]} + the classifier, float32 little endian:
//	                [widest head, classes] and [classes]. A fifth of the images is held out
//	enough    {}                       -> enough   the present teach ends with what it has learnt
//	adopt     {labels, images, heldOut, steps, measured: text} + a classifier -> adopted {info}: it takes the place of the
//	                                      weights' own; without bytes these come back
//	save      + bytes of the weights file -> file {name, mime} + bytes of it with the classifier that was adopted
//	verify    {}                       -> verified check {weights, changed}: how many differ from the file's
//	cancel    {target: id}             -> cancelled
//
// Of classify, one runs and one waits: a newer one takes the place of the one
// that waits, which gets the error "superseded". What comes next are try, cam,
// maps, statistics and export, one after the other in their order, each of which
// steps aside for a classify and begins again after it. Search and latency get what time is left,
// in slices of milliseconds; a newer one of its kind takes the place of an older
// one, which gets "superseded" too. Images are decoded beside all of that, one at a
// time: a newer one takes the place of an older one. All of these can be cancelled and end with
// the error "cancelled" then. The forward pass lets the event loop run after
// every block, so that everything else is answered while it computes.
package session

import (
	"bignas/core/arch"
	"bignas/core/classify"
	"bignas/core/fault"
	"bignas/core/plainjson"
	"bignas/core/search"
)

// Codes of the errors that only a session has; the others come from core.
const (
	CodeBadMessage  = "bad_message"
	CodeNoWeights   = "no_weights"
	CodeNoImage     = "no_image"
	CodeNoPredictor = "no_predictor"
	CodeSuperseded  = "superseded"
	CodeCancelled   = "cancelled"
	CodeBadArch     = classify.CodeBadArch
	CodeBadWeights  = "bad_weights"
)

// request is every request in one type; what is absent is zero, but for class
// and channel, where it is -1.
type request struct {
	ID          int64
	Type        string
	Space       string
	Classes     int
	Arch        string
	Child, A, B *arch.Arch
	Resolution  int
	Inherited   bool
	Target      int64
	Predictor   string
	Digest      string
	Class       int
	Stage       int
	Layer       int
	Channel     int
	Format      string
	Half        bool
	Limits      search.Limits
	Against     string
	Evaluations int
	Seed        uint64
	Method      string
	Labels      []string
	Examples    []int64
	Of          []int
	Images      int
	HeldOut     int
	Steps       int
	Measured    string
	Photo       int
}

type (
	record = plainjson.Record
	field  = plainjson.Field
)

var member = plainjson.Member

// decode reads a request. The id is there even where something else is wrong.
func decode(text string) (request, error) {
	q := request{Class: -1, Channel: -1, Evaluations: 2000, Seed: 1, Method: "coarse-to-fine", Against: string(search.MACs)}
	v, err := plainjson.Parse([]byte(text))
	if err != nil {
		return q, err
	}
	if err := v.Fill(false, member("id", &q.ID)); err != nil { // first, so that an error finds its request
		return q, err
	}
	child := func(to **arch.Arch) func(plainjson.Value) error {
		return func(v plainjson.Value) error {
			*to = &arch.Arch{}
			return (*to).Fill(v)
		}
	}
	limits := func(v plainjson.Value) error { return q.Limits.Fill(v, true) }
	return q, v.Fill(false, member("type", &q.Type), member("space", &q.Space), member("classes", &q.Classes), member("arch", &q.Arch),
		member("child", child(&q.Child)), member("a", child(&q.A)), member("b", child(&q.B)), member("resolution", &q.Resolution),
		member("inherited", &q.Inherited), member("target", &q.Target), member("predictor", &q.Predictor), member("digest", &q.Digest), member("class", &q.Class),
		member("stage", &q.Stage), member("layer", &q.Layer), member("channel", &q.Channel), member("format", &q.Format), member("half", &q.Half),
		member("limits", limits), member("against", &q.Against), member("evaluations", &q.Evaluations), member("seed", &q.Seed), member("method", &q.Method),
		member("labels", &q.Labels), member("examples", &q.Examples), member("of", &q.Of), member("images", &q.Images), member("heldOut", &q.HeldOut), member("steps", &q.Steps), member("photo", &q.Photo), member("measured", &q.Measured))
}

// encode writes a reply.
func encode(id int64, kind string, fields record) string {
	head := record{member("id", id), member("type", kind)}
	text, err := plainjson.Append(nil, append(head, fields...))
	if err != nil { // a NaN from broken weights ends up here
		text, _ = plainjson.Append(nil, record{head[0], member("type", "error"),
			member("error", faultRecord(fault.New("internal", "reload the page", "the reply %q cannot be written: %v", kind, err)))})
	}
	return string(text)
}

func faultRecord(e *fault.Error) record {
	return record{member("code", e.Code), member("message", e.Message), member("hint", e.Hint)}
}

// infoRecord is info as encoding/json writes it.
func infoRecord(i classify.Info) record {
	r := record{member("spaceName", i.SpaceName), member("space", i.Space.Record()), member("labels", i.Labels), member("preprocessing", i.Preprocessing.Record()),
		member("digest", i.Digest), member("bytes", i.Bytes), member("params", i.Params)}
	if len(i.Family) > 0 {
		r = append(r, member("family", i.Family))
	}
	return append(r, member("calibrated", i.Calibrated), member("metadata", i.Metadata))
}

func answerRecord(r *classify.Result) record {
	top := plainjson.List{}
	for _, s := range r.Top {
		top = append(top, record{member("label", s.Label), member("index", s.Index), member("p", s.P)})
	}
	a := record{member("top", top), member("timing", record{member("slice", r.Timing.Slice), member("resize", r.Timing.Resize), member("forward", r.Timing.Forward)})}
	if r.Inherited {
		a = append(a, member("inherited", true))
	}
	if c := r.Confidence; c != nil {
		a = append(a, member("confidence", record{member("familiarity", c.Familiarity), member("known", c.Known), member("temperature", c.Temperature)}))
	}
	return a
}
