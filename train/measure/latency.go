package measure

import (
	"bytes"
	"encoding/json"
	"fmt"

	"bignas/core/arch"
	"bignas/core/fault"
	"bignas/core/latency"
)

// Latency is a latency table: how long the parts of a space, and some whole children,
// take on one device. The weights make no difference.
type Latency struct {
	Space   *arch.Space
	Classes int
	Device  Device
	Rows    []latency.Row
	Scaled  []latency.Sample // whole children, to which the sums of rows are scaled
	Unseen  []latency.Sample // others, on which the error is measured
	Error   float64          // mean relative error on Unseen: 0.05 is 5 %
	Model   *latency.Model
}

// Device says where a table was measured.
type Device struct {
	Processor string `json:"processor,omitempty"`
	Platform  string `json:"platform"` // GOOS/GOARCH
	Kernels   string `json:"kernels"`
	Threads   int    `json:"threads"`
}

// String describes the device in a line.
func (d Device) String() string {
	text := fmt.Sprintf("%s, %s kernels, %d thread(s)", d.Platform, d.Kernels, d.Threads)
	if d.Processor != "" {
		text = d.Processor + ", " + text
	}
	return text
}

// CodeLatency is the code of the errors of latency tables.
const CodeLatency = "bad_latency_table"

const latencyFormat = "bignas-latency-1"

// latencyFile is the JSON form. Times are in milliseconds.
type latencyFile struct {
	Format  string          `json:"format"`
	Space   string          `json:"space"`
	Classes int             `json:"classes"`
	Device  Device          `json:"device"`
	Error   float64         `json:"error"`
	Parts   []latencyPart   `json:"parts"`
	Scaled  []latencySample `json:"scaled"`
	Unseen  []latencySample `json:"unseen"`
}

type latencyPart struct {
	Name string       `json:"name"`
	MS   float64      `json:"ms"`
	Part latency.Part `json:"part"`
}

type latencySample struct {
	Arch      string  `json:"arch"`
	MS        float64 `json:"ms"`
	Predicted float64 `json:"predicted"`
}

// Fit fits Model to the rows and measures its Error on the unseen children.
func (l *Latency) Fit() (err error) {
	if l.Model, err = latency.Fit(l.Space, l.Classes, l.Rows, l.Scaled); err != nil {
		return err
	}
	if len(l.Unseen) > 0 {
		l.Error = l.Model.Test(l.Unseen)
	}
	return nil
}

// MarshalJSON formats a latency table.
func (l *Latency) MarshalJSON() ([]byte, error) {
	f := latencyFile{Format: latencyFormat, Space: l.Space.Name, Classes: l.Classes, Device: l.Device, Error: l.Error}
	for _, r := range l.Rows {
		f.Parts = append(f.Parts, latencyPart{latency.Name(r.Part, l.Space), r.MS, r.Part})
	}
	samples := func(all []latency.Sample) (out []latencySample) {
		for _, s := range all {
			out = append(out, latencySample{s.Arch.String(), s.MS, l.Model.Child(s.Arch)})
		}
		return out
	}
	f.Scaled, f.Unseen = samples(l.Scaled), samples(l.Unseen)
	return json.Marshal(f)
}

// ReadLatency reads a latency table for children of space with that many classes. Its
// parts must be those of latency.Plan. The error is a *fault.Error.
func ReadLatency(data []byte, space *arch.Space, classes int) (*Latency, error) {
	bad := func(format string, args ...any) error {
		return fault.New(CodeLatency, "measure it again with bench latency-table", "the latency table cannot be used: %s", fmt.Sprintf(format, args...))
	}
	var f latencyFile
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return nil, bad("it is not valid JSON: %v", err)
	}
	if f.Format != latencyFormat {
		return nil, bad("its format is %q, this program reads %q", f.Format, latencyFormat)
	}
	if f.Space != space.Name || f.Classes != classes {
		return nil, bad("it is of the space %s with %d classes, the weights are of %s with %d", f.Space, f.Classes, space.Name, classes)
	}
	l := &Latency{Space: space, Classes: classes, Device: f.Device}
	planned := map[latency.Part]bool{}
	for _, p := range latency.Plan(space, classes) {
		planned[p] = true
	}
	for i, p := range f.Parts {
		if !planned[p.Part] {
			return nil, bad("its part %d, %q, is not one of the space, or is repeated", i, p.Name)
		}
		delete(planned, p.Part)
		l.Rows = append(l.Rows, latency.Row{Part: p.Part, MS: p.MS})
	}
	if len(planned) > 0 {
		return nil, bad("%d parts of the space are missing", len(planned))
	}
	for _, s := range []struct {
		from []latencySample
		to   *[]latency.Sample
	}{{f.Scaled, &l.Scaled}, {f.Unseen, &l.Unseen}} {
		for _, c := range s.from {
			a, err := space.Parse(c.Arch)
			if err != nil {
				return nil, bad("%v", err)
			}
			if !(c.MS > 0) {
				return nil, bad("the child %s took %v ms", c.Arch, c.MS)
			}
			*s.to = append(*s.to, latency.Sample{Arch: a, MS: c.MS})
		}
	}
	if len(l.Unseen) == 0 {
		return nil, bad("it says nothing about its error")
	}
	return l, l.Fit()
}
