package latency

import (
	"slices"

	"bignas/core/arch"
	"bignas/core/fault"
)

// CodeFew is the code of the errors of Fit.
const CodeFew = "few_measurements"

// Row is the measured time of one part.
type Row struct {
	Part Part
	MS   float64
}

// Sample is the measured time of one child.
type Sample struct {
	Arch arch.Arch
	MS   float64
}

// Model predicts the time of any child of a space on the device that its rows were measured
// on.
type Model struct {
	Space   *arch.Space
	Classes int
	Rows    []Row

	law    [terms]float64
	groups []group // by place
	// like has, for each resolution and kind of part, the resolution whose groups it shares: the
	// maps of late stages are equally big at several resolutions.
	like []int
	// A whole child takes start + factor times the sum of its parts.
	start, factor float64
}

// group is the parts that differ in their channels only, and the ratio of the measured
// corners to the law.
type group struct {
	in, out [2]int // channels, least and most
	over    [2][2]float64
}

// kernels is the number of kernel sizes: 1, 3, 5, 7.
const kernels = 4

// place returns the index of a part's group. r is the index of its resolution.
func (m *Model) place(p Part, r int) int {
	k := min(p.Kernel/2, kernels-1)
	return m.kind(p, m.like[m.kind(p, r)])*kernels + k
}

// kind returns the index of the parts of one place in a network at one resolution.
func (m *Model) kind(p Part, r int) int { return (r*(len(m.Space.Stages)+2)+p.Stage+1)*2 + p.Index }

// wide returns the output channels of a part; the head's are those before the pool.
func wide(p Part, s *arch.Space) int {
	if p.Stage == len(s.Stages) {
		return p.Mid
	}
	return p.Out
}

// Fit fits a model to the rows of a Plan and scales it to at least two whole children. The
// error is a *fault.Error.
func Fit(s *arch.Space, classes int, rows []Row, children []Sample) (*Model, error) {
	if len(rows) < terms || len(children) < 2 {
		return nil, fault.New(CodeFew, "measure the parts of latency.Plan and two children or more", "there are %d measured parts and %d children", len(rows), len(children))
	}
	for _, r := range rows {
		if !(r.MS > 0) {
			return nil, fault.New(CodeFew, "the clock is too coarse: repeat each part for longer", "%s took %v ms", Name(r.Part, s), r.MS)
		}
	}
	m := &Model{Space: s, Classes: classes, Rows: rows, law: fitLaw(rows), factor: 1}
	m.like = make([]int, len(s.Resolutions)*(len(s.Stages)+2)*2)
	m.groups = make([]group, len(m.like)*kernels)
	m.collect()
	for _, c := range children {
		if !(c.MS > 0) {
			return nil, fault.New(CodeFew, "the clock is too coarse: repeat each child for longer", "the child %s took %v ms", c.Arch, c.MS)
		}
	}
	m.start, m.factor = m.scale(children)
	return m, nil
}

// scale returns the start and factor, neither negative, with the least squared relative error
// of start + factor * the sum of parts.
func (m *Model) scale(children []Sample) (start, factor float64) {
	var aa, ab, bb, a1, b1 float64
	for _, c := range children {
		a, b := 1/c.MS, m.Child(c.Arch)/c.MS
		aa, ab, bb, a1, b1 = aa+a*a, ab+a*b, bb+b*b, a1+a, b1+b
	}
	if det := aa*bb - ab*ab; det > 1e-9*aa*bb {
		start, factor = (a1*bb-b1*ab)/det, (b1*aa-a1*ab)/det
	}
	if start <= 0 || factor <= 0 {
		return 0, b1 / bb
	}
	return start, factor
}

