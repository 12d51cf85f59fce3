//go:build unix

package files

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestReadRefusesOthers: a pipe to which nobody writes and a device are refused before they are opened.
func TestReadRefusesOthers(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Read(pipe)
	check(t, err, CodeNotFile, pipe+" is a pipe, not a file")
	if _, err := os.Stat("/dev/zero"); err == nil {
		_, err = Read("/dev/zero")
		check(t, err, CodeNotFile, "/dev/zero is a device, not a file")
	}
}
