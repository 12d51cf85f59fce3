package house

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// documents are the texts that a reader follows word for word.
var documents = []string{"README.md", "CONTRIBUTING.md", "RATIONALE.md"}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root(t), name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var (
	goRun     = regexp.MustCompile(`go (?:run|build|install) (?:-[^ ]+ )*\./([A-Za-z0-9_./-]+)`)
	makeUse   = regexp.MustCompile("(?m)(?:^|`)(?:\\$ )?make ([a-z]+)")
	makeRule  = regexp.MustCompile(`(?m)^([a-z][a-z-]*):`)
	localLink = regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`)
	hasMain   = regexp.MustCompile(`(?m)^package main$`)
)

// TestCommandsExist: every `go run ./cmd/...` and `make ...` of the documents
// is a program or a target of this repository.
func TestCommandsExist(t *testing.T) {
	var targets []string
	for _, m := range makeRule.FindAllStringSubmatch(read(t, "Makefile"), -1) {
		targets = append(targets, m[1])
	}
	for _, doc := range documents {
		text := read(t, doc)
		for _, m := range makeUse.FindAllStringSubmatch(text, -1) {
			if !slices.Contains(targets, m[1]) {
				t.Errorf("%s says %q; the Makefile has %s", doc, "make "+m[1], strings.Join(targets, ", "))
			}
		}
		for _, m := range goRun.FindAllStringSubmatch(text, -1) {
			if !isProgram(t, m[1]) {
				t.Errorf("%s says %q; %s holds no program", doc, m[0], m[1])
			}
		}
	}
	if text := read(t, "README.md"); len(makeUse.FindAllString(text, -1)) == 0 || len(goRun.FindAllString(text, -1)) == 0 {
		t.Error("README.md shows no command at all: this test no longer sees them")
	}
}

// isProgram reports whether the folder holds a Go file of package main.
func isProgram(t *testing.T, folder string) bool {
	files, err := filepath.Glob(filepath.Join(root(t), folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if text, err := os.ReadFile(f); err == nil && hasMain.Match(text) {
			return true
		}
	}
	return false
}

// TestLinks: every relative link of the documents leads to a file.
func TestLinks(t *testing.T) {
	for _, doc := range documents {
		for _, m := range localLink.FindAllStringSubmatch(read(t, doc), -1) {
			if _, err := os.Stat(filepath.Join(root(t), m[1])); err != nil {
				t.Errorf("%s links to %s: %v", doc, m[1], err)
			}
		}
	}
}
