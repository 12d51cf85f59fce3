package weights

import (
	"bytes"
	"encoding/binary"
	"maps"
	"math/rand/v2"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"bignas/core/arch"
	"bignas/core/confidence/confidencetest"
	"bignas/core/preprocess"
	"bignas/core/supernet"
)

// tiny is a file of a few kilobytes, of a space that only this test knows.
func tiny(t testing.TB) []byte {
	t.Helper()
	space := &arch.Space{Name: "handful", Resolutions: []int{32, 64}, Stem: []int{4, 8}, Head: []int{8, 16},
		Stages: []arch.Stage{
			{Name: "S1", Widths: []int{4, 8}, Depths: []int{1, 2}, Kernels: []int{3, 5}, Expansions: []int{1}, Stride: 1, SE: true},
			{Name: "S2", Widths: []int{8, 12}, Depths: []int{1, 2}, Kernels: []int{3}, Expansions: []int{2}, Stride: 2, SE: true},
		}, Squeeze: arch.SqueezeInput, Shortcuts: arch.ShortcutTransition}
	lookup = func(string) (*arch.Space, error) { return space, nil }
	t.Cleanup(func() { lookup = arch.Lookup })
	net, err := supernet.NewWeights(space, 3)
	if err != nil {
		t.Fatal(err)
	}
	m := randomised(net, rand.New(rand.NewPCG(5, 5)))
	return marshal(t, &Bundle{Net: net, Statistics: m, Confidence: confidencetest.Model(t, space, confidencetest.Ascending), Labels: []string{"cat", "dog", "cow"},
		Spec:     preprocess.Spec{Mean: [3]float32{0.485, 0.456, 0.406}, Std: [3]float32{0.229, 0.224, 0.225}, Crop: 0.875, Filter: preprocess.CatmullRom},
		Metadata: map[string]string{"seed": "42", "family": `{"S":"` + space.Min().String() + `"}`},
	}, Float16)
}

// judge holds files with a change against the one without.
type judge struct {
	t       *testing.T
	good    *Bundle
	levels  []level
	refused int
	asIs    int
}

// try opens a file as a whole, and as a page does, in pieces: it is refused, or
// what it holds is what the good one holds.
func (j *judge) try(what string, data []byte, r *rand.Rand) {
	j.t.Helper()
	b, err := Unmarshal(data)
	if err == nil && !j.equal(b) {
		j.t.Fatalf("%s: another content was read without a word", what)
	}
	first := min(len(data), r.IntN(len(data)+200))
	a, begun := OpenStream(data[:first])
	for at := first; begun == nil && at < len(data); {
		n := min(1+r.IntN(len(data)), len(data)-at)
		_, begun = a.Append(data[at : at+n])
		at += n
	}
	if a != nil && a.done > 0 && (!same(j.t, j.good, a.Bundle, a.levels[a.done-1].child) || a.levels[a.done-1].Arch != j.levels[a.done-1].Arch || !describedAlike(j.good, a.Bundle)) {
		j.t.Fatalf("%s: streamed, with %d levels, another content was read without a word", what, a.done)
	}
	if err == nil {
		j.asIs++
	} else {
		j.refused++
	}
}

// equal says whether two bundles give the same answers and names.
func (j *judge) equal(b *Bundle) bool {
	return same(j.t, j.good, b, j.good.Net.Space.Max()) && describedAlike(j.good, b)
}

func describedAlike(a, b *Bundle) bool {
	x, y := maps.Clone(a.Metadata), maps.Clone(b.Metadata)
	for _, key := range []string{DigestKey, HeaderKey} {
		delete(x, key)
		delete(y, key)
	}
	if (a.Confidence == nil) != (b.Confidence == nil) {
		return false
	}
	if a.Confidence != nil {
		p, _ := a.Confidence.JSON()
		if q, _ := b.Confidence.JSON(); p != q {
			return false
		}
	}
	return a.Spec == b.Spec && slices.Equal(a.Labels, b.Labels) && a.Net.Space == b.Net.Space && maps.Equal(x, y)
}

func newJudge(t *testing.T) (*judge, []byte) {
	data := tiny(t)
	b, err := Unmarshal(data)
	if err != nil {
		t.Fatal(err)
	}
	a, err := OpenStream(data)
	if err != nil || !a.Complete() || len(a.levels) < 2 {
		t.Fatalf("%v, or not several levels", err)
	}
	return &judge{t: t, good: b, levels: a.levels}, data
}

// sparsely says that one of so many changes is tried: of ten in Node, which takes
// ten times as long.
func sparsely() int {
	if runtime.GOOS == "js" {
		return 10
	}
	return 1
}

// TestAlteredAtRandom: ten thousand files with a change of any kind anywhere.
func TestAlteredAtRandom(t *testing.T) {
	j, good := newJudge(t)
	r := rand.New(rand.NewPCG(2026, 11))
	for done := 0; done < 10_000/sparsely(); {
		if data, kind := alter(bytes.Clone(good), r); !bytes.Equal(data, good) {
			j.try(kind+", number "+strconv.Itoa(done), data, r)
			done++
		}
	}
	t.Logf("%d refused, %d unchanged", j.refused, j.asIs)
}

