package test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"bignas/core/arch"
	"bignas/core/classify"
	"bignas/train/dataset"
	"bignas/train/measure"
)

// TestTeachAccuracy: on 200 other images, three seeds, the classifier that the page has taught with 20 images of
// each of five classes is within a point of that of train teach with the same images. It takes minutes.
func TestTeachAccuracy(t *testing.T) {
	needsQuiet(t)
	for seed := uint64(1); seed <= 3; seed++ {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			const classes, each, others, side = 5, 20, 40, 96
			d, err := dataset.Open(dataset.Shapes, dataset.Options{Side: side, Seed: seed})
			if err != nil {
				t.Fatal(err)
			}
			folder, count := t.TempDir(), map[int]int{}
			for i := range d.All().Len() {
				l := d.Label(i)
				if l >= classes || count[l] == each+others {
					continue
				}
				count[l]++
				dir := filepath.Join(folder, "things", d.Classes[l])
				if count[l] > each {
					dir = filepath.Join(folder, "others", "val", d.Classes[l])
				}
				file, err := dataset.PNG(d.Image(i), side)
				if err == nil {
					err = os.MkdirAll(dir, 0o755)
				}
				if err == nil {
					err = os.WriteFile(filepath.Join(dir, fmt.Sprintf("%04d.png", i)), file, 0o644)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			p := open(t, "", options{full: true})
			saved := p.downloads(t)
			p.answered()
			p.near("#teach", `document.querySelectorAll('.card').length === 2 && document.querySelector('.lesson').checkVisibility()`)
			p.letFall(filepath.Join(folder, "things"), ".card")
			p.wait("the images", `document.querySelectorAll('.card canvas').length === 100`)
			p.press("#teach [data-do=teach]", kb.Enter)
			p.wait("the classifier", taught)
			p.wait("the own classes", `document.getElementById('knows').textContent.includes('5 classes') && document.querySelector('#teach [data-do=save]').checkVisibility()`)
			p.click("#teach [data-do=save]")
			p.wait("the file to be saved", says+`.startsWith('Saved')`)
			own := arrived(t, filepath.Join(saved, "my-classes.safetensors"))

			base, native := commandHead(t, filepath.Join(folder, "things"))
			on, err := dataset.Open(filepath.Join(folder, "others"), dataset.Options{Side: base.Config.Side})
			if err != nil {
				t.Fatal(err)
			}
			page, command := top1(t, own, on), top1(t, native.File, on)
			t.Logf("smallest, middle, biggest on %d other images: page %.1f, train teach %.1f", on.All().Len(), page, command)
			for i, v := range page {
				if math.Abs(v-command[i]) > 1 {
					t.Errorf("the page has %.1f, train teach %.1f", page, command)
				}
			}
		})
	}
}

// top1 is the accuracy of the smallest, the middle and the biggest child of a weights file in per cent.
func top1(t *testing.T, file []byte, on *dataset.Dataset) (all [3]float64) {
	t.Helper()
	e, err := classify.New(file)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(e.Info().Labels, ","), strings.Join(on.Classes, ","); got != want {
		t.Fatalf("the classes are %s, not %s", got, want)
	}
	space := e.Info().Space
	for i, a := range []arch.Arch{space.Min(), space.At(0.5), space.Max()} {
		st, err := e.StatisticsOf(a, false)
		if err != nil {
			t.Fatal(err)
		}
		c, err := e.Weights().Child(a, st)
		if err != nil {
			t.Fatal(err)
		}
		acc, err := measure.Evaluate(c, on.All(), e.Info().Preprocessing, nil)
		if err != nil {
			t.Fatal(err)
		}
		all[i] = 100 * acc.Top1
	}
	return all
}
