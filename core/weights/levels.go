package weights

import (
	"slices"
	"strconv"

	"bignas/core/arch"
	"bignas/core/bnstats"
	"bignas/core/plainjson"
	"bignas/core/supernet"
)

// level is one step of a file that is laid out smallest child first: with its bytes and
// those before them, every child within Arch can be run.
type level struct {
	Arch   string // canonical text
	Bytes  int64  // of tensors up to the end of this level
	Digest string // of the level's own bytes, as DigestKey writes it

	child arch.Arch
}

// levelSteps is how many times bigger children become available during a download.
const levelSteps = 4

// levels returns the nested children in whose order a file is laid out, from the smallest
// to the biggest: each has all choices at the same fraction of their range. Resolution
// costs no bytes, so that all of them have the highest.
func levels(s *arch.Space) []level {
	var ls []level
	for i := range levelSteps + 1 {
		a := s.At(float64(i) / levelSteps)
		a.Resolution = slices.Max(s.Resolutions)
		if text := a.String(); len(ls) == 0 || ls[len(ls)-1].Arch != text {
			ls = append(ls, level{Arch: text, child: a})
		}
	}
	return ls
}

// stored is one tensor of a bundle, and how its elements are divided among levels.
type stored struct {
	name  string
	shape []int
	data  []float32                 // nil where only param has it, or read
	param *supernet.Param           // nil for statistics
	read  func() ([]float32, error) // as in Tensor, nil where data has the values
	size  int                       // elements
	// at holds, for each index of each dimension, the first level that has it. An element
	// belongs to the last of its indices' levels.
	at [][]uint8
	// counts is the number of elements of each level.
	counts []int
}

// wholeBelow is the size up to which a tensor is not split: the header's entry for another
// part would be as long as the part.
const wholeBelow = 500 // elements

// layout lists the tensors of a file, those of the network and then, if m is not nil, those
// of the statistics, with the levels of their elements.
func layout(net *supernet.Weights, m *bnstats.Model, ls []level) ([]*stored, error) {
	var all []*stored
	of := map[*supernet.Param]*stored{}
	for _, p := range net.Params {
		s := newStored(p.Name, p.Shape, p.Data, len(ls))
		s.param = p
		all, of[p] = append(all, s), s
	}
	network := len(all)
	if m != nil && len(m.Layers) == 0 {
		m = nil
	}
	if m != nil {
		for i, l := range m.Layers {
			for _, c := range l.Coefficients() {
				all = append(all, newStored(statisticsName(i, c), []int{c.Channels, c.Features}, *c.Data, len(ls)))
			}
		}
	}
	for i := len(ls) - 1; i >= 0; i-- { // smaller children overwrite the level of what they have
		used, err := net.SlicesWithin(ls[i].child)
		if err != nil {
			return nil, err
		}
		for _, v := range used {
			of[v.Param].mark(i, v.From, v.To)
		}
		if m == nil {
			continue
		}
		at := network
		for _, counts := range m.Channels(ls[i].child) {
			for _, n := range counts {
				all[at].mark(i, []int{0, 0}, []int{n, all[at].shape[1]})
				at++
			}
		}
	}
	for _, s := range all {
		s.count()
	}
	return all, nil
}

// statisticsName is the name of a table of BN layer i.
func statisticsName(i int, c bnstats.Coefficients) string {
	return "bn." + strconv.Itoa(i) + "." + c.Name
}

func newStored(name string, shape []int, data []float32, levels int) *stored {
	s := &stored{name: name, shape: shape, data: data, size: 1, counts: make([]int, levels)}
	for _, n := range shape {
		s.size *= n
		s.at = append(s.at, slices.Repeat([]uint8{uint8(levels - 1)}, n))
	}
	return s
}

// mark records that a child of that level uses the box [from, to).
func (s *stored) mark(level int, from, to []int) {
	for d := range from {
		for i := from[d]; i < to[d]; i++ {
			s.at[d][i] = uint8(level)
		}
	}
}

// count counts the elements of each level: those of a level and all before it are a box.
func (s *stored) count() {
	before := 0
	for l := range s.counts {
		upTo := 1
		for _, levels := range s.at {
			n := 0
			for _, v := range levels {
				if int(v) <= l {
					n++
				}
			}
			upTo *= n
		}
		s.counts[l] = upTo - before
		before = upTo
	}
}

// rows calls f for each row (along the last dimension) with the index of its first element
// and the lowest level that its elements can have.
func (s *stored) rows(f func(first int, base uint8)) {
	last := len(s.shape) - 1
	n := s.shape[last]
	for first := 0; first < s.size; first += n {
		base, rest := uint8(0), first/n
		for d := last - 1; d >= 0; d-- {
			base = max(base, s.at[d][rest%s.shape[d]])
			rest /= s.shape[d]
		}
		f(first, base)
	}
}

