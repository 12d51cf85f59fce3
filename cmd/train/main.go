// Command train trains a supernet, and turns a finished run into a weights
// file:
//
//	train --config nette --data DIR|ARCHIVE|shapes --out runs/a [--resume]
//	mpirun -n 2 train --data DIR --out runs/a
//	train --config bignas --images 1281167 --classes 1000 --dry-run
//	train prepare --data DIR|ARCHIVE --out DIR [--side 224]
//	train preview --data DIR|ARCHIVE|shapes -o sheet.png
//	train plot --out runs/a
//	train experiments --data DIR|ARCHIVE|shapes --out runs/e --csv experiments.csv
//	train release --data DIR|ARCHIVE|shapes --out runs/a|--weights FILE -o weights.safetensors [--crop 0.875]
//	train teach --data DATA -o mine.safetensors
//	train calibrate weights.safetensors --data DATA --unknown DATA -o new.safetensors
//	train rewrite weights.safetensors -o new.safetensors
//	train import supernet.pth --space attentivenas [--class-names FILE --calibrate DATA] -o weights.safetensors
package main

import (
	"io"
	"os"
	"strings"

	"bignas/cmd/internal/cli"
	"bignas/train/config"
	"bignas/train/published"
)

func main() { os.Exit(command(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

const about = "Train one set of weights whose slices are children of every size (BigNAS, arXiv 2003.11142)."

type flags struct {
	Run     runFlags     `cmd:"" default:"withargs" help:"Train (the default)."`
	Release releaseFlags `cmd:"" help:"Turn a finished run into a weights file."`
	Rewrite rewriteFlags `cmd:"" help:"Write a weights file anew in the current layout; no value changes."`
	Import  importFlags  `cmd:"" help:"Make a weights file of a published supernet's checkpoint."`
	Prepare prepareFlags `cmd:"" help:"Decode a data set once, into files that are mapped into memory."`
	Preview previewFlags `cmd:"" help:"Draw a sheet of augmented images with their labels."`
	Plot    plotFlags    `cmd:"" help:"Draw the curves of a run as SVG and PNG."`

	Teach       teachFlags      `cmd:"" help:"Train a classifier for your own classes on weights that are there already: seconds, not hours."`
	Calibrate   calibrateFlags  `cmd:"" help:"Fit the confidence of a weights file: temperatures, and which images it does not know."`
	Experiments experimentFlags `cmd:"" help:"Repeat the paper's experiments: inherited weights against trained alone and fine-tuned, and the ablations."`
}

func command(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	vars := map[string]string{"configs": strings.Join(config.Names(), ", "), "imported": strings.Join(published.Spaces(), ", ")}
	return cli.Main(&cli.Program{Name: "train", Stdin: stdin, Stdout: stdout, Stderr: stderr}, about, &flags{}, vars, args)
}
