package arch

import (
	"encoding/json"
	"math/rand/v2"
	"testing"

	"bignas/core/plainjson"
)

// TestRecords: what is written without reflection is what encoding/json writes.
func TestRecords(t *testing.T) {
	same := func(r plainjson.Record, v any) []byte {
		got, err := plainjson.Append(nil, r)
		if err != nil {
			t.Fatal(err)
		}
		if want, _ := json.Marshal(v); string(got) != string(want) {
			t.Errorf("%s\nwant %s", got, want)
		}
		return got
	}
	r := rand.New(rand.NewPCG(1, 1))
	for _, name := range Spaces() {
		s, _ := Lookup(name)
		same(s.Record(), s)
		for range 20 {
			a := s.Sample(r)
			v, err := plainjson.Parse(same(a.Record(), a))
			if err != nil {
				t.Fatal(err)
			}
			b := Arch{Space: s, Stages: []StageArch{{}}}
			if err := b.Fill(v); err != nil || !b.Equal(a) {
				t.Errorf("%s came back as %v: %v", a, b, err)
			}
		}
	}
	for _, text := range []string{`[]`, `{"stages":{}}`, `{"stages":[1]}`, `{"stages":[{"kernels":["3"]}]}`, `{"head":"a"}`} {
		v, err := plainjson.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if (&Arch{}).Fill(v) == nil {
			t.Errorf("%s is no architecture", text)
		}
	}
}
