package plan

import (
	"math"
	"strings"
	"testing"
	"time"

	"bignas/train/config"
	"bignas/train/estimate"
)

// planned is a plan for so many ranks, of updates that take known times.
func planned(t *testing.T, ranks int, link Link, change func(*config.Config)) *Plan {
	t.Helper()
	c, err := config.Load("nette")
	if err != nil {
		t.Fatal(err)
	}
	c.Batch, c.MicroBatch = 512, 8
	if change != nil {
		change(&c)
	}
	space, err := c.SearchSpace()
	if err != nil {
		t.Fatal(err)
	}
	work := estimate.NewWork(c, space, 10)
	p := &Plan{TrainImages: 5120, ValImages: 100, Updates: 10 * c.Epochs, Parameters: 10 << 20, ImageMACs: work.Image(c.Resolution(c.Epochs - 1)),
		Threads: 2, Speed: Speed{PerPass: 0.01, PerImage: 0.1, PerUpdate: 0.02, MACs: 1e9}}
	p.UpdateSeconds = float64(c.Batch)*p.Speed.PerImage/p.Speed.MACs*p.ImageMACs + float64(c.Batch/c.Pass())*p.Speed.PerPass + p.Speed.PerUpdate
	if err := p.addRanks(Ranks{Count: ranks, Link: link, Speed: p.Speed, Memory: Memory{Copy: 8e9, Add: 8e9}}, c, work, 100); err != nil {
		t.Fatal(err)
	}
	return p
}

// TestRanks: a link without limits leaves computing alone, which is shared; a slow one costs what its
// bytes take; ranks of one machine share what it computes.
func TestRanks(t *testing.T) {
	fast := planned(t, 4, Link{Bits: 1e18}, nil)
	if r := fast.Ranks; r.Passes != 16 || r.Images != 8 || r.Gradients != 40<<20 || !(r.Speedup > 3.9 && r.Speedup < 4) {
		t.Errorf("%+v", r)
	}
	slow := planned(t, 4, Link{Bits: 1e8}, nil).Ranks
	// 2 * 3/4 * 40 MiB at 100 Mb/s are 5.03 s; the last of ten buckets, 0.503 s, cannot be hidden.
	if !(slow.Sums > 5.03 && slow.Sums < 5.2) || !(slow.Hidden <= 0.9*slow.Sums+1e-9) || !(slow.UpdateSeconds-slow.Compute >= 0.5) {
		t.Errorf("%+v", slow)
	}
	if late := planned(t, 4, Link{Bits: 1e8, Latency: 1e-3}, nil).Ranks.Sums - slow.Sums; math.Abs(late-10*6*1e-3) > 1e-9 {
		t.Errorf("1 ms a message costs %g s", late)
	}
	// Two ranks: everything goes to one of them and back, 6.7 s at 100 Mb/s.
	if r := planned(t, 2, Link{Bits: 1e8}, nil).Ranks; !(r.Sums > 6.71 && r.Sums < 6.9) {
		t.Errorf("two ranks: %+v", r)
	}
	// Four ranks on two processors, each with one thread that is as fast as both were: twice the speed.
	if r := planned(t, 4, Link{}, nil).Ranks; r.Speedup > 2 || r.Speedup < 1.9 {
		t.Errorf("ranks of one machine: %+v", r)
	}
	part := planned(t, 4, Link{Bits: 1e10, Latency: 1e-4}, func(c *config.Config) { c.SyncBN, c.MicroBatch, c.Batch = true, 8, 8 }).Ranks
	if part.Passes != 1 || part.Images != 2 || math.Abs(part.SyncBN-2*100*4*1e-4) > 1e-9 {
		t.Errorf("parts of a pass: %+v", part)
	}
}

// TestRanksRefused: ranks that cannot share a batch are refused before anything is measured.
func TestRanksRefused(t *testing.T) {
	c, err := config.Load("nette")
	if err != nil {
		t.Fatal(err)
	}
	measured := false
	if _, err := New(c, 1000, 100, 10, 7, Link{}, func(string) { measured = true }); err == nil || !strings.Contains(err.Error(), "7 ranks cannot share a batch") || measured {
		t.Errorf("%v; measured %v", err, measured)
	}
}

func TestParseLink(t *testing.T) {
	for text, want := range map[string]float64{"10Gb": 1e10, "2.5Gb/s": 2.5e9, "100Mb": 1e8, "1.6Tb": 1.6e12, "": 0} {
		if l, err := ParseLink(text, time.Millisecond); err != nil || math.Abs(l.Bits-want) > 1 || l.Latency != 1e-3 {
			t.Errorf("%q: %+v, %v", text, l, err)
		}
	}
	for _, text := range []string{"10", "10GB", "-1Gb", "0Gb", "NaNGb", "InfGb", "fast", "Gb"} {
		if l, err := ParseLink(text, 0); err == nil || !strings.Contains(err.Error(), "no speed") {
			t.Errorf("%q: %+v, %v", text, l, err)
		}
	}
}
