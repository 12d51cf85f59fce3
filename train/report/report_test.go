package report

import (
	"bytes"
	"encoding/xml"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

type row struct {
	Epoch int     `json:"epoch"`
	Loss  float64 `json:"loss_biggest"`
	Train float64 `json:"train_biggest"`
	Val   float64 `json:"val_biggest,omitempty"`
}

const header = "epoch,loss_biggest,train_biggest,val_biggest\n"

func write(t *testing.T, file string, done float64, rows ...row) {
	t.Helper()
	m, err := OpenMetrics[row](file, done)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if err := m.Append(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
}

func content(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestMetricsResume(t *testing.T) {
	file := filepath.Join(t.TempDir(), "metrics.csv")
	write(t, file, 0, row{1, 2.25, 0.1, -1}, row{2, 1.5, 0.3, 0.4}, row{3, 1.0 / 3, 0.5, -1})
	if got, want := content(t, file), header+"1,2.25,0.1,-1\n2,1.5,0.3,0.4\n3,0.333333,0.5,-1\n"; got != want {
		t.Fatalf("got %q, want %q", got, want)
	}
	// The process died while it wrote a line; the checkpoint is of epoch 2.
	if err := os.WriteFile(file, []byte(content(t, file)+"4,0.2"), 0o644); err != nil {
		t.Fatal(err)
	}
	write(t, file, 2, row{3, 0.75, 0.6, -1})
	if got, want := content(t, file), header+"1,2.25,0.1,-1\n2,1.5,0.3,0.4\n3,0.75,0.6,-1\n"; got != want {
		t.Errorf("resumed after 2: got %q, want %q", got, want)
	}
	write(t, file, 0)
	if got := content(t, file); got != header {
		t.Errorf("started again: got %q, want the header", got)
	}
}

func TestMetricsRefusesOtherFiles(t *testing.T) {
	file := filepath.Join(t.TempDir(), "metrics.csv")
	for text, want := range map[string]string{"epoch,loss\n1,2\n": "columns", header + "x,y\n": "line 2"} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenMetrics[row](file, 9); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got error %v, want %s", text, err, want)
		}
		if content(t, file) != text {
			t.Errorf("%q: the file was changed", text)
		}
	}
	if _, err := OpenMetrics[struct{ Name string }](filepath.Join(t.TempDir(), "x"), 0); err == nil {
		t.Error("a column of text was accepted")
	}
}

func TestPlot(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "metrics.csv")
	write(t, file, 0, row{1, 2.25, 0.1, -1}, row{2, 1.5, 0.3, 0.4}, row{3, 1.1, 0.5, -1}, row{4, 0.9, 0.6, 0.7})
	svg, img := filepath.Join(dir, "a.svg"), filepath.Join(dir, "a.png")
	for _, out := range []string{svg, img} {
		if err := Plot(file, out); err != nil {
			t.Fatal(err)
		}
	}
	text := content(t, svg)
	for _, label := range []string{"loss biggest", "val biggest", "Accuracy (%)", "epoch"} {
		if !strings.Contains(text, label) {
			t.Errorf("the curve does not say %q", label)
		}
	}
	for d := xml.NewDecoder(strings.NewReader(text)); ; {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	im, err := png.Decode(strings.NewReader(content(t, img)))
	if err != nil {
		t.Fatal(err)
	}
	blue := 0
	for i := range im.Bounds().Dx() * im.Bounds().Dy() {
		if r, g, b, _ := im.At(i%im.Bounds().Dx(), i/im.Bounds().Dx()).RGBA(); r < 0x2000 && g > 0x6000 && g < 0x8000 && b > 0xa000 {
			blue++
		}
	}
	if blue < 500 {
		t.Errorf("only %d points in the first curve's colour", blue)
	}
	if err := Plot(file, filepath.Join(dir, "a.gif")); err == nil || !strings.Contains(err.Error(), ".svg and .png") {
		t.Errorf("a.gif: got error %v", err)
	}
	write(t, file, 0)
	if err := Plot(file, svg); err == nil || !strings.Contains(err.Error(), "no rows") {
		t.Errorf("no rows: got error %v", err)
	}
}

func TestPlainProgress(t *testing.T) {
	var out bytes.Buffer
	p := NewProgress(&out, "epoch 1", 100)
	clock := p.began
	p.now = func() time.Time { return clock }
	for i := range 100 {
		clock = clock.Add(time.Second / 4)
		p.Set(i+1, "loss 1.5")
	}
	p.Finish()
	want := "epoch 1 40/100 loss 1.5, 10s\nepoch 1 80/100 loss 1.5, 20s\nepoch 1 100/100 loss 1.5, 25s\n"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
	out.Reset()
	p = NewProgress(&out, "reading", 0)
	p.Set(3, "")
	p.Finish()
	if out.String() != "reading 3, 0s\n" {
		t.Errorf("without a total: got %q", out.String())
	}
}
