package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"bignas/core/fault"
)

// builder is one run: from the repository at root into the folder out.
type builder struct {
	root, out, weights string
	log                io.Writer
}

func (b *builder) build() error {
	if _, err := os.Stat(filepath.Join(b.root, "index.html")); err != nil {
		return fault.New("no_page", "run it in the root folder of the repository", "there is no index.html in %s", b.root)
	}
	// What an earlier run wrote must not linger; nothing else is touched.
	for _, old := range []string{"site", "assets"} {
		if err := os.RemoveAll(filepath.Join(b.out, old)); err != nil {
			return err
		}
	}
	for _, step := range []func() error{b.page, b.samples, b.manifest, b.engine, b.view} {
		if err := step(); err != nil {
			return err
		}
	}
	fmt.Fprintf(b.log, "the page is in %s\n", b.out)
	return nil
}

// page copies the HTML, the styles, the modules and Go's loader.
func (b *builder) page() error {
	names := []string{"index.html"}
	for _, pattern := range []string{"site/*.html", "site/*.js", "site/*.css", "site/*.svg"} {
		found, err := filepath.Glob(filepath.Join(b.root, pattern))
		if err != nil {
			return err
		}
		for _, f := range found {
			name, err := filepath.Rel(b.root, f)
			if err != nil {
				return err
			}
			names = append(names, name)
		}
	}
	for _, n := range names {
		if err := b.copy(filepath.Join(b.root, n), n); err != nil {
			return err
		}
	}
	goroot, err := b.goCommand(nil, "env", "GOROOT")
	if err != nil {
		return err
	}
	return b.copy(filepath.Join(strings.TrimSpace(goroot), "lib", "wasm", "wasm_exec.js"), "site/wasm_exec.js")
}

func (b *builder) samples() error {
	found, err := filepath.Glob(filepath.Join(b.root, "assets/samples/*.jpg"))
	if err != nil {
		return err
	}
	for _, f := range found {
		if err := b.copy(f, "assets/samples/"+filepath.Base(f)); err != nil {
			return err
		}
	}
	return nil
}

// engineFlags build the engine: for size, without names for a debugger, and
// without inlining where that makes packages big that nothing waits for.
var engineFlags = []string{"-trimpath", "-ldflags=-s -w", "-gcflags=fmt=-l", "-gcflags=reflect=-l", "-gcflags=encoding/json=-l", "-gcflags=strconv=-l"}

func (b *builder) engine() error {
	out, err := filepath.Abs(filepath.Join(b.out, "engine.wasm"))
	if err != nil {
		return err
	}
	arguments := append([]string{"build"}, engineFlags...)
	_, err = b.goCommand([]string{"GOOS=js", "GOARCH=wasm"}, append(arguments, "-o", out, "./wasm/engine")...)
	if err != nil {
		return err
	}
	for _, kernels := range []string{"simd.wasm", "relaxed.wasm"} {
		if err := b.copy(filepath.Join(b.root, "wasm", "kernels", kernels), kernels); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) goCommand(env []string, args ...string) (string, error) {
	c := exec.Command("go", args...)
	c.Dir, c.Env = b.root, append(os.Environ(), env...)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		return "", fault.New("go_failed", "", "go %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return string(out), nil
}

// copy writes the file from to the name in the folder.
func (b *builder) copy(from, name string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return b.write(name, data)
}

func (b *builder) write(name string, data []byte) error {
	to := filepath.Join(b.out, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o644)
}
