// Command bench measures how fast the kernels, whole children and their peers are:
//
//	bench child --weights F --arch max --threads 1,2
//	bench slice
//	bench operators --arch max
//	bench training --peer
//	bench peers
//	bench browser
//	bench latency-table --threads 1 --out table.json
//
// Whatever is compared runs in turn, A B A B, in one process run; a ratio is the
// median of those of the rounds, with the smallest and the biggest.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"bignas/cmd/internal/cli"
	"bignas/core/arch"
	"bignas/core/fault"
)

func main() { os.Exit(main1(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

const about = "Measure kernels, whole children and, beside them, other runtimes."

// flags has a field for each subcommand; run has a case for it.
type flags struct {
	Child     childFlags    `cmd:"" help:"Forward passes of whole children."`
	Slice     sliceFlags    `cmd:"" help:"From a new architecture to its first logits, over one forward pass of it."`
	Operators operatorFlags `cmd:"" help:"Every operator of a child against what this machine can do at all."`
	Training  trainingFlags `cmd:"" help:"Training steps of children and of sandwiches, on request beside torch."`
	Peers     peerFlags     `cmd:"" help:"Children here and in onnxruntime, in turn (after make peers)."`
	Browser   browserFlags  `cmd:"" help:"Children here and in onnxruntime-web, in one Chromium, in turn (after make peers)."`
	Latency   latencyFlags  `cmd:"" name:"latency-table" help:"What every part of a child takes on this machine, so that search can keep a budget of milliseconds."`
}

// outputFlags are of every subcommand.
type outputFlags struct {
	JSON  bool   `name:"json" help:"One JSON object a line on standard output."`
	Lines string `placeholder:"FILE" writes:"" help:"Also add those lines to this file."`
}

type program struct{ stdout, stderr io.Writer }

func main1(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	var f flags
	vars := map[string]string{"spaces": strings.Join(arch.Spaces(), ", "), "peers": peersFolder}
	if code, goOn := cli.ParseWith("bench", about, &f, vars, args, stdout, stderr); !goOn {
		return code
	}
	p := program{stdout, stderr}
	if err := p.run(args[0], f); err != nil { // no flag stands before the subcommand
		return cli.Fail(stderr, "bench "+args[0], err)
	}
	return cli.OK
}

func (p program) run(subcommand string, f flags) error {
	switch subcommand {
	case "child":
		return p.child(f.Child)
	case "slice":
		return p.slice(f.Slice)
	case "operators":
		return p.operators(f.Operators)
	case "training":
		return p.training(f.Training)
	case "peers":
		return p.peers(f.Peers)
	case "browser":
		return p.browser(f.Browser)
	case "latency-table":
		return p.latencyTable(f.Latency)
	}
	return fmt.Errorf("there is no subcommand %q", subcommand)
}

// emit writes v as a JSON line to where the flags want one.
func (p program) emit(o outputFlags, v any) error {
	if o.JSON {
		if err := cli.Line(p.stdout, v); err != nil {
			return err
		}
	}
	if o.Lines == "" {
		return nil
	}
	file, err := os.OpenFile(o.Lines, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fault.New("write_file", "name a file that you may write", "the lines cannot be kept: %v", err)
	}
	return errors.Join(cli.Line(file, v), file.Close())
}

// line emits v, and prints text for people where standard output is not for programs.
func (p program) line(o outputFlags, v any, text string) error {
	if err := p.emit(o, v); err != nil || o.JSON {
		return err
	}
	_, err := fmt.Fprintln(p.stdout, text)
	return err
}
