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
	if got, want := Names(), []string{"bignas", "nette", "shapes"}; !slices.Equal(got, want) {
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
		c.WeightDecay != 1e-5 || c.Dropout != 0.2 || c.RandomChildren != 2 || !c.Distill || !c.ZeroGamma {
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
		`optimiser = "adam"`:                     `optimiser is "adam", allowed are ["sgd" "rmsprop" "adamw"]`,
		`space = "bigans"`:                       `space is "bigans", allowed are [attentivenas bignas nette]`,
		"[[phase]]\nuntil = 3\nresolution = 100": `phase 1: resolution is 100, allowed in space nette are [96 128 160 192]`,
		"[[phase]]\nuntil = 3\nresolution = 96\n[[phase]]\nuntil = 3\nresolution = 128": `phase 2: until is 3, allowed is more than 3`,
		"[augment]\nflip = 2.0": `augment.flip is 2, allowed are 0 to 1`,
		`epochs = "many"`:       `epochs`,
		"epochs = ":             `line 1`,
	} {
		_, err := Parse(text, "my.toml")
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "my.toml") {
			t.Errorf("%q: got error %v, want my.toml and %s", text, err, want)
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
	if _, err := Load("nett"); err == nil || !strings.Contains(err.Error(), "bignas, nette, shapes") {
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
