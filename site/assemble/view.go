package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"bignas/core/fault"
)

// viewFlags build the network view: for size. Nothing in it is worth inlining.
var viewFlags = []string{"-trimpath", "-ldflags=-s -w", "-gcflags=all=-l"}

// When the network view is built.
const (
	now   = "now"
	later = "later"
	only  = "only"
)

const viewFile = "view.wasm"

// placeView puts the network view into the page, or reserves its place, and returns
// its address as seen from the manifest. A place that is reserved is named by what
// the view will be built from, as its bytes are not known yet.
func (b *builder) placeView() (string, error) {
	if b.when == later {
		name, err := b.reserved()
		return up + name + "/" + viewFile, err
	}
	view, err := b.view()
	if err != nil {
		return "", err
	}
	return b.place("view", view, viewFile)
}

// addView builds the network view into the place that was reserved for it.
func (b *builder) addView() error {
	name, err := b.reserved()
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(b.out, name, viewFile)); err == nil {
		return nil
	}
	fmt.Fprintln(b.log, "the network view is being built; the page waits for it only where somebody opens it")
	view, err := b.view()
	if err != nil {
		return err
	}
	if err := b.publishAs(name, view); err != nil {
		return err
	}
	fmt.Fprintf(b.log, "the network view is in %s\n", b.out)
	return nil
}

// reserved is the name of the view's folder by its sources, those of the core and
// its own, and what else decides what is built from them.
func (b *builder) reserved() (string, error) {
	sources := folder{"": fmt.Append(nil, runtime.Version(), viewFlags, methodCall)}
	for _, name := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile(filepath.Join(b.root, name))
		if err != nil {
			return "", err
		}
		sources[name] = data
	}
	for _, top := range []string{"core", "wasm"} {
		err := filepath.WalkDir(filepath.Join(b.root, top), func(file string, d fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(file) != ".go" || strings.HasSuffix(file, "_test.go") {
				return err
			}
			name, err := filepath.Rel(b.root, file)
			if err != nil {
				return err
			}
			sources[filepath.ToSlash(name)], err = os.ReadFile(file)
			return err
		})
		if err != nil {
			return "", err
		}
	}
	return "view/" + sources.hash(), nil
}

// view builds the network view, a program of its own that is loaded when
// somebody opens it.
func (b *builder) view() (folder, error) {
	work, err := os.MkdirTemp("", "bignas-view-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	overlay, err := b.withoutMethods(work)
	if err != nil {
		return nil, err
	}
	data, err := b.program("./wasm/view", append([]string{"-overlay", overlay}, viewFlags...)...)
	return folder{viewFile: data}, err
}

// methodCall is where text/template calls a method by a name that is in a template.
const methodCall = "if method := ptr.MethodByName(fieldName); method.IsValid() {"

// withoutMethods writes a build overlay in which templates call no methods, and
// returns its name. A program that may call any method by name keeps every exported
// method of every type: 0.6 MB gzipped of the view. Ebiten has such a program: it
// makes its own shaders from a template, which has fields only.
func (b *builder) withoutMethods(work string) (string, error) {
	goroot, err := b.goCommand(nil, "env", "GOROOT")
	if err != nil {
		return "", err
	}
	original := filepath.Join(strings.TrimSpace(goroot), "src", "text", "template", "exec.go")
	text, err := os.ReadFile(original)
	if err != nil {
		return "", err
	}
	if n := bytes.Count(text, []byte(methodCall)); n != 1 {
		return "", fault.New("other_go", "look at site/assemble/view.go; without the overlay the view only gets bigger", "%s has %q %d times, not once", original, methodCall, n)
	}
	changed := filepath.Join(work, "exec.go")
	text = bytes.Replace(text, []byte(methodCall), []byte("if method := (reflect.Value{}); method.IsValid() {"), 1)
	if err := os.WriteFile(changed, text, 0o644); err != nil {
		return "", err
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{original: changed}})
	if err != nil {
		return "", err
	}
	name := filepath.Join(work, "overlay.json")
	return name, os.WriteFile(name, overlay, 0o644)
}
