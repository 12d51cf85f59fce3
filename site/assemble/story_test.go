package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestFacts: what the story says was measured is what the documents say.
func TestFacts(t *testing.T) {
	root := filepath.Join("..", "..")
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(strings.Fields(string(text)), " ")
	}
	facts, results, statistics := read("site/story/facts.js"), read("docs/results.md"), read("docs/statistics.md")
	for fact, c := range map[string]struct{ value, document, says string }{
		"supernetHours":  {"4.5", results, "about four and a half hours on a shared machine of two cores"},
		"aloneHours":     {"0.5", results, "It takes about half an hour"},
		"aloneTop1":      {"0.861", results, "reaches 86.1 %, where the slice of the supernet has 89.2 %, both calibrated"},
		"sliceTop1":      {"0.892", results, "| smallest | 9.5 | 0.39 M | 96 px | 89.2 % |"},
		"inheritedTop1":  {"0.112", statistics, "| smallest | 89.4 % | 11.2 % |"},
		"earlySliceTop1": {"0.607", results, "| the recipe (inherited weights) | 60.7 / 60.2 % |"},
		"earlyAloneTop1": {"0.664", results, "| each child trained alone, from scratch | 66.4 % |"},
		"earlyEpochs":    {"8", results, "4,000 images, 96 px, 8 epochs"},
		"images":         {"941", results, "Top-1 on the 941 images"},
	} {
		if found := regexp.MustCompile(`\b` + fact + `: ([\d.]+),`).FindStringSubmatch(facts); found == nil || found[1] != c.value {
			t.Errorf("%s is %q, the test knows %s", fact, found, c.value)
		}
		if !strings.Contains(c.document, c.says) {
			t.Errorf("%s is %s in the story; no document says %q", fact, c.value, c.says)
		}
	}
	runs := regexp.MustCompile(`runs: \[([^\]]+)\]`).FindStringSubmatch(facts)
	if runs == nil {
		t.Fatal("the story has no runs")
	}
	for _, run := range strings.Split(runs[1], ", ") {
		table := read("assets/training/" + strings.Trim(run, "'") + ".csv")
		if head, _, _ := strings.Cut(table, " "); !strings.Contains(head, "loss_biggest,loss_random,loss_smallest") {
			t.Errorf("the table of %s begins with %s", run, head)
		}
	}
}

// TestOrdinaryTable: the table of the ordinary network is what its manifest says.
func TestOrdinaryTable(t *testing.T) {
	root := filepath.Join("..", "..", "assets")
	document, err := os.ReadFile(filepath.Join(root, "..", "docs", "tiny.md"))
	if err != nil {
		t.Fatal(err)
	}
	b := builder{root: filepath.Join(root, "..")}
	cut, err := b.stated("ordinary-tiny.manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	whole, err := b.stated("tiny.manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"smallest", "S", "M", "L", "XL", "biggest, uncut"} {
		own := cut.Children[i]
		at := slices.IndexFunc(whole.Children, func(c measured) bool { return c.Arch == own.Arch })
		if line := fmt.Sprintf("| %s | %.1f %% | %.1f %% |", name, 100*whole.Children[at].Top1, 100*own.Top1); !strings.Contains(string(document), line) {
			t.Errorf("docs/tiny.md has no line %s", line)
		}
	}
}
