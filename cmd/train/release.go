package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"bignas/cmd/internal/cli"
	"bignas/core/arch"
	"bignas/core/cost"
	"bignas/core/fault"
	"bignas/train/atomicfile"
	"bignas/train/config"
	"bignas/train/dataset"
	"bignas/train/release"
	"bignas/train/report"
	"bignas/train/run"
)

type releaseFlags struct {
	Data     string   `required:"" placeholder:"DATA" help:"Folder of class folders, a tar, tgz or zip of one, or 'shapes', which the program draws."`
	Names    string   `name:"class-names" placeholder:"FILE" help:"Names of the classes for people, as for training."`
	Out      string   `xor:"source" required:"" placeholder:"DIR" help:"Folder of the run."`
	Weights  string   `xor:"source" required:"" placeholder:"FILE" help:"Release this file again instead of a run, with another crop, or with statistics fitted again."`
	JSON     bool     `name:"json" help:"A JSON object on each line of standard output."`
	Crop     *float64 `placeholder:"SHARE" help:"Share of an image's short side that children see, stored in the file (default: 1, of --weights its own)."`
	Output   string   `short:"o" required:"" placeholder:"FILE" writes:"" help:"Weights file to write (float16 safetensors)."`
	Children int      `default:"1280" help:"Calibrated children to fit the BN statistics of all others on (default: 1280)."`
	Images   int      `default:"256" help:"Training images for each, different ones for each child (default: 256)."`
	Check    int      `default:"50" help:"Children outside the fit to measure its error on (default: 50)."`
	Against  int      `name:"check-images" default:"4096" help:"Training images that each of those is calibrated on (default: 4096)."`
	Measure  []string `placeholder:"CHILD" help:"Children to measure besides min and max, which the file states: names of --family or texts; may be repeated."`
	Family   string   `placeholder:"FILE" help:"Weights file with named children (search family), which the new file gets; all of them are measured."`
	From     string   `enum:"last,best" default:"last" help:"Checkpoint: the last, or the best by mean validation top-1 of smallest, middle and biggest. The accuracy of the best is then measured on the images that it was selected on (default: last)."`
	Unknown  string   `placeholder:"DATA" help:"Images of other classes, to fit the confidence of the file on: which images it does not know, as train calibrate does (default: the file makes no claim)."`
	Manifest string   `placeholder:"FILE" writes:"" help:"Also write the page's manifest: the file's name, its size and what was measured."`
}

// source opens what is to be released.
func (f *releaseFlags) source(stderr io.Writer) (*release.Source, error) {
	open := func(c config.Config, known dataset.Names) (*dataset.Dataset, error) {
		return run.OpenDataFor(f.Data, f.Names, c, known, false, stderr)
	}
	if f.Weights != "" {
		return release.FromFile(f.Weights, open)
	}
	r, err := run.Open(f.Out, open)
	if err != nil {
		return nil, err
	}
	if f.From == "best" {
		epoch, err := r.UseBest()
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(stderr, "the best checkpoint is that after epoch %d\n", epoch)
	}
	return release.FromRun(r), nil
}

// outputs refuses to write over the run's own weights.
func (f *releaseFlags) outputs() error {
	var inputs []cli.File
	if f.Out != "" {
		for _, path := range run.CheckpointFiles(f.Out) {
			inputs = append(inputs, cli.File{Flag: "--out", Path: path})
		}
	}
	return cli.Outputs([]cli.File{{Flag: "--output", Path: f.Output}, {Flag: "--manifest", Path: f.Manifest}}, inputs)
}

