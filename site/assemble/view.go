package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	"bignas/core/fault"
)

// viewFlags build the network view: for size. Nothing in it is worth inlining.
var viewFlags = []string{"-trimpath", "-ldflags=-s -w", "-gcflags=all=-l"}

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
	out := filepath.Join(work, "view.wasm")
	arguments := append([]string{"build", "-overlay", overlay}, viewFlags...)
	if _, err = b.goCommand([]string{"GOOS=js", "GOARCH=wasm"}, append(arguments, "-o", out, "./wasm/view")...); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(out)
	if err != nil {
		return nil, err
	}
	data, err = pack(data)
	return folder{"view.wasm": data}, err
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
