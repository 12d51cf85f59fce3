package measure

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"bignas/core/arch"
	"bignas/core/fault"
	"bignas/core/latency"
)

// madeUp is a table of a device on which a part takes a microsecond a channel and
// a whole child what its parts take.
func madeUp(t *testing.T, space *arch.Space, classes int) *Latency {
	t.Helper()
	part := func(p latency.Part) float64 { return 1e-3 * float64(p.In+p.Mid+p.Out) }
	l := &Latency{Space: space, Classes: classes, Device: Device{Platform: "none", Kernels: "made-up", Threads: 1}}
	for _, p := range latency.Plan(space, classes) {
		l.Rows = append(l.Rows, latency.Row{Part: p, MS: part(p)})
	}
	for _, a := range []arch.Arch{space.Min(), space.Max()} {
		sum := 0.0
		for _, p := range latency.Parts(a, classes) {
			sum += part(p)
		}
		l.Scaled = append(l.Scaled, latency.Sample{Arch: a, MS: sum})
	}
	l.Unseen = l.Scaled
	if err := l.Fit(); err != nil {
		t.Fatal(err)
	}
	return l
}

// TestLatency: a table that is written and read gives the same model; one that is
// damaged or of something else is refused.
func TestLatency(t *testing.T) {
	space, err := arch.Lookup("nette")
	if err != nil {
		t.Fatal(err)
	}
	want := madeUp(t, space, 10)
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := ReadLatency(text, space, 10)
	if err != nil {
		t.Fatal(err)
	}
	if got.Device != want.Device || got.Error != want.Error || len(got.Rows) != len(want.Rows) {
		t.Errorf("device %v, error %v, %d rows", got.Device, got.Error, len(got.Rows))
	}
	for _, a := range []arch.Arch{space.Min(), space.Max()} {
		if g, w := got.Model.Child(a), want.Model.Child(a); math.Abs(g-w) > 1e-9*w {
			t.Errorf("%s: %v ms, was %v", a, g, w)
		}
	}
	for _, c := range []struct{ want, old, by string }{
		{"format is", "bignas-latency-1", "bignas-latency-2"},
		{"is of the space bignas", `"space":"nette"`, `"space":"bignas"`},
		{"is not one of the space", `"Kernel":3`, `"Kernel":9`},
		{"resolution is 97", `"arch":"r96`, `"arch":"r97`},
		{"not valid JSON", "}", ""},
	} {
		if _, err := ReadLatency([]byte(strings.Replace(string(text), c.old, c.by, 1)), space, 10); fault.Of(err) == nil || fault.Of(err).Code != CodeLatency || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.want, err)
		}
	}
	if _, err := ReadLatency(text, space, 1000); err == nil || !strings.Contains(err.Error(), "with 10 classes, the weights are of nette with 1000") {
		t.Errorf("other classes: %v", err)
	}
}
