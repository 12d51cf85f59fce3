package clitest

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"
)

// Images writes a data set of two classes with 20 grey images each, in the folders dark and light.
func Images(t *testing.T, folders ...string) string {
	t.Helper()
	dir := t.TempDir()
	for c, name := range []string{"dark", "light"} {
		folder := filepath.Join(dir, folders[c])
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		for i := range 20 {
			im := image.NewGray(image.Rect(0, 0, 16, 16))
			for p := range 256 {
				im.SetGray(p%16, p/16, color.Gray{uint8(100*c + (p*7+i*13)%100)})
			}
			var b bytes.Buffer
			if err := png.Encode(&b, im); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(folder, name+string(rune('a'+i))+".png"), b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}
