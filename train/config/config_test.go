package config

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestBuiltInConfigurations(t *testing.T) {
	if got, want := Names(), []string{"bignas", "experiments", "fine-tune", "nette", "nette-192", "nette-strong", "shapes", "smallest-alone", "tiny", "tiny-alone", "tiny-biggest-alone"}; !slices.Equal(got, want) {
		t.Fatalf("built in are %v, want %v", got, want)
	}
	for _, name := range Names() {
		c, err := Load(name)
		if err != nil {
			t.Error(err)
			continue
		}
		again, err := Parse(c.String(), name)
		if err != nil {
			t.Errorf("%s does not read back: %v\n%s", name, err, c)
		}
		if !reflect.DeepEqual(again, c) {
			t.Errorf("%s changed on the way through text: %+v, was %+v", name, again, c)
		}
		if again.String() != c.String() {
			t.Errorf("%s has two texts", name)
		}
	}
	if For("shapes") != "shapes" || For("/data/imagenette2-160.tgz") != "nette" {
		t.Error("the default configuration does not follow the data")
	}
}

// TestPaperValues holds bignas.toml to the paper.
func TestPaperValues(t *testing.T) {
	c, err := Load("bignas")
	if err != nil {
		t.Fatal(err)
	}
	if c.Optimiser != "rmsprop" || c.RMSDecay != 0.9 || c.Momentum != 0.9 || c.LR != 0.256 || c.Batch != 4096 ||
		c.Schedule != "exponential" || c.DecayRate != 0.97 || c.DecayEpochs != 2.4 || c.EndFraction != 0.05 ||
		c.WeightDecay != 1e-5 || c.Dropout != 0.2 || c.RandomChildren != 2 || !c.Distill || !c.ZeroGamma ||
		c.PeakLR() != 0.256 || c.Shortcuts != "transition" || !c.Sandwich || c.RegulariseAll || c.DistillWarmup != 0 || c.DecayBNBias ||
		c.LabelSmoothing != 0.1 || c.DropConnect != 0.2 || c.Epochs != 360 || c.ClipNorm != 0 || c.EMA != 0 {
		t.Errorf("not the paper's recipe: %+v", c)
	}
}

func TestLeftOutKeysHaveDefaults(t *testing.T) {
	c, err := Parse("epochs = 7\n[augment]\nflip = 0.0", "x")
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Epochs, want.Augment.Flip = 7, 0
	if !reflect.DeepEqual(c, want) {
		t.Errorf("got %+v, want %+v", c, want)
	}
}

func TestErrorsNameFieldValueAndRange(t *testing.T) {
	for text, want := range map[string]string{
		"epoch = 3":                              `unknown key "epoch"; the nearest known one is "epochs"`,
		"momentun = 0.9":                         `unknown key "momentun"; the nearest known one is "momentum"`,
		"[augment]\nflips = 1.0":                 `unknown key "augment.flips"; the nearest known one is "augment.flip"`,
		"[[phase]]\nresoluton = 96":              `unknown key "phase.resoluton"; the nearest known one is "phase.resolution"`,
		"lr = 0.0":                               `lr is 0, allowed is above 0 to 100`,
		"lr = nan":                               `lr is NaN, allowed is above 0 to 100`,
		"momentum = 1.0":                         `momentum is 1, allowed is 0 to below 1`,
		"batch = 1":                              `batch is 1, allowed is 2 to 65536`,
		`activations = "bf16"`:                   `activations is "bf16", allowed are ["float32" "bfloat16"]`,
		`optimiser = "adam"`:                     `optimiser is "adam", allowed are ["sgd" "rmsprop" "adamw"]`,
		`space = "bigans"`:                       `space is "bigans", allowed are [attentivenas bignas nette ofa-mbv3 ofa-mbv3-w1.2 tiny]`,
		"[[phase]]\nuntil = 3\nresolution = 100": `phase 1: resolution is 100, allowed in space nette are [96 128 160 192] and, below them, multiples of 32`,
		"[[phase]]\nuntil = 3\nresolution = 96\n[[phase]]\nuntil = 3\nresolution = 128": `phase 2: until is 3, allowed is more than 3`,
		"batch = 64\nmicro_batch = 24":      `micro_batch is 24, allowed are 0 and what divides batch, 64`,
		`shortcuts = "no"`:                  `shortcuts is "no", allowed are ["" "transition" "plain"]`,
		`alone = "r96"`:                     `alone: arch: "1 parts"`,
		"alone = \"min\"\nsandwich = false": `sandwich is false`,
		"[augment]\nflip = 2.0":             `augment.flip is 2, allowed are 0 to 1`,
		`epochs = "many"`:                   `epochs`,
		"epochs = ":                         `line 1`,
	} {
		_, err := Parse(text, "my.toml")
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "my.toml") {
			t.Errorf("%q: got error %v, want my.toml and %s", text, err, want)
		}
	}
}

