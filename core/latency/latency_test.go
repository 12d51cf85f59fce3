package latency

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"bignas/core/arch"
	"bignas/core/fault"
)

func lookup(t *testing.T, name string) *arch.Space {
	t.Helper()
	s, err := arch.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// device is a made-up one: it computes in tiles of eight channels, so that it
// obeys no law exactly, and every part takes its time to begin.
func device(p Part) float64 {
	tile := func(v int) float64 { return math.Ceil(float64(v)/8) * 8 }
	in, out := float64(p.Size*p.Size), float64(p.OutSize*p.OutSize)
	mid := p.Mid
	if mid == 0 {
		mid = 27
	}
	multiplied := in*float64(p.In)*tile(mid) + out*float64(mid)*tile(p.Out)
	return 0.004 + 2e-8*multiplied + 3e-7*out*tile(mid)*float64(p.Kernel*p.Kernel)/9
}

func whole(a arch.Arch, classes int) float64 {
	sum := 0.05
	for _, p := range Parts(a, classes) {
		sum += 1.2 * device(p)
	}
	return sum
}

func timer(noise float64) Timer {
	r := rand.New(rand.NewPCG(5, 5))
	noisy := func(ms float64) (float64, error) { return ms * (1 + noise*(2*r.Float64()-1)), nil }
	return Timer{
		Part:  func(p Part) (float64, error) { return noisy(device(p)) },
		Child: func(a arch.Arch) (float64, error) { return noisy(whole(a, 10)) },
	}
}

// TestModel: on a made-up device the composition of a few hundred parts is close
// to children of every size.
func TestModel(t *testing.T) {
	for name, most := range map[string]int{"nette": 400, "bignas": 400, "ofa-mbv3": 600} {
		s := lookup(t, name)
		m := NewMeasurement(s, 10, 1, timer(0.02))
		steps := 0
		for done := false; !done; steps++ {
			var err error
			if done, err = m.Step(); err != nil {
				t.Fatal(err)
			}
		}
		if done, total := m.Progress(); done != total || total != steps || len(m.rows) > most {
			t.Errorf("%d of %d in %d steps, %d parts", done, total, steps, len(m.rows))
		}
		model, failure, children, err := m.Model()
		if err != nil || failure > 0.05 || children != tested {
			t.Fatalf("%s: error %.3f on %d children, %v", name, failure, children, err)
		}
		r := rand.New(rand.NewPCG(2, 2))
		var samples []Sample
		for range 50 {
			a := s.Sample(r)
			samples = append(samples, Sample{a, whole(a, 10)})
		}
		if e := model.Test(samples); e > 0.04 {
			t.Errorf("%s: mean error %.3f on 50 children", name, e)
		}
	}
}

// TestShared: at every resolution each part has measured ones of its size, though late stages have
// the same at several.
func TestShared(t *testing.T) {
	for _, name := range []string{"nette", "ofa-mbv3"} {
		s := lookup(t, name)
		var rows []Row
		for _, p := range Plan(s, 10) {
			rows = append(rows, Row{p, device(p)})
		}
		m, err := Fit(s, 10, rows, []Sample{{s.Min(), 1}, {s.Max(), 9}})
		if err != nil {
			t.Fatal(err)
		}
		for r, resolution := range s.Resolutions {
			a := s.Max()
			a.Resolution = resolution
			for _, p := range Parts(a, 10) {
				if g := m.groups[m.place(p, r)]; g.over[0][0] == 0 {
					t.Errorf("%s: no measured part is like %s of %s", name, Name(p, s), a)
				}
			}
		}
	}
}

// TestParts: a table has every part that any child has, but for its channels.
func TestParts(t *testing.T) {
	s := lookup(t, "nette")
	m := &Model{Space: s, Classes: 10}
	planned := map[[5]int]bool{}
	key := func(p Part) [5]int { return [5]int{p.Stage, p.Index, p.Kernel, p.Size, p.OutSize} }
	for _, p := range Plan(s, 10) {
		if planned[key(p)] = true; Name(p, s) == "" {
			t.Errorf("%+v has no name", p)
		}
	}
	r := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		a := s.Sample(r)
		for _, p := range Parts(a, m.Classes) {
			if !planned[key(p)] {
				t.Fatalf("%+v of %s is not planned", p, a)
			}
		}
	}
	for _, want := range []string{"stem, 3 to 8 channels, 3x3, 96 px", "S3 first block, 12 to 20 channels, 5x5, 24 px", "S7 block, 208 to 208 channels, 3x3, 6 px", "head, 112 to 320 channels, pool, classifier, 3 px"} {
		found := false
		for _, p := range Plan(s, 10) {
			found = found || Name(p, s) == want
		}
		if !found {
			t.Errorf("no part is called %q", want)
		}
	}
}

// TestRefuses: an error of the timer is returned and tried again; a clock that
// shows nothing is told.
func TestRefuses(t *testing.T) {
	s, late := lookup(t, "nette"), errors.New("late")
	good := timer(0)
	fails := true
	m := NewMeasurement(s, 10, 1, Timer{Part: func(p Part) (float64, error) {
		if fails = !fails; !fails {
			return 0, late
		}
		return good.Part(p)
	}, Child: good.Child})
	errs := 0
	for done := false; !done; {
		var err error
		if done, err = m.Step(); err != nil {
			errs++
		}
	}
	if errs != len(m.parts) {
		t.Errorf("%d errors of %d parts", errs, len(m.parts))
	}
	m.rows[7].MS = 0
	if _, _, _, err := m.Model(); fault.Of(err).Code != CodeFew || !strings.Contains(err.Error(), "clock") {
		t.Errorf("a part without time: %v", err)
	}
	if _, err := Fit(s, 10, m.rows[:3], m.samples); fault.Of(err).Code != CodeFew {
		t.Errorf("three parts: %v", err)
	}
}
