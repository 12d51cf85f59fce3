package release

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestUpdateManifests: files of other programs beside a weights file are left alone, and a damaged manifest
// that names the file is an error.
func TestUpdateManifests(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	list := write("list.manifest.json", `["a", "b"]`)
	own := write("manifest.json", `{"weights": "w.safetensors", "bytes": 1}`)
	if err := UpdateManifests(filepath.Join(dir, "w.safetensors"), 7, Measured{Arch: "min", Predicted: 0.5, N: 10}); err != nil {
		t.Error(err)
	}
	if text, err := os.ReadFile(list); err != nil || string(text) != `["a", "b"]` {
		t.Errorf("another program's file is %q, %v", text, err)
	}
	if m, err := ReadManifest(own); err != nil || m.Bytes != 7 || len(m.Children) != 1 {
		t.Errorf("the manifest is %+v, %v", m, err)
	}
	write("damaged.manifest.json", `{"weights": "w.safetensors", "bytes": "many"}`)
	if err := UpdateManifests(filepath.Join(dir, "w.safetensors"), 7); err == nil || !strings.Contains(err.Error(), "damaged.manifest.json") {
		t.Errorf("a damaged manifest: %v", err)
	}
}