// collect fills the groups.
func (m *Model) collect() {
	sides := map[int]int{} // the index of a resolution by stage and the part's size
	for r, resolution := range m.Space.Resolutions {
		for _, a := range []arch.Arch{m.Space.Min(), m.Space.Max()} {
			a.Resolution = resolution
			for _, p := range Parts(a, m.Classes) {
				if first, ok := sides[sizeKey(p)]; ok {
					m.like[m.kind(p, r)] = first
					continue
				}
				sides[sizeKey(p)], m.like[m.kind(p, r)] = r, r
			}
		}
	}
	of := map[int][]Row{}
	for _, row := range m.Rows {
		if r, ok := sides[sizeKey(row.Part)]; ok {
			at := m.place(row.Part, r)
			of[at] = append(of[at], row)
		}
	}
	for at, rows := range of {
		m.groups[at] = m.group(rows)
	}
}

// sizeKey is the key of a part of one kind at one resolution.
func sizeKey(p Part) int { return (p.Size*64+p.Stage+1)*2 + p.Index }

func (m *Model) group(rows []Row) group {
	first := rows[0].Part
	g := group{in: [2]int{first.In, first.In}, out: [2]int{wide(first, m.Space), wide(first, m.Space)}}
	for _, r := range rows {
		in, out := r.Part.In, wide(r.Part, m.Space)
		g.in = [2]int{min(g.in[0], in), max(g.in[1], in)}
		g.out = [2]int{min(g.out[0], out), max(g.out[1], out)}
	}
	mean := 0.0
	for _, r := range rows {
		over := r.MS / m.lawOf(r.Part)
		mean += over / float64(len(rows))
		for i := range 2 {
			for j := range 2 {
				if r.Part.In == g.in[i] && wide(r.Part, m.Space) == g.out[j] {
					g.over[i][j] = over
				}
			}
		}
	}
	for i := range 2 {
		for j := range 2 {
			if g.over[i][j] == 0 { // a corner that does not occur, where In is Out
				g.over[i][j] = mean
			}
		}
	}
	return g
}

func (m *Model) lawOf(p Part) float64 {
	sum := 0.0
	for i, w := range work(p) {
		sum += m.law[i] * w
	}
	return sum
}

// part predicts one part, unscaled. r is the index of its resolution.
func (m *Model) part(p Part, r int) float64 {
	g := &m.groups[m.place(p, r)]
	if g.over[0][0] == 0 { // not in the table
		return m.lawOf(p)
	}
	x, y := along(p.In, g.in), along(wide(p, m.Space), g.out)
	over := (1-x)*((1-y)*g.over[0][0]+y*g.over[0][1]) + x*((1-y)*g.over[1][0]+y*g.over[1][1])
	return m.lawOf(p) * over
}

// along returns the position of v between the ends, 0 to 1.
func along(v int, ends [2]int) float64 {
	if ends[0] == ends[1] {
		return 0
	}
	return min(1, max(0, float64(v-ends[0])/float64(ends[1]-ends[0])))
}

// Child predicts the milliseconds of a valid architecture of the space.
func (m *Model) Child(a arch.Arch) float64 {
	r := slices.Index(m.Space.Resolutions, a.Resolution)
	sum := 0.0
	for _, p := range Parts(a, m.Classes) {
		sum += m.part(p, r)
	}
	return m.start + m.factor*sum
}

// Test returns the mean relative error on measured children outside the fit: 0.05 is 5 %.
func (m *Model) Test(children []Sample) float64 {
	sum := 0.0
	for _, c := range children {
		d := m.Child(c.Arch)/c.MS - 1
		sum += max(d, -d)
	}
	return sum / float64(len(children))
}

// fitLaw returns the non-negative coefficients with the least squared relative error, by
// coordinate descent.
func fitLaw(rows []Row) [terms]float64 {
	var gram [terms][terms]float64
	var right [terms]float64
	for _, r := range rows {
		w := work(r.Part)
		for i := range w {
			w[i] /= r.MS
		}
		for i := range w {
			right[i] += w[i]
			for j := range w {
				gram[i][j] += w[i] * w[j]
			}
		}
	}
	var law [terms]float64
	for range 2000 {
		for i := range law {
			if gram[i][i] == 0 {
				continue
			}
			rest := right[i]
			for j := range law {
				if j != i {
					rest -= gram[i][j] * law[j]
				}
			}
			law[i] = max(0, rest/gram[i][i])
		}
	}
	return law
}
