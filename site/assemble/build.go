package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"bignas/core/fault"
)

// builder is one run: from the repository at root into the folder out.
type builder struct {
	ctx                context.Context // ends when somebody stops the program
	root, out, weights string
	offer              string // ids of the weights to offer, with commas between them; empty: all
	when               string // the network view is built: now, later or only
	log                io.Writer

	files [][3]any // name, SHA-256 and length of what has been written
	later [][3]any // those that are kept for offline use once somebody has used them
}

// build writes
//
//	index.html, service.js   the only names that stay when their content changes
//	page/HASH/               the modules, styles, samples and the manifest
//	engine/HASH/             the engine and its kernels
//	trainer/HASH/            the program that trains a small supernet
//	weights-ID/HASH/         weights, those of one line of assets/weights.json
//	ordinary-ID/HASH/        the ordinary network beside them
//	view/HASH/               the network view
//
// so that a change of a module does not make anybody download the rest again.
func (b *builder) build() error {
	if _, err := os.Stat(filepath.Join(b.root, "index.html")); err != nil {
		return fault.New("no_page", "run it in the root folder of the repository", "there is no index.html in %s", b.root)
	}
	if b.when == only {
		return b.addView()
	}
	choices, err := b.choices()
	if err != nil {
		return err
	}
	m := manifest{Weights: choices}
	stale, err := filepath.Glob(filepath.Join(b.out, "weights*"))
	if err != nil {
		return err
	}
	alone, err := filepath.Glob(filepath.Join(b.out, "ordinary*"))
	if err != nil {
		return err
	}
	for _, old := range append(stale, alone...) {
		if !slices.ContainsFunc(choices, func(c choice) bool {
			return "weights-"+c.ID == filepath.Base(old) || c.Ordinary != nil && "ordinary-"+c.ID == filepath.Base(old)
		}) {
			if err := os.RemoveAll(old); err != nil {
				return err
			}
		}
	}
	for _, old := range []string{"site", "assets", "engine.wasm", "simd.wasm", "relaxed.wasm"} { // an earlier layout of this folder
		if err := os.RemoveAll(filepath.Join(b.out, old)); err != nil {
			return err
		}
	}
	for i := range m.Weights {
		c := &m.Weights[i]
		if c.Weights, err = b.place("weights-"+c.ID, folder{c.Weights: c.data}, c.Weights); err != nil {
			return err
		}
		if i > 0 {
			b.postpone()
		}
		if o := c.Ordinary; o != nil {
			if o.Weights, err = b.place("ordinary-"+c.ID, folder{o.Weights: o.data}, o.Weights); err != nil {
				return err
			}
			b.postpone()
		}
	}
	trains, err := b.trainer()
	if err != nil {
		return err
	}
	if m.Trainer, err = b.place("trainer", trains, trainerFile); err != nil {
		return err
	}
	b.postpone()
	engine, err := b.engine()
	if err != nil {
		return err
	}
	if m.Engine, err = b.place("engine", engine, "engine.wasm"); err != nil {
		return err
	}
	if m.View, err = b.placeView(); err != nil {
		return err
	}
	page, err := b.page(m)
	if err != nil {
		return err
	}
	name, err := b.publish("page", page)
	if err != nil {
		return err
	}
	if b.when == later { // last, as the service worker waits for it; its bytes are not known
		b.files = append(b.files, [3]any{strings.TrimPrefix(m.View, up), "", 0})
	}
	if err := b.entrance(name, m.Weights[0]); err != nil {
		return err
	}
	fmt.Fprintf(b.log, "the page is in %s\n", b.out)
	return nil
}

// place publishes a folder and returns the address of one of its files as seen
// from the manifest, page/HASH/assets/manifest.json.
func (b *builder) place(kind string, f folder, file string) (string, error) {
	name, err := b.publish(kind, f)
	return up + name + "/" + file, err
}

// postpone leaves the file that was written last to those who use it.
func (b *builder) postpone() {
	last := len(b.files) - 1
	b.later, b.files = append(b.later, b.files[last]), b.files[:last]
}

// up is the way from the manifest to the folder of the page.
const up = "../../../"

