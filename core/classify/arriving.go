package classify

import (
	"bignas/core/arch"
	"bignas/core/fault"
	"bignas/core/weights"
)

// CodeNotHere is the error of a child whose weights have not arrived yet.
const CodeNotHere = "not_here"

// Begin opens the beginning of a weights file, as long as the first of
// weights.Arriving's Ends at least: children within Ceiling can be run. The rest
// is given to More. Its children cannot be calibrated (weights.Begin).
func Begin(data []byte) (*Engine, error) {
	a, err := weights.Begin(data)
	if err != nil {
		return nil, err
	}
	e, err := newEngine(a.Bundle, a.Size(), a)
	if err == nil {
		e.settle(a)
	}
	return e, err
}

// settle lets go of what is not needed any more when all of the file is here.
func (e *Engine) settle(a *weights.Arriving) {
	if a.Complete() && e.bundle.Statistics != nil {
		e.bundle.Statistics.ReleaseCoefficients()
	}
}

// More takes the bytes of the file that follow, any number of them. It must not
// run at the same time as another method. After an error, a *fault.Error of
// package weights, the children within Ceiling still run, and More takes no
// more. The Engine keeps nothing of data.
func (e *Engine) More(data []byte) error {
	if e.arriving == nil {
		return fault.New(weights.CodeDamaged, "load the page again", "%d bytes follow the last of the weights", len(data))
	}
	opened, err := e.arriving.Add(data)
	if opened {
		e.ceiling = e.arriving.Ceiling()
		e.bundle.Net.Freeze()
		if e.bundle.Statistics != nil {
			e.bundle.Statistics.Invalidate()
		}
	}
	e.settle(e.arriving)
	if err != nil || e.arriving.Complete() {
		e.arriving = nil
	}
	return err
}

// Ceiling is the biggest child that can be run: every child within it can.
func (e *Engine) Ceiling() arch.Arch { return e.ceiling }

// here says whether the weights of a have arrived.
func (e *Engine) here(a arch.Arch) error {
	if a.Within(e.ceiling) {
		return nil
	}
	return fault.New(CodeNotHere, "choose a smaller one, or wait until more has been downloaded", "the weights of the child %s are not here yet", a)
}
