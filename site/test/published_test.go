package test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"path"
	"regexp"
	"strings"
	"testing"

	"bignas/core/arch"
	"bignas/core/bnstats"
	"bignas/core/preprocess"
	"bignas/core/supernet"
	"bignas/core/weights"
)

// published is a weights file of a published space with a thousand classes, as an import
// makes it: random numbers from a seed.
func published(name string, spec preprocess.Spec) ([]byte, error) {
	space, err := arch.Lookup(name)
	if err != nil {
		return nil, err
	}
	net, err := supernet.NewWeights(space, 1000)
	if err != nil {
		return nil, err
	}
	net.Init(rand.New(rand.NewPCG(2011, 9011)), false)
	var labels []string
	for i := range net.Classes {
		labels = append(labels, fmt.Sprintf("class %d", i))
	}
	spec.Mean, spec.Std, spec.Crop = [3]float32{0.48, 0.46, 0.4}, [3]float32{0.23, 0.22, 0.225}, 0.875
	return weights.Marshal(&weights.Bundle{Net: net, Statistics: bnstats.NewModel(net), Labels: labels, Spec: spec}, weights.Float16)
}

// TestPublishedSpace: the page works with imported supernets: the smallest child answers first,
// then the biggest; costs follow the sliders. Once-for-All has no choice of widths, and the slider
// of widths moves its expansions.
func TestPublishedSpace(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spec                 preprocess.Spec
		biggest, macs, width string
	}{
		"attentivenas": {preprocess.Spec{Filter: preprocess.CatmullRom, Through: 224}, "arch=r288-c24-", `1[.,]?939|1[.]94`, `\d+ %`},
		"ofa-mbv3":     {preprocess.Spec{Filter: preprocess.Bilinear}, "arch=r224-c16-", `566`, `expanded \d ×`},
	} {
		t.Run(name, func(t *testing.T) { publishedSpace(t, name, c.spec, c.biggest, c.macs, c.width) })
	}
}

func publishedSpace(t *testing.T, name string, spec preprocess.Spec, biggest, macs, width string) {
	data, err := published(name, spec)
	if err != nil {
		t.Fatal(err)
	}
	s := tampered(t, func(w http.ResponseWriter, r *http.Request) bool {
		if path.Base(r.URL.Path) == "published.safetensors" {
			_, _ = w.Write(data)
		}
		return path.Base(r.URL.Path) == "published.safetensors"
	})
	p := open(t, s.URL+"/?weights=published.safetensors", options{origin: s.URL + "/"})
	const answers = `/^class \d/.test(document.querySelector('#bars li span')?.textContent)`
	p.wait("an answer out of a thousand classes", `/1.?000 classes/.test(document.getElementById('knows').textContent) && `+answers)
	p.answered()
	p.click("#presets [aria-label='Biggest child']")
	p.wait("the costs of the biggest child", `location.hash.includes('`+biggest+`') && /`+macs+`/.test(document.getElementById('cost-macs').textContent)`)
	p.answered()
	p.wait("its answer", answers)
	if says := eval[string](p, `document.querySelector('[data-slider=width] output').textContent`); !regexp.MustCompile("^" + width + "$").MatchString(strings.TrimSpace(says)) {
		t.Errorf("the slider of widths says %q", says)
	}
	if scope := p.text("width-scope"); strings.HasSuffix(scope, "inside a layer") != (name == "ofa-mbv3") {
		t.Errorf("under the slider of widths stands %q", scope)
	}
	for _, slider := range []string{"width", "kernel"} {
		before := p.text("cost-macs")
		p.drag(slider)
		p.wait("other costs with another "+slider, `document.getElementById('cost-macs').textContent !== '`+before+`'`)
		p.answered()
	}
	if notice := p.text("notice"); strings.TrimSpace(notice) != "" {
		t.Errorf("the notice is %q", notice)
	}
	p.shot("published-space-" + name)
}