// page is the modules, the styles, Go's loader, the samples, the manifest and what the story links to.
func (b *builder) page(m manifest) (folder, error) {
	f := folder{}
	patterns := []string{"site/*.svg", "assets/samples/*.jpg", "assets/training/nette*.csv", "README.md", "MODEL_CARD.md"}
	for _, room := range append([]string{"."}, rooms...) {
		for _, kind := range []string{"html", "js", "css"} {
			patterns = append(patterns, path.Join("site", room, "*."+kind))
		}
	}
	if err := f.add(b.root, patterns...); err != nil {
		return nil, err
	}
	delete(f, "site/service.js")
	for name, data := range f {
		if strings.HasSuffix(name, ".js") {
			f[name] = strip(data)
		}
	}
	goroot, err := b.goCommand(nil, "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	loader := filepath.Join(strings.TrimSpace(goroot), "lib", "wasm", "wasm_exec.js")
	if f["site/worker/wasm_exec.js"], err = os.ReadFile(loader); err != nil {
		return nil, err
	}
	html, err := os.ReadFile(filepath.Join(b.root, "index.html"))
	if err != nil {
		return nil, err
	}
	if f["site/start.js"], err = start(html, f, m.Engine); err != nil {
		return nil, err
	}
	for _, c := range m.Weights {
		if c.Predictor != "" {
			f["assets/"+c.Predictor] = c.predicts
		}
	}
	f["assets/manifest.json"], err = json.Marshal(m)
	return f, err
}

// firstSample is what the first sample takes the place of.
const firstSample = `src="assets/samples/" alt=""`

// entrance writes index.html, which names the version of everything else and shows
// the first sample of the first weights, and the service worker, which knows what belongs to it.
func (b *builder) entrance(page string, first choice) error {
	text, err := os.ReadFile(filepath.Join(b.root, "index.html"))
	if err != nil {
		return err
	}
	if text, err = b.inline(text); err != nil {
		return err
	}
	text = entry.ReplaceAll(text, []byte(starter))
	image := `alt=""`
	if len(first.Samples) > 0 {
		s := first.Samples[0]
		image = fmt.Sprintf(`src="assets/samples/%s.jpg" alt="%s"`, html.EscapeString(s.Name), html.EscapeString(s.Alt))
	}
	text = bytes.Replace(text, []byte(firstSample), []byte(image), 1)
	for _, attribute := range []string{`src="`, `href="`} {
		for _, old := range []string{"site/", "assets/"} {
			text = bytes.ReplaceAll(text, []byte(attribute+old), []byte(attribute+page+"/"+old))
		}
	}
	if err := b.write("index.html", text); err != nil {
		return err
	}
	worker, err := os.ReadFile(filepath.Join(b.root, "site", "service.js"))
	if err != nil {
		return err
	}
	all := sha256.Sum256([]byte(fmt.Sprint(b.files)))
	build, err := json.Marshal(map[string]any{"version": hex.EncodeToString(all[:])[:hashLength], "files": b.files, "later": b.later})
	if err != nil {
		return err
	}
	return b.write("service.js", append(append([]byte("self.build = "), build...), append([]byte(";\n"), strip(worker)...)...))
}

// engineFlags build the engine: for size, without names for a debugger, and
// without inlining in packages that it makes bigger and where nothing waits for
// it. In the runtime it is a tenth of a megabyte; JPEG decoding and slicing take as long without.
var engineFlags = func() []string {
	flags := []string{"-trimpath", "-buildvcs=false", "-ldflags=-s -w"}
	for _, p := range []string{"fmt", "reflect", "strconv", "runtime", "strings", "bytes", "bufio", "sort", "sync", "internal/sync", "internal/fmtsort", "internal/reflectlite", "unicode/utf8", "syscall/js",
		"compress/flate", "compress/lzw", "compress/zlib", "image", "image/png", "image/gif", "golang.org/x/image/vp8", "golang.org/x/image/vp8l", "golang.org/x/image/bmp",
		"bignas/core/arch", "bignas/core/bnstats", "bignas/core/cholesky", "bignas/core/classify", "bignas/core/cost", "bignas/core/fault", "bignas/core/latency", "bignas/core/supernet",
		"bignas/core/onnx", "bignas/core/plainjson", "bignas/core/predict", "bignas/core/search", "bignas/core/teach", "bignas/core/weights", "bignas/wasm/engine", "bignas/wasm/engine/session", "unicode"} {
		flags = append(flags, "-gcflags="+p+"=-l")
	}
	return flags
}()

// engine compiles the program of the page's worker; its kernels lie beside it.
func (b *builder) engine() (folder, error) {
	program, err := b.program("./wasm/engine", engineFlags...)
	if err != nil {
		return nil, err
	}
	f := folder{"engine.wasm": program}
	for _, name := range []string{"simd.wasm", "relaxed.wasm"} {
		if f[name], err = os.ReadFile(filepath.Join(b.root, "wasm", "kernels", name)); err != nil {
			return nil, err
		}
	}
	return f, nil
}

const trainerFile = "trainer.wasm"

// trainer compiles the program that trains a small supernet, which is loaded when somebody
// wants to see it: for the fast operators of training it has a tag, as the engine needs none.
func (b *builder) trainer() (folder, error) {
	program, err := b.program("./wasm/trainer", append([]string{"-tags=training"}, engineFlags...)...)
	return folder{trainerFile: program}, err
}

// program compiles a package for the browser.
func (b *builder) program(pkg string, flags ...string) ([]byte, error) {
	work, err := os.MkdirTemp("", "bignas-program-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	out := filepath.Join(work, "program.wasm")
	if _, err = b.goCommand([]string{"GOOS=js", "GOARCH=wasm"}, slices.Concat([]string{"build"}, flags, []string{"-o", out, pkg})...); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(out)
	if err != nil {
		return nil, err
	}
	return pack(data)
}

func (b *builder) goCommand(env []string, args ...string) (string, error) {
	c := exec.CommandContext(b.ctx, "go", args...)
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) } // it stops its compilers and removes its files
	c.Dir, c.Env = b.root, append(os.Environ(), env...)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		return "", fault.New("go_failed", "", "go %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return string(out), nil
}