// Run turns a run, or a released file, into a weights file.
func (f *releaseFlags) Run(p *cli.Program) error {
	if f.Children < 50 {
		return fault.New("bad_flag", "take 200 or more", "--children is %d, allowed is 50 or more", f.Children)
	}
	crop := 0.0
	if f.Crop != nil {
		if crop = *f.Crop; !(crop > 0 && crop <= 1) {
			return fault.New("bad_flag", "0.875 is usual", "--crop is %v, allowed is above 0 to 1", crop)
		}
	}
	if f.Weights != "" && f.From == "best" {
		return fault.New("bad_flag", "leave --from out", "--from best is a checkpoint of a run, and --weights names a file")
	}
	if err := f.outputs(); err != nil {
		return err
	}
	if err := atomicfile.CanWrite(f.Output, f.Manifest); err != nil {
		return err
	}
	if f.Unknown != "" { // it is read last
		d, err := dataset.Open(f.Unknown, dataset.Options{})
		if err != nil {
			return err
		}
		d.Close()
	}
	s, err := f.source(p.Stderr)
	if err != nil {
		return err
	}
	family, measure, err := f.measured(s.Weights.Space, p.Stderr)
	if err != nil {
		return err
	}
	bar := report.NewProgress(p.Stderr, "children", 0)
	r, err := s.Release(p.Context(), release.Options{Crop: crop, Children: f.Children, Images: f.Images, Check: f.Check, CheckImages: f.Against, Measure: measure, Family: family, Progress: func(done, total int) {
		bar.Total(total)
		bar.Set(done, "")
	}})
	bar.Finish()
	if err != nil {
		return err
	}
	if err := atomicfile.Write(f.Output, r.File); err != nil {
		return err
	}
	size := len(r.File)
	if f.Unknown != "" {
		c := calibrateFlags{Weights: f.Output, Data: f.Data, Names: f.Names, Unknown: f.Unknown, Output: f.Output, Children: 30, Images: 400}
		if _, size, err = c.fit(p); err != nil {
			return err
		}
	}
	if f.Manifest != "" {
		m := release.Manifest{Weights: filepath.Base(f.Output), Bytes: size}
		m.State(r.Children...)
		if err := m.Write(f.Manifest); err != nil {
			return err
		}
	}
	return f.show(p.Stdout, r, size)
}

// show prints what the release measured.
func (f *releaseFlags) show(stdout io.Writer, r *release.Result, size int) error {
	mean, worst := r.StatisticsError()
	if f.JSON {
		for _, m := range r.Children {
			if err := cli.Line(stdout, m); err != nil {
				return err
			}
		}
		for _, c := range r.Check {
			if err := cli.Line(stdout, c); err != nil {
				return err
			}
		}
		return cli.Line(stdout, map[string]any{"file": f.Output, "bytes": size, "statistics_mean_error": mean, "statistics_worst_error": worst, "own_statistics": r.Own})
	}
	for _, m := range r.Children {
		fmt.Fprintf(stdout, "%-72s top-1 %.2f %% calibrated, %.2f %% predicted statistics, of %d\n", m.Arch, 100*m.Calibrated, 100*m.Predicted, m.N)
	}
	if r.Own {
		others := "predicted ones are not good enough; for all others expect the error that follows"
		if len(r.Check) == 0 {
			others = "no others are measured"
		}
		if _, err := fmt.Fprintf(stdout, "the %d children above have calibrated BN statistics of their own in the file: %s\n", len(r.Children), others); err != nil {
			return err
		}
	}
	if len(r.Check) == 0 {
		_, err := fmt.Fprintf(stdout, "wrote %s, %d bytes\n", f.Output, size)
		return err
	}
	_, err := fmt.Fprintf(stdout, "predicted BN statistics against calibrated ones, %d unseen children: top-1 differs by %.2f points in the mean, %.2f at worst\nwrote %s, %d bytes\n",
		len(r.Check), 100*mean, 100*worst, f.Output, size)
	return err
}

// measured are the children that a release measures, the cheapest first, and
// those of them that have names.
func (f *releaseFlags) measured(space *arch.Space, stderr io.Writer) (family map[string]string, all []arch.Arch, err error) {
	if f.Family != "" {
		e, err := cli.OpenWeights(f.Family, stderr)
		if err != nil {
			return nil, nil, err
		}
		if e.Info().Space != space {
			return nil, nil, fault.New("bad_family", "name children of the same space", "%s is of the space %s, the run of %s", f.Family, e.Info().SpaceName, space.Name)
		}
		if family = e.Info().Family; len(family) == 0 {
			return nil, nil, fault.New("bad_family", "put names into it with search family", "%s names no children", f.Family)
		}
	}
	texts := append([]string{"min", "max"}, slices.Sorted(maps.Values(family))...)
	for _, text := range f.Measure {
		if named, ok := family[text]; ok {
			text = named
		}
		texts = append(texts, text)
	}
	for _, text := range texts {
		a, err := space.Parse(text)
		if err != nil {
			known := strings.Join(slices.Sorted(maps.Keys(family)), ", ")
			return nil, nil, fault.New("bad_arch", "use a text like "+space.Min().String()+", or a name of --family: "+cmp.Or(known, "none is given"), "--measure: %v", err)
		}
		if !slices.ContainsFunc(all, a.Equal) {
			all = append(all, a)
		}
	}
	slices.SortStableFunc(all, func(a, b arch.Arch) int { return cmp.Compare(cost.Of(a).MACs, cost.Of(b).MACs) })
	return family, all, nil
}
