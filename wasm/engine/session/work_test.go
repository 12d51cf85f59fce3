package session

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"bignas/core/arch"
	"bignas/core/classify"
	"bignas/core/cost"
	"bignas/core/predict"
	"bignas/core/search/landscape"
)

// testPredictor is one that fits the test's weights, of made-up accuracies.
var testPredictor = sync.OnceValue(func() string {
	e, err := classify.New(testWeights())
	if err != nil {
		panic(err)
	}
	space, r := e.Info().Space, rand.New(rand.NewPCG(5, 6))
	land := landscape.New(space, 1)
	var samples []predict.Sample
	for range 70 {
		a := space.Sample(r)
		samples = append(samples, predict.Sample{Arch: a, Accuracy: land.Accuracy(a)})
	}
	p, err := predict.Fit(space, predict.Source{Digest: e.Info().Digest, N: 500, Images: 1, Split: "made up", Classes: 3}, samples, 20)
	if err != nil {
		panic(err)
	}
	text, err := json.Marshal(p)
	if err != nil {
		panic(err)
	}
	return string(text)
})

func quoted(text string) string {
	q, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(q)
}

// predicting is a booted page with a predictor and an image.
func predicting(t *testing.T) *page {
	p := newPage(t)
	p.send(`{"id":1,"type":"boot","predictor":`+quoted(testPredictor())+`}`, testWeights()...)
	if r := p.next(1, "ready"); r.Predictor == nil || r.Predictor.N != 500 || r.Predictor.Children != 20 || r.PredictorError != nil {
		t.Fatalf("ready says of the predictor %+v, %v", r.Predictor, r.PredictorError)
	}
	p.send(`{"id":2,"type":"image"}`, photo()...)
	p.next(2, "image")
	go p.s.Run()
	return p
}

// once calls f at the next yield only.
func (p *page) once(f func()) {
	var once sync.Once
	p.mu.Lock()
	p.onYield = func() { once.Do(f) }
	p.mu.Unlock()
}

// until skips replies of one type to a request and returns what comes then.
func (p *page) until(id int64, skip, kind string) (skipped []reply, r reply) {
	p.t.Helper()
	for {
		select {
		case r := <-p.replies:
			if r.ID == id && r.Type == skip {
				skipped = append(skipped, r)
				continue
			}
			if r.ID != id || r.Type != kind {
				p.t.Fatalf("reply %d %q (%v), want %d %q", r.ID, r.Type, r.Error, id, kind)
			}
			return skipped, r
		case <-time.After(hang):
			p.t.Fatalf("no %q", kind)
		}
	}
}

// TestTry: all are answered, in their order, but a classify comes before them,
// also before one that has begun.
func TestTry(t *testing.T) {
	p := booted(t)
	p.once(func() {
		p.send(`{"id":11,"type":"try","child":` + childText(t, 128) + `}`)
		p.send(`{"id":12,"type":"classify","child":` + childText(t, 160) + `}`)
		p.send(`{"id":13,"type":"try","child":` + childText(t, 192) + `,"inherited":true}`)
	})
	p.send(`{"id":10,"type":"try","child":` + childText(t, 96) + `}`)
	p.next(12, "answer")
	first := p.next(10, "answer")
	p.next(11, "answer")
	if r := p.next(13, "answer"); r.Arch[:4] != "r192" || !r.Answer.Inherited {
		t.Errorf("the last answer is %+v", r)
	}
	p.send(`{"id":14,"type":"classify","child":` + childText(t, 96) + `}`)
	if r := p.next(14, "answer"); !slices.Equal(r.Answer.Top, first.Answer.Top) || first.Arch != r.Arch {
		t.Errorf("try says %v, classify %v", first.Answer.Top, r.Answer.Top)
	}
	p.once(func() {
		p.send(`{"id":21,"type":"try","child":` + childText(t, 96) + `}`)
		p.send(`{"id":22,"type":"cancel","target":21}`)
		p.send(`{"id":23,"type":"cancel","target":20}`)
	})
	p.send(`{"id":20,"type":"try","child":` + childText(t, 96) + `}`)
	p.wantError(21, CodeCancelled)
	p.next(22, "cancelled")
	p.next(23, "cancelled")
	p.wantError(20, CodeCancelled)
}

