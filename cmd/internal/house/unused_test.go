package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// forTests are the packages that only tests import: what they export may be used
// by tests alone, and what they use is used by tests.
var forTests = []string{"core/confidence/confidencetest", "core/kernel/kerneltest", "core/preprocess/slowfiles", "train/group/grouptest", "cmd/internal/clitest", "cmd/internal/imagetest", "cmd/internal/house"}

// calledFromOutside are methods that the standard library or an imported module
// calls through an interface, so that no file here need name them.
var calledFromOutside = []string{
	"String", "GoString", "Format", "Error", "Unwrap", "Is", "As", // fmt and errors
	"Read", "Write", "Close", "Seek", "ReadAt", "WriteAt", "ReadByte", "WriteTo", "ReadFrom", // io
	"Len", "Less", "Swap", "Push", "Pop", // sort and container/heap
	"MarshalJSON", "UnmarshalJSON", "MarshalText", "UnmarshalText", // encoding
	"ColorModel", "Bounds", "At", // image
	"ServeHTTP",                                                                                      // net/http
	"Run", "Validate", "Help", "Decode", "BeforeReset", "BeforeResolve", "BeforeApply", "AfterApply", // kong
	"Update", "Draw", "Layout", "LayoutF", // ebiten
	"Plot", "Ticks", "DataRange", // gonum's plot
}

// allowed are names that only tests use and that stay, each with its reason.
var allowed = map[string]string{
	"core/kernel.Use":         "the tests of several packages run every implementation",
	"core/supernet.OuterBN":   "the zero value of BNKind, which BNLayers leaves out",
	"train/dataset.HeldOut":   "the rule that MODEL_CARD.md and docs/images.md name",
	"train/dataset.ForSearch": "the rule beside HeldOut",
	"train/report.ReadEvents": "the tests of the commands read what they wrote",
	"train/store.between.End": "a method of gorgonia's tensor.Slice",
	"core/scene.Scene.Zoom":   "the tests of the messages look at what they changed",
	"core/scene.Scene.Chosen": "the tests of the messages look at what they changed",
	"core/scene.Scene.Place":  "the tests in a browser aim at a layer",
}

// declared is an exported name and the declaration that holds it.
type declared struct {
	folder, name string // name is Type.Method for a method
	at           token.Position
	in           ast.Node // uses inside it do not count
}

// use is a name as it is used somewhere: that of package folder, or a method or
// field of anything if folder is "".
type use struct{ folder, name string }

// TestNoNameForTestsOnly: an exported function, type, constant, variable or method
// is used by some file that is no test, whatever its build tags. Methods are known
// by their names alone: one that shares its name with a method in use passes.
func TestNoNameForTestsOnly(t *testing.T) {
	positions := token.NewFileSet()
	folders, text := codeByFolder(t, positions)
	uses := map[use][]ast.Node{}
	var names []declared
	imported := map[string]bool{}
	for folder, files := range folders {
		for _, f := range files {
			if !slices.Contains(forTests, folder) {
				collectUses(f, folder, folders, uses, imported)
			}
			if written := !generated.Match(text[f]); written && folder != "." && !slices.Contains(forTests, folder) {
				names = append(names, exported(f, folder, positions)...)
			}
		}
	}
	if len(names) < 500 {
		t.Fatalf("only %d exported names found", len(names))
	}
	for folder, files := range folders {
		if main := files[0].Name.Name == "main"; !main && !imported[folder] && folder != "." && !slices.Contains(forTests, folder) {
			t.Errorf("%s: only tests import it", folder)
		}
	}
	unused := map[string]bool{}
	for _, d := range names {
		u := use{d.folder, d.name}
		if _, method, ok := strings.Cut(d.name, "."); ok {
			u = use{"", method}
		}
		if slices.ContainsFunc(uses[u], func(in ast.Node) bool { return in != d.in }) {
			continue
		}
		full := d.folder + "." + d.name
		unused[full] = true
		if allowed[full] == "" {
			t.Errorf("%s: nothing but tests uses %s: delete it", d.at, d.name)
		}
	}
	for full := range allowed {
		if !unused[full] {
			t.Errorf("%s is allowed to be unused and is not: take it off the list", full)
		}
	}
}

