package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"bignas/cmd/internal/cli"
	"bignas/core/arch"
	"bignas/core/classify"
	"bignas/core/cost"
	"bignas/core/fault"
	"bignas/core/search"
	"bignas/core/weights"
	"bignas/train/atomicfile"
	"bignas/train/config"
	"bignas/train/report"
	"bignas/train/run"
)

type familyFlags struct {
	weightsFlag
	Pareto []string `placeholder:"FILE" help:"Pareto file of a search over these weights, from which a budget takes its most accurate child; may be repeated."`
	Member []string `default:"S=25M,M=50M,L=90M,XL=140M" placeholder:"NAME=BUDGET" help:"Named children: NAME=BUDGET of multiply-accumulates, or NAME=CHILD, the text of an architecture; may be repeated (default: S=25M,M=50M,L=90M,XL=140M)."`
	Random string   `placeholder:"FILE" help:"Compare the members that a search measured with the random children in this table of search measure."`
	Data   string   `placeholder:"DATA" help:"Measure them on the validation images of this data set, and state that in the file and the manifest."`
	Names  string   `name:"class-names" placeholder:"FILE" help:"With --data: names of the classes, by which those of the weights are found: a class, a tab and its name on each line."`
	Output string   `short:"o" placeholder:"FILE" writes:"" help:"Weights file to write (default: --weights itself). The manifest.json beside it, where it names the file, is kept right."`
	JSON   bool     `name:"json" help:"One JSON object a line: the members."`
}

// member is a named child.
type member struct {
	Name   string `json:"name"`
	Arch   string `json:"arch"`
	MACs   int64  `json:"macs"`
	Params int64  `json:"params"`
	Budget string `json:"budget,omitempty"` // that it was picked for
	// Search is the accuracy that it was picked by.
	Search   *search.Point `json:"search,omitempty"`
	Random   *randomBest   `json:"random,omitempty"`
	Measured *run.Measured `json:"measured,omitempty"`
	child    arch.Arch
}

// family names children in the weights file.
func (p program) family(f familyFlags) error {
	if err := atomicfile.CanWrite(cmp.Or(f.Output, f.Weights)); err != nil {
		return err
	}
	e, err := p.engine(f.weightsFlag)
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
		if err := p.validate(e, f, members); err != nil {
			return err
		}
	}
	out := cmp.Or(f.Output, f.Weights)
	size, err := f.store(members, out)
	if err != nil {
		return err
	}
	if err := keepManifest(out, size, members); err != nil {
		return err
	}
	return p.members(members, out)
}

// name is what a member may be called: short, and unlike a text, a number or an
// ending of a file.
var name = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,15}$`)

// members reads --member, cheapest first.
func (f familyFlags) members(e *classify.Engine) ([]member, error) {
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

// front is what all the searches of --pareto found, nil where there is none.
func (f familyFlags) front(digest string) (*search.Front, error) {
	var all *search.Front
	for _, path := range f.Pareto {
		data, err := cli.ReadFile(path, nil)
		if err != nil {
			return nil, err
		}
		r, err := search.ReadPareto(data, digest)
		if err != nil {
			inner := fault.Of(err)
			return nil, fault.New(inner.Code, inner.Hint, "%s: %s", path, inner.Message)
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
			inner := fault.Of(err)
			return m, fault.New(inner.Code, inner.Hint, "--member %s: %s", called, inner.Message)
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
func (p program) validate(e *classify.Engine, f familyFlags, members []member) error {
	if e.Statistics() == nil {
		return fault.New(classify.CodeNoStatistics, "export the weights with statistics", "the weights predict no BN statistics")
	}
	c, err := config.Parse(e.Info().Metadata["training"], "the training configuration of the weights")
	if err != nil {
		return err
	}
	known, err := run.Classes(e, f.Weights)
	if err != nil {
		return err
	}
	data, err := run.OpenDataFor(f.Data, c, known, false, p.stderr, run.Named(f.Names))
	if err != nil {
		return err
	}
	defer data.Close()
	train, _, val := run.Split(c, data)
	bar := report.NewProgress(p.stderr, "children", len(members))
	defer bar.Finish()
	for i := range members {
		if err := p.ctx.Err(); err != nil {
			return err
		}
		m, err := run.Measure(e.Weights(), e.Statistics(), e.Info().Preprocessing, members[i].child, train, val, c.CalibrationImages)
		if err != nil {
			return err
		}
		members[i].Measured = &m
		bar.Set(i+1, "")
	}
	return nil
}

// store writes the names, and what was measured, into the metadata: the tensors
// and their digest stay what they are.
func (f familyFlags) store(members []member, out string) (size int, err error) {
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
	var known []run.Measured
	if old := file.Metadata[run.KeyMeasured]; old != "" {
		if err := json.Unmarshal([]byte(old), &known); err != nil {
			return 0, fault.New("bad_weights", "release them again", "%s: what was measured of it cannot be read: %v", f.Weights, err)
		}
	}
	for _, m := range members {
		if m.Measured != nil {
			known = slices.DeleteFunc(known, func(o run.Measured) bool { return o.Arch == m.Arch })
			known = append(known, *m.Measured)
		}
	}
	if len(known) > 0 {
		if file.Metadata[run.KeyMeasured], err = text(known); err != nil {
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

// keepManifest corrects the manifest beside the weights file, where there is one for it.
func keepManifest(file string, size int, members []member) error {
	path := filepath.Join(filepath.Dir(file), "manifest.json")
	m, err := run.ReadManifest(path)
	if err != nil || m == nil || m.Weights != filepath.Base(file) {
		return err
	}
	m.Bytes = size
	for _, c := range members {
		if c.Measured != nil {
			m.State(*c.Measured)
		}
	}
	return m.Write(path)
}

// members shows what the file now names.
func (p program) members(all []member, out string) error {
	for _, m := range all {
		if p.json {
			if err := cli.Line(p.stdout, m); err != nil {
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
		if _, err := fmt.Fprintln(p.stdout, line); err != nil {
			return err
		}
	}
	if p.json {
		return nil
	}
	var names []string
	for _, m := range all {
		names = append(names, m.Name)
	}
	_, err := fmt.Fprintf(p.stdout, "%s names %s: every --arch takes these\n", out, strings.Join(names, ", "))
	return err
}
