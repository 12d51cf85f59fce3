package classify

import (
	"bignas/core/arch"
	"bignas/core/fault"
	"bignas/core/weights"
)

// CodeNotHere is the code of the error of a child whose weights have not been downloaded
// yet.
const CodeNotHere = "not_here"

// OpenStream opens the beginning of a weights file, at least as long as the first of
// weights.Stream's Ends: children within Ceiling can be run. The rest is passed to Append.
// The children cannot be calibrated (weights.OpenStream).
func OpenStream(data []byte) (*Engine, error) {
	a, err := weights.OpenStream(data)
	if err != nil {
		return nil, err
	}
	e, err := newEngine(a.Bundle, a.Size(), a)
	if err == nil {
		e.finish(a)
	}
	return e, err
}

// finish releases what is not needed any more when the whole file has been read.
func (e *Engine) finish(a *weights.Stream) {
	if a.Complete() && e.bundle.Statistics != nil {
		e.bundle.Statistics.ReleaseCoefficients()
	}
}

// Append reads the bytes of the file that follow, any number of them, and keeps none of
// them. It must not run at the same time as another method. After an error, a *fault.Error
// of package weights, the children within Ceiling still run, and nothing more can be
// appended.
func (e *Engine) Append(data []byte) error {
	if e.stream == nil {
		return fault.New(weights.CodeDamaged, "load the page again", "%d bytes follow the last of the weights", len(data))
	}
	opened, err := e.stream.Append(data)
	if opened {
		e.ceiling = e.stream.Ceiling()
		e.bundle.Net.Freeze()
		if e.bundle.Statistics != nil {
			e.bundle.Statistics.Invalidate()
		}
	}
	e.finish(e.stream)
	if err != nil || e.stream.Complete() {
		e.stream = nil
	}
	return err
}

// Ceiling returns the biggest child that can be run. All children within it can.
func (e *Engine) Ceiling() arch.Arch { return e.ceiling }

// here returns an error where the weights of a have not been downloaded yet.
func (e *Engine) here(a arch.Arch) error {
	if a.Within(e.ceiling) {
		return nil
	}
	return fault.New(CodeNotHere, "choose a smaller one, or wait until more has been downloaded", "the weights of the child %s are not here yet", a)
}