// codeByFolder parses all files that are no tests, by their folders below the root.
// Programs that generate code, which are built alone, are among them.
func codeByFolder(t *testing.T, positions *token.FileSet) (map[string][]*ast.File, map[*ast.File][]byte) {
	t.Helper()
	top := root(t)
	folders, texts := map[string][]*ast.File{}, map[*ast.File][]byte{}
	for _, tree := range []string{"assets", "core", "train", "wasm", "cmd", "site"} {
		err := filepath.WalkDir(filepath.Join(top, tree), func(name string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() && slices.Contains([]string{"asmgen", "build", "node_modules", "testdata"}, d.Name()) {
				return filepath.SkipDir
			}
			if d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
				return nil
			}
			text, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(top, name)
			if err != nil {
				return err
			}
			rel = filepath.ToSlash(rel)
			f, err := parser.ParseFile(positions, rel, text, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			folders[path.Dir(rel)] = append(folders[path.Dir(rel)], f)
			texts[f] = text
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return folders, texts
}

// exported lists the exported names that f declares.
func exported(f *ast.File, folder string, positions *token.FileSet) []declared {
	var all []declared
	add := func(name string, id *ast.Ident, in ast.Node) {
		if id.IsExported() {
			all = append(all, declared{folder, name, positions.Position(id.Pos()), in})
		}
	}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				add(d.Name.Name, d.Name, d)
			} else if !slices.Contains(calledFromOutside, d.Name.Name) {
				add(receiver(d)+"."+d.Name.Name, d.Name, d)
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					add(s.Name.Name, s.Name, s)
				case *ast.ValueSpec:
					for _, n := range s.Names {
						add(n.Name, n, s)
					}
				}
			}
		}
	}
	return all
}

// receiver returns the name of the type that d is a method of.
func receiver(d *ast.FuncDecl) string {
	e := d.Recv.List[0].Type
	for {
		switch x := e.(type) {
		case *ast.StarExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

// collectUses notes the names that f uses, each with the declaration it is used in,
// and the folders that f imports.
func collectUses(f *ast.File, folder string, folders map[string][]*ast.File, uses map[use][]ast.Node, imported map[string]bool) {
	imports := map[string]string{} // name in f -> folder
	for _, i := range f.Imports {
		from, ok := strings.CutPrefix(strings.Trim(i.Path.Value, `"`), "bignas/")
		if !ok || len(folders[from]) == 0 {
			continue
		}
		imported[from] = true
		name := folders[from][0].Name.Name
		if i.Name != nil {
			name = i.Name.Name
		}
		imports[name] = from
	}
	var look func(n, in ast.Node)
	look = func(n, in ast.Node) {
		ast.Inspect(n, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				x, ok := n.X.(*ast.Ident)
				if from := ""; ok {
					from = imports[x.Name]
					uses[use{from, n.Sel.Name}] = append(uses[use{from, n.Sel.Name}], in)
				} else {
					uses[use{"", n.Sel.Name}] = append(uses[use{"", n.Sel.Name}], in)
				}
				look(n.X, in)
				return false
			case *ast.Field: // its names are declared here, not used
				look(n.Type, in)
				return false
			case *ast.InterfaceType: // methods that are called through it have the names of its own
				for _, m := range n.Methods.List {
					look(m.Type, in)
				}
				return false
			case *ast.Ident:
				uses[use{folder, n.Name}] = append(uses[use{folder, n.Name}], in)
			}
			return true
		})
	}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			look(d.Type, d)
			if d.Body != nil {
				look(d.Body, d)
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					if s.TypeParams != nil {
						look(s.TypeParams, s)
					}
					look(s.Type, s)
				case *ast.ValueSpec:
					if s.Type != nil {
						look(s.Type, s)
					}
					for _, v := range s.Values {
						look(v, s)
					}
				}
			}
		}
	}
}
