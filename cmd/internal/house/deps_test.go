package house

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// pkg is what `go list` tells about a package.
type pkg struct {
	ImportPath string
	Standard   bool
	Imports    []string
	CgoFiles   []string
}

// platforms that the core is built for.
var platforms = []struct {
	name string
	env  []string
}{
	{"native", nil},
	{"wasm", []string{"GOOS=js", "GOARCH=wasm", "CGO_ENABLED=0"}},
	{"arm64", []string{"GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0"}},
}

// deps lists the packages that match patterns and all that they import, tests
// left out.
func deps(t *testing.T, env []string, patterns ...string) []pkg {
	t.Helper()
	c := exec.Command("go", append([]string{"list", "-deps", "-json=ImportPath,Standard,Imports,CgoFiles"}, patterns...)...)
	c.Dir, c.Env = root(t), append(os.Environ(), env...)
	var out, complaint bytes.Buffer
	c.Stdout, c.Stderr = &out, &complaint
	if err := c.Run(); err != nil {
		t.Fatalf("go list %v: %v\n%s", patterns, err, complaint.String())
	}
	var all []pkg
	for d := json.NewDecoder(&out); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// matches reports whether path is one of the packages, or in the tree of one
// that is written with "/..." behind it.
func matches(path string, packages ...string) bool {
	for _, p := range packages {
		tree, ok := strings.CutSuffix(p, "/...")
		if path == tree || ok && strings.HasPrefix(path, tree+"/") {
			return true
		}
	}
	return false
}

// TestDirection: core <- train, wasm <- cmd, on every platform that the folder
// is built for.
func TestDirection(t *testing.T) {
	const native, wasm, arm64 = 0, 1, 2
	for _, c := range []struct {
		from      string
		platforms []int
		banned    []string
	}{
		{"./core/...", []int{native, wasm, arm64}, []string{"bignas/train/...", "bignas/wasm/...", "bignas/cmd/...", "bignas/site/...", "bignas/assets/..."}},
		{"./train/...", []int{native}, []string{"bignas/wasm/...", "bignas/cmd/...", "bignas/site/..."}},
		{"./wasm/...", []int{wasm}, []string{"bignas/train/...", "bignas/cmd/...", "bignas/site/..."}},
	} {
		for _, p := range c.platforms {
			for _, d := range deps(t, platforms[p].env, c.from) {
				if matches(d.ImportPath, c.banned...) {
					t.Errorf("%s: %s depends on %s", platforms[p].name, c.from, d.ImportPath)
				}
			}
		}
	}
}

// TestCoreIsPure: the core and what it imports build anywhere. It asks for no
// file, process, network, browser or C compiler: callers hand it bytes.
func TestCoreIsPure(t *testing.T) {
	// What the core itself may not import; the standard library does (fmt imports os).
	ours := []string{"os", "io/ioutil", "syscall/...", "plugin", "log/..."}
	// What may not be anywhere below it.
	anyone := []string{"os/exec", "os/user", "os/signal", "net", "net/http/...", "runtime/cgo", "gorgonia.org/...", "github.com/hajimehoshi/..."}
	for _, p := range platforms {
		found := false
		for _, d := range deps(t, p.env, "./core/...") {
			if matches(d.ImportPath, anyone...) {
				t.Errorf("%s: the core depends on %s", p.name, d.ImportPath)
			}
			if d.Standard {
				continue
			}
			if len(d.CgoFiles) > 0 {
				t.Errorf("%s: %s uses cgo", p.name, d.ImportPath)
			}
			own := matches(d.ImportPath, "bignas/...")
			found = found || own
			for _, i := range d.Imports {
				if own && matches(i, ours...) || i == "syscall/js" {
					t.Errorf("%s: %s imports %s", p.name, d.ImportPath, i)
				}
			}
		}
		if !found {
			t.Errorf("%s: go list shows no package of the core", p.name)
		}
	}
}

// TestEngineIsSmall keeps out of the worker what would be megabytes to
// download: gorgonia is for native programs, ebiten for the lazily loaded view,
// and JavaScript does the fetching.
func TestEngineIsSmall(t *testing.T) {
	heavy := []string{"net", "net/http/...", "crypto/tls", "gorgonia.org/...", "go4.org/...", "gonum.org/...", "google.golang.org/...",
		"github.com/hajimehoshi/...", "github.com/syumai/...", "github.com/alecthomas/...", "github.com/BurntSushi/...", "github.com/schollz/..."}
	for _, d := range deps(t, platforms[1].env, "./wasm/engine") {
		if matches(d.ImportPath, heavy...) {
			t.Errorf("the engine depends on %s", d.ImportPath)
		}
	}
}

// TestViewIsApart: ebiten, which needs a C compiler and the headers of X on Linux,
// is in the network view only, natively behind the tag "view"; and what fetches in
// it is in nothing else.
func TestViewIsApart(t *testing.T) {
	window := []string{"github.com/hajimehoshi/...", "github.com/syumai/..."}
	for _, d := range deps(t, platforms[0].env, "./...") {
		if matches(d.ImportPath, window...) {
			t.Errorf("without the tag, a native program depends on %s", d.ImportPath)
		}
	}
	for _, d := range deps(t, platforms[1].env, "./wasm/engine", "./wasm/bench", "./core/scene", "./wasm/view/message") {
		if matches(d.ImportPath, window...) {
			t.Errorf("the engine or the scene depends on %s", d.ImportPath)
		}
	}
	found := 0
	for _, d := range deps(t, platforms[1].env, "./wasm/view") {
		if matches(d.ImportPath, "github.com/hajimehoshi/ebiten/v2", "github.com/syumai/tinyutil/httputil", "bignas/core/scene") {
			found++
		}
	}
	if found != 3 {
		t.Errorf("the view has %d of ebiten, tinyutil and the scene: this test no longer sees them", found)
	}
}
