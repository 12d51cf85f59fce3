package house

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// documents lists the Markdown files of the repository, with slashes.
func documents(t *testing.T) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(root(t), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && slices.Contains([]string{".git", "build", "runs", "shared", "node_modules"}, d.Name()) {
			return filepath.SkipDir
		}
		if d.Type().IsRegular() && filepath.Ext(path) == ".md" {
			name, err := filepath.Rel(root(t), path)
			all = append(all, filepath.ToSlash(name))
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"README.md", "RATIONALE.md", "CONTRIBUTING.md", "MODEL_CARD.md", "docs/architecture.md"} {
		if !slices.Contains(all, want) {
			t.Errorf("%s is not among the documents: %s", want, strings.Join(all, ", "))
		}
	}
	return all
}

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
	goPlace   = regexp.MustCompile(`\b((?:core|train|wasm|cmd|site)/[a-z0-9_/]+\.(?:go|js))\b(?::([A-Za-z0-9]+))?`)
)

// TestCommandsExist: every `go run ./cmd/...` and `make ...` of the documents
// is a program or a target of this repository.
func TestCommandsExist(t *testing.T) {
	var targets []string
	for _, m := range makeRule.FindAllStringSubmatch(read(t, "Makefile"), -1) {
		targets = append(targets, m[1])
	}
	for _, doc := range documents(t) {
		for _, m := range makeUse.FindAllStringSubmatch(read(t, doc), -1) {
			if !slices.Contains(targets, m[1]) {
				t.Errorf("%s says %q; the Makefile has %s", doc, "make "+m[1], strings.Join(targets, ", "))
			}
		}
		for _, m := range goRun.FindAllStringSubmatch(read(t, doc), -1) {
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
	for _, doc := range documents(t) {
		for _, m := range localLink.FindAllStringSubmatch(read(t, doc), -1) {
			if _, err := os.Stat(filepath.Join(root(t), filepath.Dir(doc), m[1])); err != nil {
				t.Errorf("%s links to %s: %v", doc, m[1], err)
			}
		}
	}
}

// TestArchitecture: the files and functions that docs/architecture.md names exist.
func TestArchitecture(t *testing.T) {
	places := goPlace.FindAllStringSubmatch(read(t, "docs/architecture.md"), -1)
	if len(places) < 40 {
		t.Errorf("docs/architecture.md names %d places: this test no longer sees them", len(places))
	}
	for _, m := range places {
		text, err := os.ReadFile(filepath.Join(root(t), m[1]))
		if err != nil {
			t.Errorf("docs/architecture.md names %s: %v", m[0], err)
			continue
		}
		if m[2] != "" && !regexp.MustCompile(`(?m)^func (?:\([^)]*\) )?`+m[2]+`[\[(]`).Match(text) {
			t.Errorf("docs/architecture.md names %s: the file has no such function", m[0])
		}
	}
}

const longestLine = 120 // characters

// longLines lists the numbers of the lines of prose that are longer than
// allowed: not those of tables, code, and an image alone on its line.
func longLines(text string) (lines []int) {
	code := false
	for i, line := range strings.Split(text, "\n") {
		start := strings.TrimSpace(line)
		if strings.HasPrefix(start, "```") {
			code = !code
			continue
		}
		if code || strings.HasPrefix(start, "|") || strings.HasPrefix(start, "![") && strings.HasSuffix(start, ")") {
			continue
		}
		if utf8.RuneCountInString(line) > longestLine {
			lines = append(lines, i+1)
		}
	}
	return lines
}

// TestLongLines: prose is wrapped, so that a change shows as a change of a line.
func TestLongLines(t *testing.T) {
	long := strings.Repeat("é", longestLine) + "."
	sample := long[2:] + "\n" + long + "\n| " + long + " |\n```sh\n" + long + "\n```\n![" + long + "](a.webp)\n- " + long
	if got := longLines(sample); !slices.Equal(got, []int{2, 8}) {
		t.Fatalf("of the sample, lines %v are long, want 2 and 8", got)
	}
	for _, doc := range documents(t) {
		for _, n := range longLines(read(t, doc)) {
			t.Errorf("%s:%d: a line of more than %d characters; wrap it", doc, n, longestLine)
		}
	}
}
