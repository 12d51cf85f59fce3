// Package cli is what the commands have in common: how arguments are read, how
// errors are shown, the exit codes, JSON lines and the default weights file.
//
// A command is a function run(args, stdin, stdout, stderr) int, so that tests
// call it as the shell does; main is one line over it.
package cli

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/alecthomas/kong"

	"bignas/core/fault"
)

// Exit codes of every command.
const (
	OK       = 0
	BadInput = 1 // a file, a value or a computation is wrong
	BadUsage = 2 // the command line itself is
)

// Parse reads args into grammar, a pointer to a struct with kong tags, in which
// ${weights} stands for DefaultWeights and ${child} for ChildHelp. Where goOn is false the command ends at
// once with code: after --help, shown on stdout, or after a mistake, shown on
// stderr. Flags with the tag writes name outputs, none of which may be an input or
// another output (Outputs).
func Parse(name, about string, grammar any, args []string, stdout, stderr io.Writer) (code int, goOn bool) {
	return ParseWith(name, about, grammar, nil, args, stdout, stderr)
}

// ParseWith is Parse with more names that ${...} stands for in the tags.
func ParseWith(name, about string, grammar any, vars map[string]string, args []string, stdout, stderr io.Writer) (code int, goOn bool) {
	exit := -1
	parser, err := kong.New(grammar, kong.Name(name), kong.Description(about), kong.Writers(stdout, stderr),
		kong.Vars{"weights": DefaultWeights, "child": ChildHelp}, kong.Vars(vars), kong.Exit(func(code int) { exit = code }))
	if err != nil {
		panic("cli: the grammar of the command is wrong: " + err.Error())
	}
	ctx, err := parser.Parse(args)
	switch {
	case exit >= 0: // kong goes on after --help where Exit returns
		return exit, false
	case err != nil:
		return FailUsage(stderr, name, err), false
	}
	if err := checkOutputs(ctx); err != nil {
		return Fail(stderr, name, err), false
	}
	return OK, true
}

// mostClasses is several times what any data set has; counts of costs stay far
// from overflowing.
const mostClasses = 1_000_000

// CheckClasses says what is wrong with the value of --classes.
func CheckClasses(n int) error {
	if n < 1 || n > mostClasses {
		return fmt.Errorf("--classes is %d, allowed is 1 to %d", n, mostClasses)
	}
	return nil
}

// Fail shows err on stderr, its hint on a line of its own, and returns BadInput.
func Fail(stderr io.Writer, name string, err error) int {
	f := fault.Of(err)
	fmt.Fprintf(stderr, "%s: %s\n", name, f.Message)
	if f.Hint != "" {
		fmt.Fprintf(stderr, "  hint: %s\n", f.Hint)
	}
	return BadInput
}

// FailUsage shows a mistake in the command line on stderr, points to --help and
// returns BadUsage.
func FailUsage(stderr io.Writer, name string, err error) int {
	fmt.Fprintf(stderr, "%s: %v\n  hint: run %s --help to see what it takes\n", name, err, name)
	return BadUsage
}

// Line writes v as JSON on one line.
func Line(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}
