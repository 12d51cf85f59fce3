package search

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"bignas/core/arch"
	"bignas/core/cost"
	"bignas/core/fault"
	"bignas/core/plainjson"
)

// Metric is a kind of cost.
type Metric string

// The metrics.
const (
	MACs    Metric = "macs"    // multiply-accumulates for one image (package cost)
	Params  Metric = "params"  // parameters
	Bytes   Metric = "bytes"   // of the parameters in half precision
	Memory  Metric = "memory"  // bytes of the largest set of float32 activations alive at once
	Latency Metric = "latency" // milliseconds for one image, by Problem.Latency
)

// Metrics lists the metrics in the order in which they are shown.
var Metrics = []Metric{MACs, Params, Bytes, Memory, Latency}

// Costs is the costs of one child, in the units of the metrics. Latency is 0 where it is not
// known.
type Costs struct {
	MACs    int64
	Params  int64
	Bytes   int64
	Memory  int64
	Latency float64
}

// Count returns the costs of a valid architecture with the given number of classes, except
// latency.
func Count(a arch.Arch, classes int) Costs {
	r := cost.Totals(a, classes)
	return Costs{MACs: r.MACs, Params: r.Params, Bytes: r.Bytes, Memory: 4 * r.PeakActivations}
}

// Record returns the costs as JSON, with the latency where it is known.
func (c Costs) Record() plainjson.Record {
	r := plainjson.Record{field("macs", c.MACs), field("params", c.Params), field("bytes", c.Bytes), field("memory", c.Memory)}
	if c.Latency != 0 {
		r = append(r, field("latency", c.Latency))
	}
	return r
}

func (c *Costs) fields() []plainjson.Field {
	return []plainjson.Field{field("macs", &c.MACs), field("params", &c.Params), field("bytes", &c.Bytes), field("memory", &c.Memory), field("latency", &c.Latency)}
}

// Of returns the cost of that metric.
func (c Costs) Of(m Metric) float64 {
	switch m {
	case MACs:
		return float64(c.MACs)
	case Params:
		return float64(c.Params)
	case Bytes:
		return float64(c.Bytes)
	case Memory:
		return float64(c.Memory)
	case Latency:
		return c.Latency
	}
	panic("search: unknown metric")
}

// Limits is the largest costs that are allowed. A metric that is not in it is not limited.
type Limits map[Metric]float64

// Codes of the errors of this package, all of type *fault.Error.
const (
	CodeAmount     = "bad_amount"        // a budget that cannot be parsed
	CodeImpossible = "impossible_budget" // no child is that small
	CodeMethod     = "bad_method"        // an unknown method or option
	CodePareto     = "bad_pareto"        // a Pareto file that cannot be read
	CodeOther      = "other_weights"     // a file that belongs to other weights or another problem
)

// Allow reports whether costs are within all limits.
func (l Limits) Allow(c Costs) bool {
	for m, most := range l {
		if c.Of(m) > most {
			return false
		}
	}
	return true
}

// use returns the largest share of a limit that costs reach: at most 1 where they are allowed,
// and 1 where nothing is limited.
func (l Limits) use(c Costs) float64 {
	if len(l) == 0 {
		return 1
	}
	share := 0.0
	for m, most := range l {
		share = max(share, c.Of(m)/most)
	}
	return share
}

// check returns an error where no child is within the limits. smallest is the costs of the
// smallest child: all counted metrics grow with all choices, so that no child costs less.
func (l Limits) check(smallest Costs) error {
	for _, m := range Metrics {
		most, ok := l[m]
		if !ok {
			continue
		}
		if least := smallest.Of(m); !(most >= least) {
			return fault.New(CodeImpossible, "allow "+amount(m, least, true)+" or more",
				"the budget of %s %s is impossible: the smallest child has %s", amount(m, most, false), m.noun(), amount(m, least, true))
		}
	}
	unknown := Metric("")
	for m := range l {
		if !slices.Contains(Metrics, m) && (unknown == "" || m < unknown) {
			unknown = m
		}
	}
	if unknown != "" {
		return fault.New(CodeMethod, "", "there is no cost %q; known: %v", unknown, Metrics)
	}
	return nil
}

func (m Metric) noun() string {
	switch m {
	case MACs:
		return "MACs"
	case Params:
		return "parameters"
	case Bytes:
		return "of weights"
	case Memory:
		return "of activations"
	}
	return "of latency"
}

// suffix returns the unit that may follow the number and its K, M or G.
func (m Metric) suffix() string {
	switch m {
	case Bytes, Memory:
		return "B"
	case Latency:
		return "ms"
	}
	return ""
}

// ParseAmount parses a budget such as "50M" MACs, "1.5M" parameters, "2MB" or "800KB" of
// weights, or "12ms". K, M and G are powers of 1000. The error is a *fault.Error.
func ParseAmount(m Metric, text string) (float64, error) {
	bad := func() (float64, error) {
		example := map[Metric]string{MACs: "50M", Params: "1.5M", Bytes: "2MB", Memory: "3MB", Latency: "12ms"}[m]
		return 0, fault.New(CodeAmount, "write it like "+example, "%q cannot be read as an amount", text)
	}
	number := strings.ToUpper(strings.TrimSpace(text))
	if s := m.suffix(); s != "" {
		number = strings.TrimSuffix(number, strings.ToUpper(s))
	}
	unit := 1.0
	if n := len(number); n > 0 && m != Latency {
		if at := strings.IndexByte("KMG", number[n-1]); at >= 0 {
			unit, number = math.Pow(1000, float64(at+1)), number[:n-1]
		}
	}
	number = strings.TrimSpace(number)
	if number == "" || strings.Trim(number, "0123456789.") != "" { // no sign, exponent, NaN or hexadecimal
		return bad()
	}
	v, err := strconv.ParseFloat(number, 64)
	if err != nil || v <= 0 || v*unit > 1e15 {
		return bad()
	}
	return math.Round(v*unit*1e3) / 1e3, nil // 8.03K is 8030, not 8029.999…
}

// Amount formats v for people, rounded, such as "9.48M" or "780KB".
func Amount(m Metric, v float64) string { return amount(m, v, false) }

// amount is Amount, rounded up where up is true, so that the text is a possible budget.
func amount(m Metric, v float64, up bool) string {
	letter := ""
	if m != Latency {
		for _, l := range []string{"K", "M", "G"} {
			if v < 1000 {
				break
			}
			v, letter = v/1000, l
		}
	}
	digits := 2
	if v >= 100 {
		digits = 1
	}
	if scale := math.Pow10(digits); up {
		v = math.Ceil(v*scale-1e-9) / scale
	}
	return fmt.Sprintf("%s%s%s", strconv.FormatFloat(v, 'f', decimals(v, digits), 64), letter, m.suffix())
}

// decimals returns how many decimals v needs, at most most.
func decimals(v float64, most int) int {
	for d := range most {
		if s := v * math.Pow10(d); math.Abs(s-math.Round(s)) < 1e-9 {
			return d
		}
	}
	return most
}