// TestDerived: the rate follows the batch, and another rule of shortcuts is
// another space of the same name.
func TestDerived(t *testing.T) {
	c, err := Parse("lr = 0.256\nlr_batch = 4096\nbatch = 512\nmicro_batch = 64\nshortcuts = \"plain\"", "x")
	if err != nil {
		t.Fatal(err)
	}
	if c.PeakLR() != 0.032 || c.Pass() != 64 {
		t.Errorf("rate %v, pass %d; want 0.032 and 64", c.PeakLR(), c.Pass())
	}
	plain, err := c.SearchSpace()
	if err != nil {
		t.Fatal(err)
	}
	if b := plain.Max().Network().Blocks[0]; b.Shortcut != 0 {
		t.Errorf("the first block of the plain space has the shortcut %d", b.Shortcut)
	}
	other := c
	other.Batch, other.Augment.Flip = 256, 0.25
	if d := c.Differences(other); len(d) != 2 || d[0] != "batch: 512 and 256" || !strings.HasPrefix(d[1], "augment: ") || len(c.Differences(c)) != 0 {
		t.Errorf("differences %q", d)
	}
}

// TestDifferencesBefore changes the rest of a schedule after some epochs, as a run of several days is
// prolonged, and what would have changed the epochs that are done.
func TestDifferencesBefore(t *testing.T) {
	c, err := Load("tiny")
	if err != nil {
		t.Fatal(err)
	}
	longer := c
	longer.Epochs, longer.DecayEpochs, longer.Augment.MixEpochs = 48, 12, 30
	longer.Phases = []Phase{{c.Phases[0].Until, c.Phases[0].Resolution}, {48, c.Phases[1].Resolution}}
	flat := c.Phases[0].Until // where the resolution changes and the rate begins to fall
	for what, x := range map[string]struct {
		change func(*Config)
		epochs int
		same   bool
	}{
		"prolonged while the rate is constant": {func(*Config) {}, flat, true},
		"prolonged while the rate falls":       {func(*Config) {}, flat + 1, false},
		"another rate":                         {func(d *Config) { d.LR *= 2 }, 3, false},
		"other activations":                    {func(d *Config) { d.Activations = BFloat16 }, 3, false},
		"another crop":                         {func(d *Config) { d.Augment.Flip = 0 }, 3, false},
		"another resolution before":            {func(d *Config) { d.Phases = []Phase{{48, 96}} }, 3, false},
		"no mixing before":                     {func(d *Config) { d.Augment.MixEpochs = 2 }, 3, false},
		"ended before":                         {func(d *Config) { d.Epochs, d.DecayEpochs = 14, 6 }, flat, false},
	} {
		d := longer
		x.change(&d)
		if got := c.DifferencesBefore(d, x.epochs); (len(got) == 0) != x.same {
			t.Errorf("%s, after %d epochs: differences %q", what, x.epochs, got)
		}
	}
}

func TestLoadFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.toml")
	if err := os.WriteFile(file, []byte("seed = 42"), 0o644); err != nil {
		t.Fatal(err)
	}
	if c, err := Load(file); err != nil || c.Seed != 42 {
		t.Errorf("got seed %d, error %v", c.Seed, err)
	}
	if _, err := Load("nett"); err == nil || !strings.Contains(err.Error(), "bignas, experiments, fine-tune, nette, nette-192, nette-strong, shapes") {
		t.Errorf("got error %v, want one that lists what is built in", err)
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "abc", 3}, {"kitten", "sitting", 3}, {"lr", "lr", 0}, {"flaw", "lawn", 2}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
