package weights

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"bignas/core/arch"
	"bignas/core/fault"
)

// whole is the file as version 1 wrote it: every tensor whole, in network order.
func whole(t testing.TB, b *Bundle) []byte {
	t.Helper()
	f, err := Read(marshal(t, b, Float16))
	if err != nil {
		t.Fatal(err)
	}
	f.Tensors = nil
	f.Metadata[KeyVersion] = wholeVersion
	delete(f.Metadata, KeyLevels)
	delete(f.Metadata, KeyLayout)
	for _, p := range b.Net.Params {
		f.Tensors = append(f.Tensors, Tensor{Name: p.Name, Shape: p.Shape, Data: p.Data})
	}
	for i, l := range b.Statistics.Layers {
		for _, c := range l.Coefficients() {
			f.Tensors = append(f.Tensors, Tensor{Name: statisticsName(i, c), Shape: []int{c.Channels, c.Features}, Data: *c.Data})
		}
	}
	var out bytes.Buffer
	if err := Write(&out, f, Float16); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestVersion1: a file of the old layout is read, and written anew to the bytes
// of the new one: nothing is lost.
func TestVersion1(t *testing.T) {
	in := nette(t)
	old := whole(t, in)
	b, err := Unmarshal(old)
	if err != nil {
		t.Fatal(err)
	}
	delete(b.Metadata, DigestKey)
	if !bytes.Equal(marshal(t, b, Float16), marshal(t, in, Float16)) {
		t.Error("another file after the old layout")
	}
	a, err := OpenStream(old)
	if err != nil || !a.Complete() || len(a.Ends()) != 1 {
		t.Errorf("an old file at once: %v", err)
	}
	if _, err := OpenStream(old[:len(old)-1]); fault.Of(err).Code != CodeTruncated {
		t.Errorf("most of an old file: %v", err)
	}
}

// same says whether a child is the same in both, weights and statistics.
func same(t *testing.T, x, y *Bundle, a arch.Arch) bool {
	t.Helper()
	vx, err := x.Net.Slices(a)
	if err != nil {
		t.Fatal(err)
	}
	vy, err := y.Net.Slices(a)
	if err != nil {
		t.Fatal(err)
	}
	for i := range vx {
		if !slices.Equal(vx[i].Copy(), vy[i].Copy()) {
			return false
		}
	}
	for i, counts := range x.Statistics.Channels(a) {
		p, q := x.Statistics.Layers[i].Coefficients(), y.Statistics.Layers[i].Coefficients()
		for j, channels := range counts {
			n := channels * p[j].Features
			if u, v := *p[j].Data, *q[j].Data; !slices.Equal(u[:n], v[:n]) {
				return false
			}
		}
	}
	return true
}

// TestStream: in pieces that end anywhere, every level opens when its last
// byte is here, and then its child, but not the next one's, is what it is in the
// whole file.
func TestStream(t *testing.T) {
	data := marshal(t, nette(t), Float16)
	all, err := Unmarshal(data)
	if err != nil {
		t.Fatal(err)
	}
	probe, err := OpenStream(data)
	if err != nil || !probe.Complete() || probe.Size() != len(data) {
		t.Fatalf("everything at once: %v", err)
	}
	ends := probe.Ends()
	if len(ends) != 5 || ends[4] != len(data) {
		t.Fatalf("the levels of %d bytes end at %v", len(data), ends)
	}
	for _, piece := range []int{1 << 10, 65536, ends[1] - ends[0], len(data)} {
		a, err := OpenStream(data[:ends[0]])
		if err != nil {
			t.Fatal(err)
		}
		levels := 1
		for at := ends[0]; at < len(data); {
			if !same(t, all, a.Bundle, probe.levels[levels-1].child) || levels < 5 && same(t, all, a.Bundle, probe.levels[levels].child) {
				t.Fatalf("in pieces of %d: with %d levels the wrong children are here", piece, levels)
			}
			if a.Ceiling().String() != probe.levels[levels-1].Arch || a.Complete() {
				t.Fatalf("with %d levels the ceiling is %s", levels, a.Ceiling())
			}
			for opened := false; !opened; {
				n := min(piece, len(data)-at)
				if opened, err = a.Append(data[at : at+n]); err != nil {
					t.Fatal(err)
				}
				at += n
				if should := at >= ends[levels]; opened != should {
					t.Fatalf("at byte %d of %v opened is %v", at, ends, opened)
				}
			}
			for levels < 5 && ends[levels] <= at {
				levels++
			}
		}
		if !a.Complete() || !same(t, all, a.Bundle, all.Net.Space.Max()) || all.Metadata[DigestKey] != a.Bundle.Metadata[DigestKey] {
			t.Errorf("in pieces of %d the end is not the whole file", piece)
		}
		if _, err := a.Append([]byte{0}); fault.Of(err).Code != CodeDamaged {
			t.Errorf("a byte too many: %v", err)
		}
	}
}

// TestStreamRefuses: too little, and a bit that differs in any level.
func TestStreamRefuses(t *testing.T) {
	data := marshal(t, nette(t), Float16)
	a, err := OpenStream(data)
	if err != nil {
		t.Fatal(err)
	}
	ends := a.Ends()
	for _, n := range []int{0, 5, 100, ends[0] - 1} {
		if _, err := OpenStream(data[:n]); fault.Of(err).Code != CodeTruncated || fault.Of(err).Hint == "" {
			t.Errorf("the first %d bytes: %v", n, err)
		}
	}
	for i, end := range ends {
		bad := bytes.Clone(data)
		bad[end-3] ^= 1
		a, err := OpenStream(bad[:ends[0]])
		if err == nil {
			_, err = a.Append(bad[ends[0]:])
		}
		if fault.Of(err) == nil || fault.Of(err).Code != CodeDamaged || !strings.Contains(err.Error(), "digest") {
			t.Errorf("a bit of level %d: %v", i, err)
		}
		if i > 0 && a.done != i { // the smaller children stay
			t.Errorf("a bit of level %d: %d levels are here", i, a.done)
		}
	}
}

// FuzzLevels: whatever a file states, its levels are nested and end with it.
func FuzzLevels(f *testing.F) {
	space, err := arch.Lookup("nette")
	if err != nil {
		f.Fatal(err)
	}
	file, err := Read(marshal(f, nette(f), Float16))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(file.Metadata[KeyLevels], int64(6977508))
	f.Add(`[{"arch":"`+space.Max().String()+`","bytes":9,"digest":"x"}]`, int64(9))
	f.Add(`[{}]`, int64(0))
	f.Fuzz(func(t *testing.T, text string, total int64) {
		ls, err := readLevels(map[string]string{KeyLevels: text}, space, total)
		if err != nil {
			if fault.Of(err).Code != CodeDamaged {
				t.Fatalf("%v", err)
			}
			return
		}
		for i, l := range ls {
			if l.Bytes < 0 || l.Bytes > total || i > 0 && (l.Bytes < ls[i-1].Bytes || !ls[i-1].child.Within(l.child)) {
				t.Fatalf("level %d of %s", i, text)
			}
		}
	})
}
