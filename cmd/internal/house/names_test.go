package house

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// source is one Go file of the repository.
type source struct {
	path  string // from the root, with slashes
	text  []byte
	lines int
}

var generated = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)

// sources reads every hand-written Go file that git would keep.
func sources(t *testing.T) []source {
	t.Helper()
	top := root(t)
	var all []source
	err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if path != top && (strings.HasPrefix(name, ".") || slices.Contains([]string{"build", "runs", "node_modules", "testdata"}, name)) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(top, path)
		if err != nil {
			return err
		}
		if !generated.Match(text) {
			all = append(all, source{filepath.ToSlash(rel), text, bytes.Count(text, []byte("\n"))})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 10 {
		t.Fatalf("only %d Go files found under %s", len(all), top)
	}
	return all
}

// TestNames: a package or file says what it holds, and a file can be read in
// one sitting.
func TestNames(t *testing.T) {
	vague := regexp.MustCompile(`(^|/)(util|utils|common|helper|helpers|misc)(_test)?(\.go|/)`)
	for _, f := range sources(t) {
		if vague.MatchString(f.path) {
			t.Errorf("%s: name it after what it holds", f.path)
		}
		if f.lines > 400 {
			t.Errorf("%s has %d lines; split it (at most 400)", f.path, f.lines)
		}
	}
}

// TestComments: every package has one package comment, and every exported
// declaration outside tests says what it is.
func TestComments(t *testing.T) {
	packages := map[string]int{} // folder -> package comments
	files := token.NewFileSet()
	for _, s := range sources(t) {
		if strings.HasSuffix(s.path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(files, s.path, s.text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Error(err)
			continue
		}
		folder := filepath.Dir(s.path)
		packages[folder] += 0
		if f.Doc != nil {
			packages[folder]++
		}
		for _, d := range f.Decls {
			for _, name := range undocumented(d) {
				t.Errorf("%s: %s has no comment", files.Position(d.Pos()), name)
			}
		}
	}
	for folder, n := range packages {
		if n != 1 {
			t.Errorf("%s has %d package comments, want 1", folder, n)
		}
	}
}

// undocumented lists the exported names that d declares without a comment of
// their own or of their group.
func undocumented(d ast.Decl) []string {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Doc == nil && d.Name.IsExported() && (d.Recv == nil || exportedType(d.Recv.List[0].Type)) {
			return []string{d.Name.Name}
		}
	case *ast.GenDecl:
		var names []string
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				if d.Doc == nil && s.Doc == nil && s.Comment == nil && s.Name.IsExported() {
					names = append(names, s.Name.Name)
				}
			case *ast.ValueSpec:
				for _, n := range s.Names {
					if d.Doc == nil && s.Doc == nil && s.Comment == nil && n.IsExported() {
						names = append(names, n.Name)
					}
				}
			}
		}
		return names
	}
	return nil
}

// exportedType reports whether the receiver type e is an exported one.
func exportedType(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.StarExpr:
		return exportedType(e.X)
	case *ast.IndexExpr:
		return exportedType(e.X)
	case *ast.Ident:
		return e.IsExported()
	}
	return false
}

// TestWrittenFlags: a flag of a command that names a file to write has the tag
// writes, without which the file could be one that the command reads.
func TestWrittenFlags(t *testing.T) {
	flag := regexp.MustCompile("(?m)^\t(\\w+) .*`.*(short:\"o\"|help:\"[^\"]*(to write|Write |Also write|Also add|Draw |FILE\\.state|: \\.svg|\\.png )).*`$")
	tagged := 0
	for _, f := range sources(t) {
		if !strings.HasPrefix(f.path, "cmd/") || strings.HasSuffix(f.path, "_test.go") {
			continue
		}
		for _, m := range flag.FindAllSubmatch(f.text, -1) {
			switch {
			case bytes.Contains(m[0], []byte(`writes:""`)):
				tagged++
			case !bytes.Contains(m[0], []byte(`cmd:""`)) && bytes.Contains(m[0], []byte("placeholder")):
				t.Errorf("%s: the flag %s names what is written and has no tag writes", f.path, m[1])
			}
		}
	}
	if tagged < 15 {
		t.Errorf("only %d flags for outputs were found", tagged)
	}
}
