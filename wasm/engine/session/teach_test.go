package session

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bignas/core/classify"
	"bignas/core/weights"
	"bignas/train/config"
	"bignas/train/dataset"
	"bignas/train/run"
	"bignas/train/teach"
)

// files draws PNG files of the first classes of the data set of drawn shapes, by class.
func files(t *testing.T, classes, each int) (names []string, all [][][]byte) {
	t.Helper()
	d, err := dataset.Open(dataset.Shapes, dataset.Options{Side: 96, Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	all = make([][][]byte, classes)
	for i := range d.All().Len() {
		l := d.Label(i)
		if l >= classes || len(all[l]) == each {
			continue
		}
		file, err := dataset.PNG(d.Image(i), d.Side)
		if err != nil {
			t.Fatal(err)
		}
		all[l] = append(all[l], file)
	}
	return d.Classes[:classes], all
}

// shown is a page with the shipped weights that has been given images; it returns what
// teach is asked with.
func shown(t *testing.T, names []string, all [][][]byte) (p *page, shipped []byte, ask string) {
	t.Helper()
	shipped, err := os.ReadFile("../../../assets/bignas-nette.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	p = newPage(t)
	p.send(`{"id":1,"type":"boot"}`, shipped...)
	p.next(1, "ready")
	p.send(`{"id":2,"type":"image"}`, photo()...)
	p.next(2, "image")
	go p.s.Run()
	id := int64(100)
	var examples []int64
	var of []int
	for l, class := range all {
		for _, file := range class {
			id++
			p.send(fmt.Sprintf(`{"id":%d,"type":"example"}`, id), file...)
			r := p.next(id, "example")
			if r.Example == 0 || len(p.bytes[id]) != 4*r.Width*r.Width {
				t.Fatalf("%+v, %d bytes", r, len(p.bytes[id]))
			}
			examples, of = append(examples, r.Example), append(of, l)
		}
	}
	text, err := json.Marshal(map[string]any{"id": 3, "type": "teach", "labels": names, "examples": examples, "of": of})
	if err != nil {
		t.Fatal(err)
	}
	return p, shipped, string(text)
}

func floats(data []byte) (values []float32) {
	for ; len(data) > 0; data = data[4:] {
		values = append(values, math.Float32frombits(binary.LittleEndian.Uint32(data)))
	}
	return values
}

// TestTeach: the classifier is the one that train teach makes of the same files; it is
// adopted, exported, saved, and given up again.
func TestTeach(t *testing.T) {
	names, all := files(t, 3, 8)
	p, shipped, ask := shown(t, names, all)
	p.send(ask)
	told, r := p.until(3, "progress", "taught")
	head := p.bytes[3]

	folder := t.TempDir()
	for l, class := range all {
		dir := filepath.Join(folder, names[l])
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for i, file := range class {
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.png", i)), file, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	base, err := teach.Open(shipped, "shipped", 1)
	if err != nil {
		t.Fatal(err)
	}
	data, err := dataset.Open(folder, dataset.Options{Side: base.Config.Side})
	if err != nil {
		t.Fatal(err)
	}
	want, err := base.Head(context.Background(), data, teach.Options{})
	if err != nil {
		t.Fatal(err)
	}
	native, err := weights.Unmarshal(want.File)
	if err != nil {
		t.Fatal(err)
	}
	if r.Images != want.Images || int(r.HeldOut) != want.HeldOut || r.Steps != want.Steps || r.Stopped {
		t.Errorf("%d images, %v held out, %d steps; train teach has %d, %d, %d", r.Images, r.HeldOut, r.Steps, want.Images, want.HeldOut, want.Steps)
	}
	values := floats(head)
	same := func(what string, got, want []float32, limit float64) {
		t.Helper()
		if len(got) != len(want) {
			t.Fatalf("%s: %d values, not %d", what, len(got), len(want))
		}
		sum, off := 0.0, 0.0
		for i, v := range want {
			sum, off = sum+float64(v*v), off+float64((v-got[i])*(v-got[i]))
		}
		if off = math.Sqrt(off / sum); off > limit {
			t.Errorf("%s: the root mean square of the difference is %.5f of that of the values", what, off)
		} else {
			t.Logf("%s: the root mean square of the difference is %.5f of that of the values", what, off)
		}
	}
	n := len(native.Net.Classifier.Data)
	same("matrix", values[:n], native.Net.Classifier.Data, 2e-3) // which is stored in float16
	same("bias", values[n:], native.Net.ClassBias.Data, 4e-3)
	if last := told[len(told)-1]; len(told) < 3 || last.Of == 0 || last.HeldOut < 0.5 || len(r.Measured) != 6 {
		t.Errorf("%d times progress, the last %+v; %d children measured", len(told), last, len(r.Measured))
	}

	p.send(fmt.Sprintf(`{"id":4,"type":"adopt","labels":["x","y","z"],"images":%d,"heldOut":%v,"steps":%d,"measured":"[]"}`, r.Images, r.HeldOut, r.Steps), head...)
	if a := p.next(4, "adopted"); a.Info.Calibrated || !slices.Equal(a.Info.Labels, []string{"x", "y", "z"}) {
		t.Errorf("adopted: %+v", a.Info)
	}
	child := childText(t, 128)
	p.send(`{"id":5,"type":"classify","child":` + child + `}`)
	if a := p.next(5, "answer"); len(a.Answer.Top) != 3 {
		t.Errorf("the answer is %+v", a.Answer.Top)
	}
	p.send(`{"id":6,"type":"verify"}`)
	if c := p.next(6, "verified").Check; c.Changed != 0 {
		t.Errorf("%d weights have changed", c.Changed)
	}
	p.send(`{"id":7,"type":"save"}`, shipped...)
	p.next(7, "file")
	is, err := weights.Unmarshal(p.bytes[7])
	if err != nil {
		t.Fatal(err)
	}
	same("saved matrix", is.Net.Classifier.Data, values[:n], 1e-3)
	was, err := weights.Unmarshal(shipped)
	if err != nil {
		t.Fatal(err)
	}
	for i, q := range was.Net.Params[:len(was.Net.Params)-2] {
		if !slices.Equal(q.Data, is.Net.Params[i].Data) {
			t.Errorf("%s has changed", q.Name)
		}
	}
	c, err := config.Parse(is.Metadata["training"], "saved")
	if err != nil || c.Split != base.Config.Split || c.ValFraction != base.Config.ValFraction || c.SearchFraction != 0 || c.Seed != 1 || c.Epochs != base.Config.Epochs {
		t.Errorf("%v; the split of the saved file is %d with %v and %v, seed %d", err, c.Split, c.ValFraction, c.SearchFraction, c.Seed)
	}
	if _, _, held := run.Split(c, data); held.Len() != want.HeldOut {
		t.Errorf("by the saved file %d images are held out, not %d", held.Len(), want.HeldOut)
	}
	m := is.Metadata
	if m["taught"] == "" || m["measured"] != "[]" || m["family"] == "" || is.Confidence != nil || !slices.Equal(is.Labels, []string{"x", "y", "z"}) || m["class_ids"] != "" {
		t.Errorf("saved: labels %q, metadata %v", is.Labels, m)
	}
	if e, err := classify.New(p.bytes[7]); err != nil || !strings.HasPrefix(e.Info().Digest, "sha256:") {
		t.Error(err)
	}

	p.send(`{"id":8,"type":"adopt"}`)
	if a := p.next(8, "adopted"); len(a.Info.Labels) != 10 || !a.Info.Calibrated {
		t.Errorf("back: %+v", a.Info.Labels)
	}
	p.send(`{"id":9,"type":"save"}`, shipped...)
	p.wantError(9, CodeBadMessage)
	p.send(`{"id":10,"type":"classify","child":` + child + `}`)
	if a := p.next(10, "answer"); len(a.Answer.Top) != 5 {
		t.Errorf("the answer is %+v", a.Answer.Top)
	}
}

// TestTeachStopped: "enough" while the classifier is trained keeps what it has learnt; before
// that there is nothing to keep. What cannot be taught is refused with a sentence.
func TestTeachStopped(t *testing.T) {
	names, all := files(t, 2, 4)
	p, _, ask := shown(t, names, all)
	p.send(`{"id":4,"type":"example"}`, []byte("no image")...)
	p.wantError(4, "not_a_image")
	for id, c := range []struct{ fields, says string }{
		{`"labels":["a"],"examples":[101],"of":[0]`, "at least 2"},
		{`"labels":["a","b"],"examples":[101],"of":[0]`, `"b" has no images`},
		{`"labels":["a","b"],"examples":[101,9],"of":[0,1]`, "1 of 2"},
		{`"labels":["a","b"],"examples":[101,102],"of":[0,2]`, "class 2 of 2"},
	} {
		p.send(fmt.Sprintf(`{"id":%d,"type":"teach",%s}`, 10+id, c.fields))
		if r := p.next(int64(10+id), "error"); !strings.Contains(r.Error.Message, c.says) {
			t.Errorf("%s: %q", c.fields, r.Error.Message)
		}
	}
	p.send(`{"id":5,"type":"enough"}`) // there is nothing to end
	p.next(5, "enough")
	p.once(func() { p.send(`{"id":6,"type":"enough"}`) })
	p.send(ask)
	ends := func(id int64) reply {
		t.Helper()
		for {
			select {
			case r := <-p.replies:
				if r.ID == id && r.Type != "progress" {
					return r
				}
			case <-time.After(hang):
				t.Fatal("it does not end")
			}
		}
	}
	if r := ends(3); r.Error.Code != CodeCancelled {
		t.Errorf("stopped before the training began: %+v", r)
	}
	p.send(strings.Replace(ask, `"id":3`, `"id":20`, 1))
	if r := ends(20); r.Type != "taught" || r.Stopped {
		t.Errorf("the training ends with %+v", r)
	}
	asked := false
	p.mu.Lock()
	p.onYield = func() { // of Run, as the steps are
		if t := p.s.teaching; !asked && t != nil && t.training != nil && t.training.Best.Steps > 0 {
			asked = true
			p.send(`{"id":22,"type":"enough"}`)
		}
	}
	p.mu.Unlock()
	p.send(strings.Replace(ask, `"id":3`, `"id":21`, 1))
	if r := ends(21); r.Type != "taught" || !r.Stopped || r.Steps == 0 {
		t.Errorf("stopped in the training: %+v", r)
	}
	p.send(`{"id":23,"type":"forget","examples":[101]}`)
	ends(23)
	p.send(strings.Replace(ask, `"id":3`, `"id":24`, 1))
	if r := ends(24); r.Error.Code != CodeBadExamples {
		t.Errorf("an image that was forgotten is taught: %+v", r)
	}
}
