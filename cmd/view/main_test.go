package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"bignas/cmd/internal/cli"
	"bignas/core/scene"
)

// TestWithoutWindow: built as the tests are, the program says what is missing, and
// what is wrong with its arguments before that.
func TestWithoutWindow(t *testing.T) {
	t.Chdir("../..")
	text := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(text, []byte("no image"), 0o644); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"go run -tags view ./cmd/view":   nil,
		"there is no file none.jpg":      {"none.jpg"},
		"JPEG":                           {text},
		"there is no file w.safetensors": {"--weights", "w.safetensors"},
		"resolution is 1":                {"--arch", "r1-c8-8x1k3-12x1k3-20x2k3-32x2k3-48x2k3-72x2k3-112x1k3-h320"},
	} {
		var out, errors bytes.Buffer
		if code := command(args, nil, &out, &errors); code != 1 || !strings.Contains(errors.String(), want) {
			t.Errorf("view %v: exit %d, %q; want %q", args, code, errors.String(), want)
		}
	}
}

// TestDesk: the engine's answers reach the scene and the window's title.
func TestDesk(t *testing.T) {
	t.Chdir("../..")
	data, err := os.ReadFile(cli.DefaultWeights)
	if err != nil {
		t.Fatal(err)
	}
	photo, err := os.ReadFile("assets/samples/church.jpg")
	if err != nil {
		t.Fatal(err)
	}
	d, err := newDesk(data, photo, "min")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	d.do = func(change func(*scene.Scene)) { mu.Lock(); defer mu.Unlock(); change(d.scene) }
	titles := make(chan string, 100)
	d.title = func(text string) { titles <- text }
	child := d.scene.Child()
	if !child.Equal(child.Space.Min()) {
		t.Errorf("the child is %v", child)
	}
	for _, text := range []string{"S", "random:1"} {
		if named, err := newDesk(data, photo, text); err != nil {
			t.Errorf("--arch %s: %v", text, err)
		} else if c := named.scene.Child(); c.Equal(child) {
			t.Errorf("--arch %s is the smallest child", text)
		}
	}
	d.look(child)
	select {
	case got := <-titles:
		if !strings.HasSuffix(got, child.String()) || !strings.Contains(got, " % ") {
			t.Errorf("the title is %q", got)
		}
	case <-time.After(5 * time.Minute):
		t.Fatal("no answer")
	}
	seen := false
	for _, shape := range d.scene.Draw() {
		seen = seen || shape.Kind == scene.Image && shape.Bitmap.W == child.Resolution
	}
	if !seen {
		t.Error("the image is not drawn")
	}
}