// spans calls f for each run of elements of the level, ascending: [from, to).
func (s *stored) spans(level int, f func(from, to int)) {
	want, columns := uint8(level), s.at[len(s.at)-1]
	exactly, upTo := runs(columns, want, want), runs(columns, 0, want)
	s.rows(func(first int, base uint8) {
		of := exactly
		switch {
		case base > want:
			return
		case base == want:
			of = upTo
		}
		for _, r := range of {
			f(first+r[0], first+r[1])
		}
	})
}

// runs returns the runs of indices of which the levels are least to most: [from, to).
func runs(levels []uint8, least, most uint8) (list [][2]int) {
	for i, l := range levels {
		switch {
		case l < least || l > most:
		case len(list) > 0 && list[len(list)-1][1] == i:
			list[len(list)-1][1]++
		default:
			list = append(list, [2]int{i, i + 1})
		}
	}
	return list
}

// whole returns the level at which the whole tensor is stored under its own name, or -1 if
// it is split.
func (s *stored) whole() int {
	first := slices.IndexFunc(s.counts, func(n int) bool { return n > 0 })
	if s.size <= wholeBelow || s.counts[first] == s.size {
		return first
	}
	return -1
}

// partName returns the name of what a level adds to a tensor that is split.
func partName(name string, level int) string { return name + "@" + strconv.Itoa(level) }

// parts gives f the tensors to write, level by level, and fills in where each level ends. It
// fails for a value that dtype cannot hold, and gives its index in the whole tensor.
func (f *File) parts(all []*stored, ls []level, dtype DType) error {
	for _, s := range all {
		if err := checkStorable(s.name, s.data, dtype); err != nil {
			return err
		}
	}
	return f.lay(ls, dtype, func(l int) (list []Tensor) {
		for _, s := range all {
			list = append(list, s.part(l)...)
		}
		return list
	})
}

// part returns what the file has of the tensor at a level: nothing, or one tensor.
func (s *stored) part(l int) []Tensor {
	if at := s.whole(); at == l {
		return []Tensor{{Name: s.name, Shape: s.shape, Data: s.data, read: s.read}}
	} else if at >= 0 || s.counts[l] == 0 {
		return nil
	}
	if s.read != nil {
		return []Tensor{{Name: partName(s.name, l), Shape: []int{s.counts[l]}, read: func() ([]float32, error) {
			all, err := s.read()
			if err != nil {
				return nil, err
			}
			n := 0
			s.spans(l, func(from, to int) { n += copy(all[n:], all[from:to]) })
			return all[:n], nil
		}}}
	}
	t := Tensor{Name: partName(s.name, l), Shape: []int{s.counts[l]}, Data: make([]float32, 0, s.counts[l])}
	s.spans(l, func(from, to int) { t.Data = append(t.Data, s.data[from:to]...) })
	return []Tensor{t}
}

// lay gives f the tensors of each level, and fills in where it ends.
func (f *File) lay(ls []level, dtype DType, of func(level int) []Tensor) error {
	var end int64
	whole := newHash()
	for l := range ls {
		added, h := of(l), newHash()
		err := eachPiece(added, dtype, func(piece []byte) error {
			end += int64(len(piece))
			h.add(piece)
			whole.add(piece)
			return nil
		})
		if err != nil {
			return err
		}
		f.Tensors = append(f.Tensors, added...)
		ls[l].Bytes, ls[l].Digest = end, digestText(h.sum())
	}
	f.digest = digestText(whole.sum())
	return nil
}

// records returns ls as JSON.
func records(ls []level) plainjson.List {
	var all plainjson.List
	for _, l := range ls {
		all = append(all, plainjson.Record{plainjson.Member("arch", l.Arch), plainjson.Member("bytes", l.Bytes), plainjson.Member("digest", l.Digest)})
	}
	return all
}

// readLevels returns the levels in the metadata, or a single level for a file of version 1.
func readLevels(m map[string]string, s *arch.Space, total int64) ([]level, error) {
	if m[KeyVersion] == wholeVersion {
		return []level{{Arch: s.Max().String(), Bytes: total, Digest: m[DigestKey], child: s.Max()}}, nil
	}
	var ls []level
	v, err := plainjson.Parse([]byte(m[KeyLevels]))
	if err == nil {
		err = v.Each(func(v plainjson.Value) error {
			var l level
			err := v.Fill(false, plainjson.Member("arch", &l.Arch), plainjson.Member("bytes", &l.Bytes), plainjson.Member("digest", &l.Digest))
			ls = append(ls, l)
			return err
		})
	}
	if err != nil || len(ls) == 0 || len(ls) > 100 {
		return nil, damaged("its levels cannot be read")
	}
	var end int64
	for i := range ls {
		l := &ls[i]
		if l.child, err = s.Parse(l.Arch); err != nil {
			return nil, damaged("level %d names an impossible child: %v", i, err)
		}
		if l.Bytes < end || i > 0 && !ls[i-1].child.Within(l.child) {
			return nil, damaged("level %d lies inside the one before it", i)
		}
		end = l.Bytes
	}
	if last := ls[len(ls)-1]; last.Bytes != total || !last.child.Equal(s.Max()) {
		return nil, damaged("its levels do not end with its tensors")
	}
	return ls, nil
}
