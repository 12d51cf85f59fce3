package session

import (
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"bignas/core/arch"
	"bignas/core/bnstats"
	"bignas/core/classify"
	"bignas/core/fault"
	"bignas/core/preprocess"
	"bignas/core/search"
	"bignas/core/supernet"
	"bignas/core/weights"
)

// hang is when a test gives up; no machine is so slow.
const hang = 5 * time.Minute

// reply is every reply in one type.
type reply struct {
	ID      int64
	Type    string
	Error   problem
	Info    *classify.Info
	Arch    string
	Child   *arch.Arch
	Cost    *counts
	Answer  *answer
	Width   int
	Height  int
	Check   *struct{ Weights, Changed int }
	Kernels string

	PredictorError                                   *fault.Error
	Predictor                                        *struct{ N, Children int }
	Class, Channels, Columns, Channel                int
	Both, OnlyA, OnlyB, Neither                      int
	Mean, Variance, InheritedMean, InheritedVariance float64
	Gamma, Beta                                      float64
	Name, Mime                                       string
	Done                                             float64
	Total, Evaluations, Children                     int
	Phase                                            string
	Front                                            []point
	Best                                             point
	MS                                               float64
	Example                                          int64
	Step, Of, Steps, Images                          int
	Loss, HeldOut                                    float64
	Stopped                                          bool
	Measured                                         []struct {
		Arch string
		Top1 float64
	}
	Table []struct {
		Operator string
		MS       float64
	}
}

// problem is the error of an error reply; that of latency is a number.
type problem struct {
	fault.Error
	number float64
}

func (p *problem) UnmarshalJSON(text []byte) error {
	if text[0] == '{' {
		return json.Unmarshal(text, &p.Error)
	}
	return json.Unmarshal(text, &p.number)
}

type counts struct {
	MACs, Params, Bytes, Memory int64
	Share, Latency              float64
	Layers                      int
	Accuracy                    *struct {
		P, Error float64
		Kind     string
		N        int
	}
}

type answer struct {
	Top       []classify.Score
	Timing    classify.Timing
	Inherited bool
}

type point struct {
	Arch     string
	Child    *arch.Arch
	Costs    search.Costs
	Accuracy float64
	Error    float64
	Kind     string
}

// page is the other end: it keeps the replies and can act at every yield.
type page struct {
	t       *testing.T
	s       *Session
	replies chan reply
	bytes   map[int64][]byte

	mu      sync.Mutex
	onYield func()
	yields  int
}

func newPage(t *testing.T) *page {
	p := &page{t: t, replies: make(chan reply, 100), bytes: map[int64][]byte{}}
	p.s = New(func(text string, data []byte) {
		var r reply
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			t.Errorf("reply %s: %v", text, err)
		}
		if r.Type == "decoding" { // which depends on how busy the machine is
			if r.Done < 0 || r.Done > 1 {
				t.Errorf("reply %s", text)
			}
			return
		}
		if data != nil {
			p.bytes[r.ID] = data
		}
		p.replies <- r
	}, func() {
		p.mu.Lock()
		p.yields++
		f := p.onYield
		p.mu.Unlock()
		if f != nil {
			f()
		}
	})
	return p
}

func (p *page) send(text string, data ...byte) { p.s.Handle(text, data) }

// next is the next reply; it must have that id and type.
func (p *page) next(id int64, kind string) reply {
	p.t.Helper()
	select {
	case r := <-p.replies:
		if r.ID != id || r.Type != kind {
			p.t.Fatalf("reply %d %q (%v), want %d %q", r.ID, r.Type, r.Error, id, kind)
		}
		return r
	case <-time.After(hang):
		p.t.Fatalf("no reply to %d, want %q", id, kind)
	}
	panic("unreachable")
}

func (p *page) wantError(id int64, code string) {
	p.t.Helper()
	if r := p.next(id, "error"); r.Error.Code != code || r.Error.Message == "" {
		p.t.Errorf("error %+v, want the code %q and a message", r.Error, code)
	}
}

