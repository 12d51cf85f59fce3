package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"bignas/cmd/internal/cli"
	"bignas/cmd/internal/source"
	"bignas/core/arch"
	"bignas/core/classify"
	"bignas/core/cost"
	"bignas/core/fault"
	"bignas/core/search"
	"bignas/core/weights"
	"bignas/train/atomicfile"
	"bignas/train/release"
	"bignas/train/report"
)

type familyFlags struct {
	weightsFlag
	Pareto []string `placeholder:"FILE" help:"Pareto file of a search over these weights, from which the most accurate child within each budget is taken; may be repeated."`
	Member []string `default:"S=25M,M=50M,L=90M,XL=140M" placeholder:"NAME=BUDGET" help:"Named children: NAME=BUDGET of multiply-accumulates, or NAME=CHILD, the text of an architecture; may be repeated (default: S=25M,M=50M,L=90M,XL=140M)."`
	Random string   `placeholder:"FILE" help:"Compare the members with the random children in this table of search measure."`
	Data   string   `placeholder:"DATA" help:"Measure them on the validation images of this data set, and write that to the file and the manifest."`
	Names  string   `name:"class-names" placeholder:"FILE" help:"With --data: names of the classes, to match them with those of the weights: a class, a tab and its name on each line."`
	Output string   `short:"o" placeholder:"FILE" writes:"" help:"Weights file to write (default: --weights itself). A manifest beside it (*manifest.json) that names the file is updated."`
	JSON   bool     `name:"json" help:"A JSON object on each line: the members."`
}

// member is a named child.
type member struct {
	Name   string `json:"name"`
	Arch   string `json:"arch"`
	MACs   int64  `json:"macs"`
	Params int64  `json:"params"`
	Budget string `json:"budget,omitempty"` // that it was picked for
	// Search is the accuracy by which it was picked.
	Search   *search.Point     `json:"search,omitempty"`
	Random   *randomBest       `json:"random,omitempty"`
	Measured *release.Measured `json:"measured,omitempty"`
	child    arch.Arch
}

// Run names children in the weights file.
func (f *familyFlags) Run(p *cli.Program) error {
	if err := atomicfile.CanWrite(cmp.Or(f.Output, f.Weights)); err != nil {
		return err
	}
	e, err := f.open(p)
	if err != nil {
		return err
	}
	members, err := f.members(e)
	if err != nil {
		return err
	}
	if err := f.against(e.Info().Digest, members); err != nil {
		return err
	}
	if f.Data != "" {
		if err := f.validate(p, e, members); err != nil {
			return err
		}
	}
	out := cmp.Or(f.Output, f.Weights)
	size, err := f.store(members, out)
	if err != nil {
		return err
	}
	var measured []release.Measured
	for _, m := range members {
		if m.Measured != nil {
			measured = append(measured, *m.Measured)
		}
	}
	if err := release.UpdateManifests(out, size, measured...); err != nil {
		return err
	}
	return f.show(p.Stdout, members, out)
}

