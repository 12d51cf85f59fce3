package clitest

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Untouched runs a command with the file as both input and output: by its name, by another path, and through a symbolic and
// a hard link. The command must refuse with two lines, and neither change the file nor write another one beside it.
func Untouched(t *testing.T, command func(args []string, stdin io.Reader, stdout, stderr io.Writer) int, file string, args func(out string) []string) {
	t.Helper()
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(file)
	links, end := t.TempDir(), filepath.Ext(file)
	ways := []string{file, filepath.Join(dir, "..", filepath.Base(dir), ".", filepath.Base(file))}
	if soft := filepath.Join(links, "soft"+end); os.Symlink(file, soft) == nil {
		ways = append(ways, soft)
	}
	if hard := filepath.Join(links, "hard"+end); os.Link(file, hard) == nil {
		ways = append(ways, hard)
	}
	entries := func() int {
		list, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	n := entries()
	for _, out := range ways {
		var stdout, stderr bytes.Buffer
		code := command(args(out), nil, &stdout, &stderr)
		if code != 1 || stdout.Len() > 0 || strings.Count(stderr.String(), "\n") != 2 || !strings.Contains(stderr.String(), "would be written over") {
			t.Errorf("%q: exit %d, %s%s", args(out), code, &stdout, &stderr)
		}
		if after, err := os.ReadFile(file); err != nil || !bytes.Equal(before, after) || entries() != n {
			t.Fatalf("%q has changed %s or its folder (%v)", args(out), file, err)
		}
	}
}
