package cli

import (
	"fmt"
	"io"

	"bignas/core/arch"
	"bignas/core/classify"
	"bignas/core/fault"
	"bignas/core/weights"
)

// ChildHelp is what every --arch of a command with weights takes, for its help.
const ChildHelp = "Child: min, max, a name of the file's family (S, M, L, XL where search family has put them there), the text of an architecture, or random:SEED"

// OpenWeights reads the value of --weights, and says on stderr what a file of an
// older program lacks. The error names the file.
func OpenWeights(path string, stderr io.Writer) (*classify.Engine, error) {
	data, err := ReadWeights(path)
	if err != nil {
		return nil, err
	}
	e, err := classify.New(data)
	if err != nil {
		f := fault.Of(err)
		return nil, fault.New(f.Code, f.Hint, "%s: %s", path, f.Message)
	}
	if lacks := weights.Lacks(e.Info().Metadata); lacks != "" {
		fmt.Fprintf(stderr, "%s: %s\n", path, lacks)
	}
	return e, nil
}

// WithResolution is the child at another input resolution, nil for its own.
func WithResolution(a arch.Arch, pixels *int) (arch.Arch, error) {
	if pixels == nil {
		return a, nil
	}
	a.Resolution = *pixels
	if err := a.Space.Validate(a); err != nil {
		return a, fault.New(classify.CodeBadArch, "choose one of them with --resolution", "%v", err)
	}
	return a, nil
}