// name is the form of a member's name, which cannot be an architecture, a number or a file.
var name = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,15}$`)

// members parses --member, and returns the members, cheapest first.
func (f *familyFlags) members(e *classify.Engine) ([]member, error) {
	front, err := f.front(e.Info().Digest)
	if err != nil {
		return nil, err
	}
	reserved := []string{"min", "max", "smallest", "biggest", "random"}
	var all []member
	for _, text := range f.Member {
		called, is, ok := strings.Cut(text, "=")
		if !ok || !name.MatchString(called) || slices.Contains(reserved, strings.ToLower(called)) {
			return nil, fault.New("bad_flag", "write it like S=25M; "+strings.Join(reserved, ", ")+" are taken", "--member %q has no name", text)
		}
		m, err := pick(e, front, called, is)
		if err != nil {
			return nil, err
		}
		for _, o := range all {
			if o.Name == m.Name || o.Arch == m.Arch {
				return nil, fault.New("bad_family", "take other budgets, or search with a greater one", "%s and %s are the same name or child, %s", o.Name, m.Name, m.Arch)
			}
		}
		all = append(all, m)
	}
	slices.SortStableFunc(all, func(a, b member) int { return cmp.Compare(a.MACs, b.MACs) })
	return all, nil
}

// front returns the front of all searches of --pareto, or nil without them.
func (f *familyFlags) front(digest string) (*search.Front, error) {
	var all *search.Front
	for _, path := range f.Pareto {
		data, err := cli.ReadFile(path, nil)
		if err != nil {
			return nil, err
		}
		r, err := search.ReadPareto(data, digest)
		if err != nil {
			return nil, fault.In(path, err)
		}
		if all == nil {
			all = search.NewFront(search.MACs)
		}
		for _, q := range r.Front {
			if in := all.Points(); len(in) > 0 && in[0].Kind != q.Kind {
				return nil, fault.New("mixed_accuracy", "give searches that were all measured, or none", "%s has %s accuracies, the one before %s ones", path, q.Kind, in[0].Kind)
			}
			all.Insert(q)
		}
	}
	return all, nil
}

// pick finds the child of one --member.
func pick(e *classify.Engine, front *search.Front, called, is string) (m member, err error) {
	m.Name = called
	if strings.Contains(is, "-") || is == "min" || is == "max" {
		if m.child, err = e.Parse(is); err != nil {
			return m, err
		}
	} else {
		most, err := search.ParseAmount(search.MACs, is)
		if err != nil {
			return m, fault.In("--member "+called, err)
		}
		if front == nil {
			return m, fault.New("bad_flag", "give --pareto the file that search wrote with --out", "--member %s=%s is a budget, and there is no search to pick from", called, is)
		}
		limits := search.Limits{search.MACs: most}
		best, ok := front.Best(limits)
		if !ok {
			return m, fault.New(search.CodeImpossible, "search with a smaller budget, or allow more", "no child that the search found keeps %s within %s", called, limits)
		}
		m.child, m.Budget, m.Search = best.Arch, is, &best
	}
	r := cost.ForClasses(m.child, len(e.Info().Labels))
	m.Arch, m.MACs, m.Params = r.Arch, r.MACs, r.Params
	return m, nil
}

// validate measures the members on the validation images, which no search has seen.
func (f *familyFlags) validate(p *cli.Program, e *classify.Engine, members []member) error {
	if e.Statistics() == nil {
		return fault.New(classify.CodeNoStatistics, "export the weights with statistics", "the weights predict no BN statistics")
	}
	data, err := source.Open(e, f.Weights, f.Data, f.Names, false, p.Stderr)
	if err != nil {
		return err
	}
	defer data.Close()
	bar := report.NewProgress(p.Stderr, "children", len(members))
	defer bar.Finish()
	for i := range members {
		if err := p.Context().Err(); err != nil {
			return err
		}
		m, err := release.Measure(e.Weights(), e.Statistics(), e.Info().Preprocessing, members[i].child, data.Train, data.Val, data.Config.CalibrationImages)
		if err != nil {
			return err
		}
		members[i].Measured = &m
		bar.Set(i+1, "")
	}
	return nil
}

// store writes the names and the measurements to the metadata. Tensors and their digest do not change.
func (f *familyFlags) store(members []member, out string) (size int, err error) {
	data, err := cli.ReadWeights(f.Weights)
	if err != nil {
		return 0, err
	}
	file, err := weights.Read(data)
	if err != nil {
		return 0, err
	}
	names := map[string]string{}
	for _, m := range members {
		names[m.Name] = m.Arch
	}
	if file.Metadata[classify.KeyFamily], err = text(names); err != nil {
		return 0, err
	}
	var known []release.Measured
	if old := file.Metadata[release.KeyMeasured]; old != "" {
		if err := json.Unmarshal([]byte(old), &known); err != nil {
			return 0, fault.New("bad_weights", "release them again", "%s: what was measured of it cannot be read: %v", f.Weights, err)
		}
	}
	for _, m := range members {
		if m.Measured != nil {
			known = slices.DeleteFunc(known, func(o release.Measured) bool { return o.Arch == m.Arch })
			known = append(known, *m.Measured)
		}
	}
	if len(known) > 0 {
		if file.Metadata[release.KeyMeasured], err = text(known); err != nil {
			return 0, err
		}
	}
	var b bytes.Buffer
	if err := weights.Write(&b, file, weights.Default); err != nil {
		return 0, err
	}
	return b.Len(), atomicfile.Write(out, b.Bytes())
}

func text(v any) (string, error) {
	data, err := json.Marshal(v)
	return string(data), err
}

// show prints the names that the file has now.
func (f *familyFlags) show(stdout io.Writer, all []member, out string) error {
	for _, m := range all {
		if f.JSON {
			if err := cli.Line(stdout, m); err != nil {
				return err
			}
			continue
		}
		line := fmt.Sprintf("%-3s %6.1f MMACs  %.2f M parameters  %s", m.Name, float64(m.MACs)/1e6, float64(m.Params)/1e6, m.Arch)
		if m.Search != nil {
			line += fmt.Sprintf("\n    top-1 %.2f %% %s by the search", 100*m.Search.Accuracy, m.Search.Kind)
		}
		if m.Random != nil {
			line += ", " + m.Random.text(m.Search.Accuracy)
		}
		if m.Measured != nil {
			line += fmt.Sprintf("\n    top-1 %.2f %% calibrated, %.2f %% predicted statistics, of %d validation images", 100*m.Measured.Calibrated, 100*m.Measured.Predicted, m.Measured.N)
		}
		if _, err := fmt.Fprintln(stdout, line); err != nil {
			return err
		}
	}
	if f.JSON {
		return nil
	}
	var names []string
	for _, m := range all {
		names = append(names, m.Name)
	}
	_, err := fmt.Fprintf(stdout, "%s names %s: every --arch takes these\n", out, strings.Join(names, ", "))
	return err
}
