package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"bignas/core/arch"
)

// Exit statuses of every command.
const (
	OK          = 0
	BadInput    = 1   // a file, a value or a computation is wrong
	BadUsage    = 2   // the command line itself is wrong
	interrupted = 130 // as shells count SIGINT
)

// Program is one call of a command, which the Run method of its grammar takes.
type Program struct {
	Name           string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Resume tells the user, after an interrupt, how to go on; "" where there is nothing
	// to say.
	Resume string

	ctx  context.Context
	stop context.CancelFunc
}

// Context returns a context that an interrupt or SIGTERM cancels. A program that does
// not call it ends at once.
func (p *Program) Context() context.Context {
	if p.ctx == nil {
		p.ctx, p.stop = signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	}
	return p.ctx
}

// ErrReported is returned by a Run method whose errors have all been shown (Fail).
var ErrReported = errors.New("cli: the errors have been shown")

// usageError is a mistake in the command line.
type usageError struct{ error }

// Usage returns the error of a mistake in the command line that its grammar does not
// show.
func Usage(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// Main reads args into grammar, a pointer to a struct with kong tags, calls the Run
// method of the struct or of its subcommand, and returns the exit status. The method
// takes a *Program. In tags, ${weights} stands for DefaultWeights, ${child} for
// ChildHelp, ${spaces} for the names of the spaces, and vars has more. Flags with the tag
// writes name outputs, none of which may be an input or another output (Outputs).
func Main(p *Program, about string, grammar any, vars map[string]string, args []string) int {
	parsed, status := parse(p, about, grammar, vars, args)
	if parsed == nil {
		return status
	}
	err := parsed.Run(p)
	if p.stop != nil {
		p.stop()
	}
	return p.Report(err)
}

// Report shows the error of a Run method, nil for none, and returns the exit status. Main calls
// it; a method that ends the process itself does so too.
func (p *Program) Report(err error) int {
	var usage usageError
	switch {
	case errors.Is(err, ErrReported):
		return BadInput
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(p.Stderr, strings.TrimSuffix(p.Name+": interrupted; "+p.Resume, "; "))
		return interrupted
	case errors.As(err, &usage):
		return failUsage(p, err)
	case err != nil:
		Fail(p.Stderr, p.Name, err)
		return BadInput
	}
	return OK
}

// parse reads the command line. Without one to run it returns nil and the exit status:
// after --help, shown on stdout, or after a mistake, shown on stderr.
func parse(p *Program, about string, grammar any, vars map[string]string, args []string) (*kong.Context, int) {
	exit := -1
	common := kong.Vars{"weights": DefaultWeights, "child": ChildHelp, "spaces": strings.Join(arch.Spaces(), ", ")}
	parser, err := kong.New(grammar, kong.Name(p.Name), kong.Description(about), kong.Writers(p.Stdout, p.Stderr),
		common, kong.Vars(vars), kong.Exit(func(code int) { exit = code }))
	if err != nil {
		panic("cli: the grammar of the command is wrong: " + err.Error())
	}
	parsed, err := parser.Parse(args)
	switch {
	case exit >= 0: // kong goes on after --help where Exit returns
		return nil, exit
	case err != nil:
		return nil, failUsage(p, err)
	}
	if err := checkOutputs(parsed); err != nil {
		Fail(p.Stderr, p.Name, err)
		return nil, BadInput
	}
	return parsed, OK
}

// failUsage shows a mistake in the command line and points to --help.
func failUsage(p *Program, err error) int {
	fmt.Fprintf(p.Stderr, "%s: %v\n  hint: run %s --help to see what it takes\n", p.Name, err, p.Name)
	return BadUsage
}