func TestPredictor(t *testing.T) {
	p := predicting(t)
	p.send(`{"id":3,"type":"cost","child":` + childText(t, 96) + `}`)
	c := p.next(3, "cost").Cost
	space := p.s.engine.Info().Space
	want, err := predict.Read([]byte(testPredictor()), p.s.engine.Info().Digest)
	if err != nil {
		t.Fatal(err)
	}
	if r := cost.ForClasses(space.Min(), 3); c.Memory != 4*r.PeakActivations || c.MACs != r.MACs || c.Latency != 0 {
		t.Errorf("costs %+v, counted %+v", c, r)
	}
	if a := c.Accuracy; a == nil || a.P != want.Predict(space.Min()) || a.Error != want.Unseen.MeanError || a.Kind != "predicted" || a.N != 500 {
		t.Errorf("accuracy %+v", a)
	}
	for text, code := range map[string]string{strings.Replace(testPredictor(), "sha256:", "sha256:00", 1): predict.CodeOther, "nonsense": predict.CodeFile} {
		p := newPage(t)
		p.send(`{"id":1,"type":"boot","predictor":`+quoted(text)+`}`, testWeights()...)
		if r := p.next(1, "ready"); r.PredictorError == nil || r.PredictorError.Code != code || r.Predictor != nil || r.Info == nil {
			t.Errorf("%.20s: %v, want %s", text, r.PredictorError, code)
		}
		p.send(`{"id":2,"type":"search"}`)
		p.wantError(2, CodeNoPredictor)
		p.send(`{"id":3,"type":"cost","child":` + childText(t, 96) + `}`)
		if r := p.next(3, "cost"); r.Cost.Accuracy != nil {
			t.Errorf("an accuracy without a predictor: %+v", r.Cost.Accuracy)
		}
	}
}

func TestMaps(t *testing.T) {
	p := booted(t)
	min := p.s.engine.Info().Space.Min()
	p.send(`{"id":3,"type":"classify","child":` + childText(t, 96) + `}`)
	top := p.next(3, "answer").Answer.Top[0].Index
	p.send(`{"id":4,"type":"cam","child":` + childText(t, 96) + `}`)
	r := p.next(4, "cam")
	data := p.bytes[4]
	if r.Width != 3 || r.Height != 3 || r.Class != top || r.Arch != min.String() || !r.Child.Equal(arch.Arch{Resolution: 96, Stem: min.Stem, Stages: min.Stages, Head: min.Head}) || len(data) != 4*9 {
		t.Fatalf("the map is %+v of %d bytes", r, len(data))
	}
	for i := range 9 {
		if v := math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:])); !(v >= 0 && v <= 1) {
			t.Errorf("value %d is %v", i, v)
		}
	}
	other := (top + 1) % 3
	p.send(`{"id":5,"type":"cam","class":` + strconv.Itoa(other) + `,"child":` + childText(t, 96) + `}`)
	if r := p.next(5, "cam"); r.Class != other {
		t.Errorf("class %d, asked for %d", r.Class, other)
	}
	p.send(`{"id":6,"type":"cam","class":3,"child":` + childText(t, 96) + `}`)
	p.wantError(6, classify.CodeBadClass)
	p.send(`{"id":7,"type":"maps","stage":-1,"layer":0,"child":` + childText(t, 96) + `}`)
	if r := p.next(7, "maps"); r.Width != 48 || r.Height != 48 || r.Channels != min.Stem || r.Columns != 3 || len(p.bytes[7]) != 48*48*min.Stem {
		t.Errorf("the stem's maps are %+v of %d bytes", r, len(p.bytes[7]))
	}
	p.send(`{"id":8,"type":"maps","stage":7,"layer":0,"child":` + childText(t, 96) + `}`)
	if r := p.next(8, "maps"); r.Width != 3 || r.Channels != 64 || r.Columns != 8 {
		t.Errorf("the head's maps are %+v", r)
	}
	p.send(`{"id":9,"type":"maps","stage":2,"layer":9,"child":` + childText(t, 96) + `}`)
	p.wantError(9, classify.CodeBadLayer)
}