// alter changes data in one of the ways in which files go bad.
func alter(data []byte, r *rand.Rand) (_ []byte, kind string) {
	header := 8 + int(binary.LittleEndian.Uint64(data))
	at := r.IntN(len(data))
	if r.IntN(2) == 0 { // half of them in the header
		at = r.IntN(header)
	}
	n := min(1+r.IntN(40), len(data)-at)
	switch r.IntN(9) {
	case 0:
		data[at] ^= 1 << r.IntN(8)
		return data, "a bit"
	case 1:
		data[at] = byte(r.IntN(256))
		return data, "a byte"
	case 2:
		for k := range n {
			data[at+k] = byte(r.IntN(256))
		}
		return data, "a run"
	case 3:
		clear(data[at : at+n])
		return data, "zeros"
	case 4:
		return slices.Delete(data, at, at+n), "a cut"
	case 5:
		return slices.Insert(data, at, bytes.Repeat([]byte{byte(r.IntN(256))}, n)...), "an insertion"
	case 6:
		copy(data[at:at+n], data[r.IntN(len(data)):])
		return data, "a copy"
	case 7:
		to := r.IntN(len(data))
		data[at], data[to] = data[to], data[at]
		return data, "an exchange"
	}
	return data[:at], "a short file"
}

// TestAlteredWithAim: every field of the header, as somebody would change it
// who knows the format but leaves the digests alone.
func TestAlteredWithAim(t *testing.T) {
	j, good := newJudge(t)
	r := rand.New(rand.NewPCG(7, 1))
	n := 8 + binary.LittleEndian.Uint64(good)
	header, body := string(good[8:n]), good[n:]
	asHeader := func(what, text string) {
		t.Helper()
		if text == header {
			t.Fatalf("%s changes nothing", what)
		}
		j.try(what, raw(text, body...), r)
	}
	replace := func(what, old, new string) { asHeader(what, strings.Replace(header, old, new, 1)) }
	replace("labels exchanged", `\"cat\",\"dog\"`, `\"dog\",\"cat\"`)
	replace("another label", "cow", "yak")
	replace("another mean", "0.485", "0.486")
	replace("another crop", "0.875", "0.975")
	replace("another deviation", "0.229", "0.228")
	replace("another named child", `{\"S\"`, `{\"M\"`)
	replace("no statistics", statisticsKind, "none")
	replace("an earlier version", `"version":"`+formatVersion, `"version":"`+openVersion)
	replace("no digest of the header", HeaderKey, "header_digesT")
	replace("no digest of the tensors", `"`+DigestKey+`"`, `"digesT"`)
	replace("an empty digest", `"`+HeaderKey+`":"`+j.good.Metadata[HeaderKey], `"`+HeaderKey+`":"`)
	replace("a digest with an escape", HeaderKey+`":"sha`, HeaderKey+`":"\u0073ha`)
	replace("another order", `"format":"bignas-weights",`, "")
	asHeader("white space", strings.TrimRight(header, " ")+strings.Repeat(" ", 64))
	asHeader("less white space", strings.Replace(header, `{"__metadata__"`, ` {"__metadata__"`, 1))
	asHeader("a member twice, the right one last", strings.Replace(header, `"labels":`, `"labels":"[\"a\",\"b\",\"c\"]","labels":`, 1))
	asHeader("a member twice, the right one first", strings.Replace(header, `"version":`, `"labels":"[\"a\",\"b\",\"c\"]","version":`, 1))
	asHeader("metadata twice", strings.Replace(header, `{"__metadata__"`, `{"__metadata__":{"seed":"1"},"__metadata__"`, 1))
	for _, more := range []string{"\x00", " ", "more"} {
		j.try("trailing data", append(bytes.Clone(good), more...), r)
	}
	for i := range 8 { // the length word
		for _, by := range []byte{1, 8, 0xff} {
			data := bytes.Clone(good)
			data[i] += by
			j.try("another length", data, r)
		}
	}
	for i, at := range regexp.MustCompile(`[0-9]`).FindAllStringIndex(header, -1) { // every digit: offsets, shapes, sizes, means, digests
		if i%sparsely() > 0 {
			continue
		}
		d := (header[at[0]]-'0'+byte(1+r.IntN(9)))%10 + '0'
		asHeader("the digit at "+strconv.Itoa(at[0]), header[:at[0]]+string(d)+header[at[1]:])
	}
	for _, at := range regexp.MustCompile(`"[^"]+":`).FindAllStringIndex(header, -1) { // every name
		asHeader("the name at "+strconv.Itoa(at[0]), header[:at[0]+1]+"x"+header[at[0]+2:])
	}
	entries := regexp.MustCompile(`"([^"]+)":\{"dtype":"F16","shape":\[[0-9,]*\],"data_offsets":\[[0-9,]+\]\}`).FindAllStringSubmatchIndex(header, -1)
	exchanged := 0
	for i, x := range entries {
		for _, y := range entries[i+1:] { // the bytes of one tensor under the name of another
			if exchanged++; exchanged%2 == 0 && y[1]-y[0] != x[1]-x[0] {
				continue
			}
			asHeader("two names exchanged", header[:x[2]]+header[y[2]:y[3]]+header[x[3]:y[2]]+header[x[2]:x[3]]+header[y[3]:])
		}
	}
	h, _, err := readHeader(good)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range h.places { // the first and the last value of every tensor, statistics too
		for _, at := range []int64{p.begin, p.end - 1} {
			data := bytes.Clone(good)
			data[len(good)-len(body)+int(at)] ^= 4
			j.try("a value of "+p.Name, data, r)
		}
	}
	if t.Logf("%d refused, %d unchanged", j.refused, j.asIs); j.refused < 1_000/sparsely() {
		t.Error("less than a thousand changes")
	}
	// Taking away the digest and saying so is what cannot be told from a file of an older program.
	old := strings.Replace(strings.Replace(header, HeaderKey, "note", 1), `"version":"`+formatVersion, `"version":"`+openVersion, 1)
	b, err := Unmarshal(raw(old, body...))
	if err != nil || Lacks(b.Metadata) == "" || Lacks(j.good.Metadata) != "" {
		t.Errorf("a file of an older program: %v, or what it lacks is not said", err)
	}
}
