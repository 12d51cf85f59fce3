package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bignas/train/dataset"
	"bignas/train/run"
)

// TestDataIsSeenBeforeTraining: a class that vanishes and halves that disagree are
// refused before the first epoch; names that repeat across classes are held out by
// class, and the run keeps the rule.
func TestDataIsSeenBeforeTraining(t *testing.T) {
	data, dir := halves(t), t.TempDir()
	config := filepath.Join(dir, "c.toml")
	if err := os.WriteFile(config, []byte(strings.Replace(recipe, "epochs = 2", "epochs = 1", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	// The same base names in both classes.
	for _, class := range []string{"above", "below"} {
		for i := range 12 {
			from := filepath.Join(data, class, class+string(rune('a'+i))+".png")
			if err := os.Rename(from, filepath.Join(data, class, fmt.Sprint(i, ".png"))); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.MkdirAll(filepath.Join(data, "beside"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, "beside", "1.heic"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"--out", filepath.Join(dir, "no")}, {"--dry-run"}, {"prepare", "--side", "96", "--out", filepath.Join(dir, "p")}} {
		args = append(args, "--data", data)
		if args[0] != "prepare" {
			args = append(args, "--config", config)
		}
		if code, _, errs := train(t, args...); code != 1 || !strings.Contains(errs, "beside/1.heic") || !strings.Contains(errs, "--skip-empty") {
			t.Errorf("%v: exit %d: %s", args, code, errs)
		}
	}
	out := filepath.Join(dir, "run")
	code, text, errs := train(t, "--config", config, "--data", data, "--out", out, "--skip-empty")
	if code != 0 || !strings.Contains(errs, "beside") || !strings.Contains(errs, "1 .heic") {
		t.Fatalf("exit %d: %s%s", code, text, errs)
	}
	saved, err := run.ConfigOf(out)
	if err != nil || !strings.Contains(saved, fmt.Sprintf("split = %d", dataset.ByClass)) {
		t.Errorf("the run keeps %s, %v", saved, err)
	}
	if code, _, errs := train(t, "--config", config, "--data", data, "--out", out, "--skip-empty", "--resume"); code != 0 {
		t.Errorf("resumed: exit %d: %s", code, errs)
	}
	code, text, errs = train(t, "--config", config, "--data", data, "--dry-run", "--skip-empty", "--json")
	var plan struct {
		Data *dataset.Table
	}
	if err := json.Unmarshal([]byte(text), &plan); code != 0 || err != nil || plan.Data == nil || len(plan.Data.Classes) != 2 || plan.Data.Classes[0].Val == 0 || plan.Data.Classes[1].Val == 0 || len(plan.Data.Empty) != 1 {
		t.Errorf("plan: exit %d, %v: %s%s", code, err, text, errs)
	}
	none := filepath.Join(dir, "none.toml")
	if err := os.WriteFile(none, []byte(strings.Replace(recipe, "val_fraction = 0.3", "val_fraction = 0", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := train(t, "--config", none, "--data", data, "--skip-empty", "--out", filepath.Join(dir, "no")); code != 1 || !strings.Contains(errs, "nothing to validate on") {
		t.Errorf("nothing held out: exit %d: %s", code, errs)
	}
}