func TestParts(t *testing.T) {
	p := booted(t)
	e := p.s.engine
	space := e.Info().Space
	text := func(a arch.Arch) string { b, _ := json.Marshal(a); return string(b) }
	p.send(`{"id":3,"type":"shared","a":` + text(space.Min()) + `,"b":` + text(space.Max()) + `}`)
	smallest := int(cost.Totals(space.Min(), 3).Params)
	if r := p.next(3, "shared"); r.Both != smallest || r.OnlyA != 0 || r.OnlyB != e.Weights().Count()-smallest || r.Neither != 0 {
		t.Errorf("smallest and biggest share %+v; the smallest has %d of %d", r, smallest, e.Weights().Count())
	}
	p.send(`{"id":4,"type":"shared","a":` + text(space.Min()) + `}`)
	p.wantError(4, CodeBadMessage)

	own, _ := e.StatisticsOf(space.Min(), false)
	inherited, _ := e.StatisticsOf(space.Min(), true)
	ask := func(id int64, rest string) reply {
		p.send(`{"id":` + strconv.FormatInt(id, 10) + `,"type":"statistics","stage":1,"layer":0` + rest + `,"child":` + childText(t, 96) + `}`)
		return p.next(id, "statistics")
	}
	const layer = 5 // stem, two of S1's block, then expansion, depthwise and projection
	off := func(c int) float64 {
		return math.Abs(float64(own.Mean[layer][c]-inherited.Mean[layer][c])) / math.Sqrt(float64(own.Variance[layer][c]))
	}
	r := ask(5, "")
	for c := range own.Mean[layer] {
		if off(c) > off(r.Channel)+1e-4 {
			t.Errorf("channel %d is farther off than %d", c, r.Channel)
		}
	}
	bn := e.Weights().Blocks[1][0].Project.BN
	if r := ask(6, `,"channel":2`); r.Channel != 2 || float32(r.Mean) != own.Mean[layer][2] || float32(r.InheritedVariance) != inherited.Variance[layer][2] ||
		float32(r.InheritedMean) != inherited.Mean[layer][2] || float32(r.Variance) != own.Variance[layer][2] || float32(r.Gamma) != bn.Gamma.Data[2] || float32(r.Beta) != bn.Beta.Data[2] {
		t.Errorf("channel 2 has %+v", r)
	}
	for i, bad := range []string{`"stage":1,"layer":7`, `"stage":-1,"layer":0`, `"stage":1,"layer":0,"channel":12`} {
		p.send(`{"id":` + strconv.Itoa(20+i) + `,"type":"statistics",` + bad + `,"child":` + childText(t, 96) + `}`)
		p.wantError(int64(20+i), classify.CodeBadLayer)
	}

	p.send(`{"id":8,"type":"export","format":"exe","child":` + childText(t, 96) + `}`)
	p.wantError(8, CodeBadMessage)
}

// TestReadyInfo: the record is what encoding/json makes of the tags.
func TestReadyInfo(t *testing.T) {
	e, err := classify.New(testWeights())
	if err != nil {
		t.Fatal(err)
	}
	info := e.Info()
	info.Family = map[string]string{"S": "r96"}
	want, err := json.Marshal(struct {
		ID   int           `json:"id"`
		Type string        `json:"type"`
		Info classify.Info `json:"info"`
	}{1, "ready", info})
	if got := encode(1, "ready", record{member("info", infoRecord(info))}); err != nil || got != string(want) {
		t.Errorf("%s\nwant %s", got, want)
	}
	if got := encode(1, "cost", record{member("cost", math.NaN())}); !strings.Contains(got, `"error"`) {
		t.Errorf("a NaN is sent as %s", got)
	}
}

// FuzzHandle: whatever comes in is answered, and ends nothing.
func FuzzHandle(f *testing.F) {
	for _, s := range []string{`{`, `{"id":1}`, `{"id":"1","type":"cost"}`, `{"id":1,"type":"space","space":"nette","classes":3}`, `{"id":1,"type":"cost","child":{"resolution":96,"stages":[]}}`,
		`{"id":1,"type":"parse","arch":"min"}`, `{"id":1,"type":"search","limits":{"macs":1}}`, `{"id":1,"type":"shared","a":{},"b":null}`, `{"id":1,"type":"cancel","target":9}`, `{"id":1,"type":"example"}`,
		`{"id":1,"type":"teach","labels":["a","b"],"examples":[1],"of":[-1]}`, `{"id":1,"type":"adopt","labels":[]}`, `{"id":1,"type":"save"}`, `{"id":1,"type":"forget","examples":[1]}`, `{"id":1,"type":"enough"}`, `[]`, `7`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		replies := 0
		s := New(func(text string, _ []byte) {
			replies++
			if !json.Valid([]byte(text)) {
				t.Errorf("the reply %q is no JSON", text)
			}
		}, func() {})
		s.Handle(`{"id":1,"type":"space","space":"nette","classes":3}`, nil)
		s.Handle(text, nil)
		if replies != 2 {
			t.Errorf("%q has %d replies", text, replies-1)
		}
	})
}
