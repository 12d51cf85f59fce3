package plan

import (
	"math"
	"strconv"
	"strings"
	"time"

	"bignas/core/fault"
	"bignas/train/config"
	"bignas/train/estimate"
	"bignas/train/run"
)

// Link joins machines, on each of which is one rank. The zero value stands for ranks that share
// this machine.
type Link struct {
	Bits    float64 `json:"bits_per_second"` // in each direction
	Latency float64 `json:"latency_seconds"` // of a message, the library's part included
}

// ParseLink reads a speed such as "10Gb" or "2.5Gb/s", in bits; "" is no link.
func ParseLink(text string, latency time.Duration) (Link, error) {
	if text == "" {
		return Link{Latency: latency.Seconds()}, nil
	}
	number, unit := strings.TrimSuffix(text, "/s"), 0.0
	for name, size := range map[string]float64{"Mb": 1e6, "Gb": 1e9, "Tb": 1e12} {
		if rest, ok := strings.CutSuffix(number, name); ok {
			number, unit = rest, size
			break
		}
	}
	v, err := strconv.ParseFloat(number, 64)
	if err != nil || unit == 0 || !(v > 0) || math.IsInf(v, 0) {
		return Link{}, fault.New("bad_flag", "write 10Gb for ten gigabits per second", "--link is %q, which is no speed in Mb, Gb or Tb", text)
	}
	return Link{v * unit, latency.Seconds()}, nil
}

// Ranks is a run that several ranks share, by a model on top of what one rank was measured to do,
// with all threads of a machine like this one or, where they share this one, with its part of them.
// Gradients are summed in buckets, while the backward pass of the update's last
// child runs.
type Ranks struct {
	Count     int     `json:"count"`
	Link      Link    `json:"link"`
	Threads   int     `json:"threads"`        // of a rank
	Speed     Speed   `json:"speed"`          // with so many threads
	Passes    int     `json:"passes"`         // of a rank in an update
	Images    int     `json:"images"`         // in each of them
	Note      string  `json:"note,omitempty"` // what is changed, so that they can share a batch
	Gradients int64   `json:"gradient_bytes"`
	Memory    Memory  `json:"memory"`
	Compute   float64 `json:"compute_seconds"` // of an update
	Sums      float64 `json:"sum_seconds"`     // of an update's gradients over the ranks
	Hidden    float64 `json:"hidden_seconds"`  // of these, while the backward pass runs
	SyncBN    float64 `json:"sync_bn_seconds"` // of statistics, which nothing hides

	UpdateSeconds float64 `json:"update_seconds"` // at the last resolution
	RunSeconds    float64 `json:"run_seconds"`
	Speedup       float64 `json:"speedup"` // of an update over that of one rank
}

// Memory is how fast one thread goes through gradients in memory, in bytes a second.
type Memory struct {
	Copy float64 `json:"copy"` // x = y
	Add  float64 `json:"add"`  // x += y
}

// timeMemory measures it on that many bytes, the median of five rounds.
func timeMemory(bytes int64) Memory {
	x, y := make([]float32, max(1, bytes/4)), make([]float32, max(1, bytes/4))
	var copies, adds []float64
	for range timedRounds {
		began := time.Now()
		copy(x, y)
		copies = append(copies, time.Since(began).Seconds())
		began = time.Now()
		for i, v := range y {
			x[i] += v
		}
		adds = append(adds, time.Since(began).Seconds())
	}
	size := float64(4 * len(x))
	return Memory{size / max(median(copies), 1e-9), size / max(median(adds), 1e-9)}
}

// share works out how a batch is shared.
func (r *Ranks) share(c config.Config) (config.Config, error) {
	note, err := run.ShareOut(&c, r.Count, false)
	if err != nil {
		return c, err
	}
	r.Note, r.Passes, r.Images = note, c.Batch/c.Pass(), c.Pass()
	if r.Passes%r.Count == 0 {
		r.Passes /= r.Count
	} else {
		r.Images = (r.Images + r.Count - 1) / r.Count // of every pass, the most that a rank has
	}
	return c, nil
}

// sum is how long the sum of so many bytes over the ranks takes. From four ranks on each sends and
// receives 2(N-1)/N of them, and adds (N-1)/N. Of two and three, Open MPI 4 collects everything at
// one, and sends it back.
func (r *Ranks) sum(bytes float64) float64 {
	n := float64(r.Count)
	through, added, messages := bytes*2*(n-1)/n, bytes*(n-1)/n, 2*(n-1)
	if n < 4 {
		rounds := math.Ceil(math.Log2(n))
		through, added, messages = bytes*2*rounds, bytes*rounds, 2*rounds
	}
	wire := 2 * through / r.Memory.Copy // into memory that the ranks share, and out of it
	if r.Link.Bits > 0 {
		wire = 8 * through / r.Link.Bits
	}
	return wire + added/r.Memory.Add + messages*r.Link.Latency
}

// perRank returns the threads of a rank, and how often one that is as fast as measured waits for
// others, where there are more ranks than processors.
func (r *Ranks) perRank(threads int) (of int, slower float64) {
	if r.Link.Bits > 0 {
		return threads, 1
	}
	of = max(1, threads/r.Count)
	return of, float64(max(1, r.Count*of/threads))
}

// addRanks adds the plan for several ranks, whose speeds were measured, to that of one.
func (p *Plan) addRanks(r Ranks, c config.Config, work *estimate.Work, norms int) error {
	c, err := r.share(c)
	if err != nil {
		return err
	}
	r.Gradients = 4 * p.Parameters
	_, slower := r.perRank(p.Threads)
	n, perMAC := float64(r.Count), slower*r.Speed.PerImage/r.Speed.MACs
	fixed := slower * (float64(r.Passes)*r.Speed.PerPass + r.Speed.PerUpdate)
	r.Compute = float64(r.Passes*r.Images)*perMAC*p.ImageMACs + fixed

	buckets := math.Ceil(float64(r.Gradients) / run.BucketBytes)
	r.Sums = buckets * r.sum(float64(r.Gradients)/buckets)
	window := 2. / 3 * float64(r.Images) * perMAC * work.LastChild(c.Resolution(c.Epochs-1))
	r.Hidden = min(window, r.Sums-r.Sums/buckets) // the last bucket waits for the end
	small := 2 * math.Ceil(math.Log2(n)) * r.Link.Latency
	if c.SyncBN {
		r.SyncBN = 2 * float64(norms*r.Passes) * small
	}
	exposed := r.Sums - r.Hidden + r.SyncBN + small // losses are summed, too
	r.UpdateSeconds = r.Compute + exposed
	r.RunSeconds = perMAC*work.Epochs(0, p.TrainImages, p.ValImages)/n + (fixed+exposed)*float64(p.Updates)
	r.Speedup = p.UpdateSeconds / r.UpdateSeconds
	p.Ranks = &r
	return nil
}