var testWeights = sync.OnceValue(func() []byte {
	space, err := arch.Lookup("nette")
	if err != nil {
		panic(err)
	}
	net, err := supernet.NewWeights(space, 3)
	if err != nil {
		panic(err)
	}
	net.Init(rand.New(rand.NewPCG(1, 2)), false)
	statistics, r := bnstats.NewModel(net), rand.New(rand.NewPCG(3, 4))
	for _, l := range statistics.Layers {
		for i := range l.Mean {
			l.Mean[i] = float32(0.1 * r.NormFloat64())
		}
	}
	data, err := weights.Marshal(&weights.Bundle{Net: net, Statistics: statistics, Labels: []string{"a", "b", "c"},
		Spec: preprocess.Spec{Std: [3]float32{1, 1, 1}, Crop: 1, Filter: preprocess.CatmullRom}}, weights.Float16)
	if err != nil {
		panic(err)
	}
	return data
})

// photo is a PNG, left half red and right half blue.
func photo() []byte {
	im := image.NewRGBA(image.Rect(0, 0, 96, 96))
	for y := range 96 {
		for x := range 96 {
			c := color.RGBA{255, 0, 0, 255}
			if x >= 48 {
				c = color.RGBA{0, 0, 255, 255}
			}
			im.SetRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, im); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// childText is the smallest child at a resolution as the page sends it.
func childText(t *testing.T, resolution int) string {
	t.Helper()
	space, err := arch.Lookup("nette")
	if err != nil {
		t.Fatal(err)
	}
	a := space.Min()
	a.Resolution = resolution
	text, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// booted is a page whose session has weights and an image, and runs.
func booted(t *testing.T) *page {
	p := newPage(t)
	p.send(`{"id":1,"type":"boot"}`, testWeights()...)
	r := p.next(1, "ready")
	if len(r.Info.Labels) != 3 || r.Info.Space.Name != "nette" || r.Info.Bytes != len(testWeights()) {
		t.Fatalf("ready says %+v", r.Info)
	}
	p.send(`{"id":2,"type":"image"}`, photo()...)
	if r := p.next(2, "image"); r.Width != 96 || r.Height != 96 {
		t.Fatalf("the image is %d x %d", r.Width, r.Height)
	}
	go p.s.Run()
	return p
}

func TestBeforeWeights(t *testing.T) {
	p := newPage(t)
	p.send(`{"id":1,"type":"cost","child":` + childText(t, 96) + `}`)
	p.wantError(1, CodeNoWeights)
	p.send(`{"id":2,"type":"space","space":"nette","classes":10}`)
	p.next(2, "space")
	p.send(`{"id":3,"type":"cost","child":` + childText(t, 96) + `}`)
	c := p.next(3, "cost")
	if c.Cost.MACs < 1e6 || c.Cost.Bytes != 2*c.Cost.Params || c.Cost.Share <= 0 || c.Cost.Share >= 1 || c.Arch == "" {
		t.Errorf("the cost of the smallest child is %+v", c.Cost)
	}
	p.send(`{"id":4,"type":"parse","arch":"` + c.Arch + `"}`)
	if r := p.next(4, "child"); r.Arch != c.Arch || r.Child.Resolution != 96 {
		t.Errorf("parse(%s) = %+v", c.Arch, r)
	}
	p.send(`{"id":5,"type":"parse","arch":"r1-nonsense"}`)
	p.wantError(5, CodeBadArch)
	p.send(`{"id":6,"type":"classify","child":` + childText(t, 96) + `}`)
	p.wantError(6, CodeNoWeights)
	p.send(`{"id":7,"type":"boot"}`, []byte("no weights at all")...)
	if r := p.next(7, "error"); r.Error.Hint == "" {
		t.Errorf("bad weights give no hint: %+v", r.Error)
	}
	p.send(`{"id":8,"type":"dance"}`)
	p.wantError(8, CodeBadMessage)
	p.send(`{`)
	p.wantError(0, CodeBadMessage)
	p.send(`{"id":9,"type":"cost","child":{"resolution":97}}`)
	p.wantError(9, CodeBadArch)
}

func TestClassifyAndView(t *testing.T) {
	p := booted(t)
	p.send(`{"id":3,"type":"classify","child":` + childText(t, 96) + `}`)
	r := p.next(3, "answer")
	sum := 0.0
	for _, s := range r.Answer.Top {
		sum += s.P
	}
	if len(r.Answer.Top) != 3 || sum < 0.999 || sum > 1.001 {
		t.Errorf("the answer is %+v", r.Answer)
	}
	if p.yields < 11 { // the smallest child has 11 blocks
		t.Errorf("the forward pass let the event loop run %d times", p.yields)
	}
	p.send(`{"id":4,"type":"seen","resolution":96}`)
	p.next(4, "seen")
	rgba := p.bytes[4]
	if len(rgba) != 4*96*96 || !bytes.Equal(rgba[:4], []byte{255, 0, 0, 255}) || !bytes.Equal(rgba[len(rgba)-4:], []byte{0, 0, 255, 255}) {
		t.Errorf("the view has %d bytes and begins with %v", len(rgba), rgba[:4])
	}
	p.send(`{"id":5,"type":"seen","resolution":7}`)
	p.wantError(5, CodeBadMessage)
	p.send(`{"id":6,"type":"image"}`, []byte("text")...)
	if r := p.next(6, "error"); r.Error.Hint == "" {
		t.Errorf("a text gives no hint: %+v", r.Error)
	}
	p.send(`{"id":7,"type":"classify","child":` + childText(t, 96) + `}`)
	if again := p.next(7, "answer"); !slices.Equal(again.Answer.Top, r.Answer.Top) {
		t.Error("after a bad image the last good one gives another answer")
	}
}

// TestLatestWins: while one runs, of three that come only the last is computed,
// and a cost is answered in between.
func TestLatestWins(t *testing.T) {
	p := booted(t)
	var once sync.Once
	p.mu.Lock()
	p.onYield = func() {
		once.Do(func() {
			p.send(`{"id":11,"type":"classify","child":` + childText(t, 128) + `}`)
			p.send(`{"id":12,"type":"classify","child":` + childText(t, 160) + `}`)
			p.send(`{"id":13,"type":"cost","child":` + childText(t, 160) + `}`)
			p.send(`{"id":14,"type":"classify","child":` + childText(t, 192) + `}`)
		})
	}
	p.mu.Unlock()
	p.send(`{"id":10,"type":"classify","child":` + childText(t, 96) + `}`)
	p.wantError(11, CodeSuperseded)
	p.next(13, "cost")
	p.wantError(12, CodeSuperseded)
	p.next(10, "answer")
	if r := p.next(14, "answer"); r.Arch[:4] != "r192" {
		t.Errorf("the last answer is of %s", r.Arch)
	}
}

// TestCancel: the one that runs ends early, the one that waits never starts.
func TestCancel(t *testing.T) {
	p := booted(t)
	var once sync.Once
	p.mu.Lock()
	p.onYield = func() {
		once.Do(func() {
			p.send(`{"id":11,"type":"classify","child":` + childText(t, 128) + `}`)
			p.send(`{"id":12,"type":"cancel","target":11}`)
			p.send(`{"id":13,"type":"cancel","target":10}`)
			p.send(`{"id":14,"type":"cancel","target":999}`)
		})
	}
	p.mu.Unlock()
	p.send(`{"id":10,"type":"classify","child":` + childText(t, 96) + `}`)
	p.wantError(11, CodeCancelled)
	p.next(12, "cancelled")
	p.next(13, "cancelled")
	p.next(14, "cancelled")
	p.wantError(10, CodeCancelled)
	p.send(`{"id":15,"type":"classify","child":` + childText(t, 96) + `}`)
	p.next(15, "answer")
}

// TestVerify: running children changes nothing, and a change would be seen.
func TestVerify(t *testing.T) {
	p := booted(t)
	p.send(`{"id":3,"type":"classify","child":` + childText(t, 128) + `}`)
	p.next(3, "answer")
	p.send(`{"id":4,"type":"verify"}`)
	r := p.next(4, "verified")
	if r.Check.Changed != 0 || r.Check.Weights != p.s.engine.Weights().Count() {
		t.Errorf("after a child ran: %+v", r.Check)
	}
	first := p.s.engine.Weights().Params[0]
	first.Data[0]++
	p.send(`{"id":5,"type":"verify"}`)
	if r := p.next(5, "verified"); r.Check.Changed != len(first.Data) {
		t.Errorf("after one weight changed: %+v, want %d", r.Check, len(first.Data))
	}
}
