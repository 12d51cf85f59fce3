package experiment

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bignas/train/config"
	"bignas/train/dataset"
)

const recipe = `
space = "nette"
side = 96
val_fraction = 0.3
epochs = 1
batch = 4
lr = 0.01
warmup_epochs = 0.0
calibration_images = 4
eval_every = 1
random_children = 0
ema = 0.0
[[phase]]
until = 1
resolution = 96
[augment]
scale = [0.8, 1.0]
ratio = [0.9, 1.1]
`

// shades is a tiny data set: two classes, dark and bright.
func shades(t *testing.T) *dataset.Dataset {
	t.Helper()
	dir := t.TempDir()
	for c, name := range []string{"bright", "dark"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
		for i := range 8 {
			im := image.NewGray(image.Rect(0, 0, 16, 16))
			for p := range 256 {
				im.SetGray(p%16, p/16, color.Gray{uint8(200 - 150*c + 3*i + p%5)})
			}
			f, err := os.Create(filepath.Join(dir, name, fmt.Sprintf("%s%d.png", name, i)))
			if err != nil {
				t.Fatal(err)
			}
			if err := png.Encode(f, im); err != nil {
				t.Fatal(err)
			}
			f.Close()
		}
	}
	d, err := dataset.Open(dir, dataset.Options{Side: 96})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestRunner: a supernet, a child alone and the same fine-tuned give their rows;
// what is in the table is not trained again, and a table of another suite is refused.
func TestRunner(t *testing.T) {
	c, err := config.Parse(recipe, "test")
	if err != nil {
		t.Fatal(err)
	}
	table, started := filepath.Join(t.TempDir(), "e.csv"), 0
	r := Runner{Base: c, Data: shades(t), Out: t.TempDir(), OnStart: func(Experiment, uint64) { started++ }}
	again := func() {
		if r.Rows, err = OpenRows(table, "made by a test"); err != nil {
			t.Fatal(err)
		}
		defer r.Rows.Close()
		for _, e := range Suite() {
			if e.Name == Supernet || e.Child == "smallest" {
				if err := r.Run(context.Background(), e, 1); err != nil {
					t.Fatalf("%s %s: %v", e.Name, e.Child, err)
				}
			}
		}
	}
	again()
	rows := r.Rows.All()
	var got []string
	for _, row := range rows {
		got = append(got, row.Experiment+" "+row.Child)
		if row.Epochs != 1 || row.Images < 4 || row.N < 1 || !strings.HasPrefix(row.Arch, "r96-") {
			t.Errorf("row %+v", row)
		}
	}
	if want := "inherited smallest, inherited middle, inherited biggest, alone smallest, fine-tuned smallest"; strings.Join(got, ", ") != want {
		t.Errorf("rows %s, want %s", strings.Join(got, ", "), want)
	}
	if again(); started != 3 || len(r.Rows.All()) != len(rows) {
		t.Errorf("%d runs were started for %d rows, want 3 for 5: what is in the table is done", started, len(r.Rows.All()))
	}
	if _, err := OpenRows(table, "made otherwise"); err == nil {
		t.Error("a table of another suite is continued")
	}
}

// TestSuite: every experiment but the first changes the recipe or trains one
// child, and the recipe that comes with the program allows all of them.
func TestSuite(t *testing.T) {
	base, err := config.Load("experiments")
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range Suite() {
		c := base
		e.Change(&c)
		if err := c.Check(); err != nil {
			t.Errorf("%s: %v", e.Name, err)
		}
		if changed := c.String() != base.String(); changed == (e.Child != "" && e.From == "" || i == 0) {
			t.Errorf("%s %s: changed the recipe: %v", e.Name, e.Child, changed)
		}
	}
}

// TestCommittedTable: the table of docs/results.md can be continued by the command in
// its first line.
func TestCommittedTable(t *testing.T) {
	data, err := os.ReadFile("../../assets/training/experiments.csv")
	if err != nil {
		t.Fatal(err)
	}
	table := filepath.Join(t.TempDir(), "experiments.csv")
	if err := os.WriteFile(table, data, 0o644); err != nil {
		t.Fatal(err)
	}
	r, err := OpenRows(table, "go run ./cmd/train experiments --config experiments --data data224")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if len(r.All()) < 40 {
		t.Errorf("%d rows", len(r.All()))
	}
}
