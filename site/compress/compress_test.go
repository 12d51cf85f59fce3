package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
)

// TestCompress: what is worth it lies compressed beside itself, also when it has
// changed; what is not worth it does not, and what is right already stays.
func TestCompress(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return file
	}
	module := write("page/main.js", strings.Repeat("export const a = 1;\n", 100))
	write("tiny.json", "{}")
	write("photo.jpg", strings.Repeat("a", 1000))
	check := func(want string) {
		t.Helper()
		var errors bytes.Buffer
		if code := run([]string{dir}, &errors); code != 0 {
			t.Fatalf("exit %d, %s", code, errors.String())
		}
		for suffix, reader := range map[string]func(io.Reader) io.Reader{
			".br": func(r io.Reader) io.Reader { return brotli.NewReader(r) },
			".gz": func(r io.Reader) io.Reader {
				z, err := gzip.NewReader(r)
				if err != nil {
					t.Fatal(err)
				}
				return z
			},
		} {
			data, err := os.ReadFile(module + suffix)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(reader(bytes.NewReader(data))); err != nil || string(got) != want {
				t.Errorf("main.js%s is %.30q (%v)", suffix, got, err)
			}
			for _, name := range []string{"tiny.json", "photo.jpg"} {
				if _, err := os.Stat(filepath.Join(dir, name+suffix)); err == nil {
					t.Errorf("%s%s is there", name, suffix)
				}
			}
		}
	}
	check(strings.Repeat("export const a = 1;\n", 100))
	// Another content, later than the forms of the first.
	text := strings.Repeat("export const b = 2;\n", 100)
	write("page/main.js", text)
	soon := time.Now().Add(time.Second)
	if err := os.Chtimes(module, soon, soon); err != nil {
		t.Fatal(err)
	}
	check(text)

	kept := []byte("as it was")
	if err := os.WriteFile(module+".br", kept, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(module+".br", soon, soon); err != nil {
		t.Fatal(err)
	}
	var errors bytes.Buffer
	if code := run([]string{dir}, &errors); code != 0 {
		t.Fatalf("exit %d, %s", code, errors.String())
	}
	if got, _ := os.ReadFile(module + ".br"); !bytes.Equal(got, kept) {
		t.Error("a form that is not older was written again")
	}
	for _, args := range [][]string{nil, {"--fast"}, {dir, dir}} {
		if code := run(args, io.Discard); code != 2 {
			t.Errorf("compress %q: exit %d, want 2", args, code)
		}
	}
	if code := run([]string{filepath.Join(dir, "none")}, io.Discard); code != 1 {
		t.Errorf("a folder that is not there: exit %d, want 1", code)
	}
}
