// Command bench measures the speed of kernels, of whole children and of other runtimes:
//
//	bench child --weights F --arch max --threads 1,2
//	bench slice
//	bench operators --arch max
//	bench training --peer
//	bench training --work passes
//	bench peers
//	bench browser
//	bench teach --folder DIR --full
//	bench latency-table --threads 1 --out table.json
//
// Both sides of a comparison run alternately, A B A B, in one process. A ratio is the median of the rounds, with
// the smallest and the biggest.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"bignas/cmd/internal/cli"
	"bignas/core/fault"
)

func main() { os.Exit(command(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

const about = "Measure kernels, whole children and, beside them, other runtimes."

type flags struct {
	Child     childFlags    `cmd:"" help:"Time forward passes of whole children."`
	Slice     sliceFlags    `cmd:"" help:"Time from a new architecture to its first logits, over one forward pass of it."`
	Operators operatorFlags `cmd:"" help:"Time the operators of a child against the ceilings of this machine."`
	Training  trainingFlags `cmd:"" help:"Time training steps of children and of sandwiches, optionally beside torch."`
	Peers     peerFlags     `cmd:"" help:"Compare children with onnxruntime, alternating (after make peers)."`
	Browser   browserFlags  `cmd:"" help:"Compare children with onnxruntime-web in one Chromium, alternating (after make peers)."`
	Teach     teachFlags    `cmd:"" help:"Measure taught classifiers, optionally beside fine-tuning of all weights."`
	Latency   latencyFlags  `cmd:"" name:"latency-table" help:"Measure the parts of children on this machine, for search with a budget of milliseconds."`
}

// outputFlags are of every subcommand.
type outputFlags struct {
	JSON  bool   `name:"json" help:"A JSON object on each line of standard output."`
	Lines string `placeholder:"FILE" writes:"" help:"Also add those lines to this file."`
}

func command(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	p := &cli.Program{Name: "bench", Stdin: stdin, Stdout: stdout, Stderr: stderr}
	return cli.Main(p, about, &flags{}, map[string]string{"peers": peersFolder}, args)
}

// emit writes v as a JSON line to where the flags want one.
func (o outputFlags) emit(p *cli.Program, v any) error {
	if o.JSON {
		if err := cli.Line(p.Stdout, v); err != nil {
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
func (o outputFlags) line(p *cli.Program, v any, text string) error {
	if err := o.emit(p, v); err != nil || o.JSON {
		return err
	}
	_, err := fmt.Fprintln(p.Stdout, text)
	return err
}
