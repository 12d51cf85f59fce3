package session

import (
	"bignas/core/classify"
	"bignas/core/fault"
	"bignas/core/kernel"
	"bignas/core/predict"
)

// CodeOtherWeights is the error of a good weights file that is not the one that
// the page was built with.
const CodeOtherWeights = "other_weights"

// boot opens the beginning of a weights file; all of it is a beginning too.
func (s *Session) boot(q request, data []byte) error {
	e, err := classify.OpenStream(data)
	if err != nil {
		return badWeights(err)
	}
	info := e.Info()
	if q.Digest != "" && q.Digest != info.Digest {
		return fault.New(CodeOtherWeights, "load the page again; if that does not help, the page and the weights on the server do not belong together",
			"the weights have the digest %s, the page was built with %s", info.Digest, q.Digest)
	}
	s.setSpace(info.Space, len(info.Labels))
	ready := record{member("info", infoRecord(info)), member("ceiling", e.Ceiling().Record()), member("kernels", kernel.Active())}
	var predictor *predict.Predictor
	if q.Predictor != "" {
		if predictor, err = predict.Read([]byte(q.Predictor), info.Digest); err != nil {
			ready = append(ready, member("predictorError", faultRecord(fault.Of(err))))
		} else {
			ready = append(ready, member("predictor", record{member("n", predictor.Source.N), member("error", predictor.Unseen.MeanError),
				member("spearman", predictor.Unseen.Spearman), member("children", predictor.Unseen.Children)}))
		}
	}
	s.mu.Lock()
	s.engine, s.baseline, s.predictor, s.latency = e, nil, predictor, nil
	s.body, s.foretold, s.examples = e, predictor, examples{}
	s.mu.Unlock()
	s.send(q.ID, "ready", ready...)
	return nil
}

// more accepts the bytes that follow. They are taken in between two forward
// passes, because these read the weights.
func (s *Session) more(q request, data []byte) error {
	e, _ := s.current()
	if e == nil {
		return errNoWeights()
	}
	s.enqueue(&job{id: q.ID, run: func(func() error) (bool, error) {
		if err := e.Append(data); err != nil {
			return false, badWeights(err)
		}
		s.mu.Lock()
		if s.engine == e {
			s.baseline = nil
		}
		s.mu.Unlock()
		s.send(q.ID, "more", member("ceiling", e.Ceiling().Record()))
		return true, nil
	}})
	return nil
}

func badWeights(err error) error {
	f := *fault.As(err, CodeBadWeights)
	if f.Hint == "" {
		f.Hint = "load the page again; if that does not help, the weights file on the server is wrong"
	}
	return &f
}
