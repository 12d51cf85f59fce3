package cli

import (
	"fmt"
	"io"

	"bignas/core/arch"
	"bignas/core/classify"
	"bignas/core/fault"
	"bignas/core/weights"
)

// ChildHelp is the help of --arch in commands with weights.
const ChildHelp = "Child: min, max, a name of the file's family (S, M, L, XL if search family has added them), the text of an architecture, or random:SEED"

// OpenWeights opens the value of --weights, and says on stderr what a file of an older program lacks. The error names the
// file.
func OpenWeights(path string, stderr io.Writer) (*classify.Engine, error) {
	data, err := ReadWeights(path)
	if err != nil {
		return nil, err
	}
	e, err := classify.New(data)
	if err != nil {
		return nil, fault.In(path, err)
	}
	if lacks := weights.Lacks(e.Info().Metadata); lacks != "" {
		fmt.Fprintf(stderr, "%s: %s\n", path, lacks)
	}
	return e, nil
}

// WithResolution returns the child at another input resolution, or its own where pixels is nil.
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
