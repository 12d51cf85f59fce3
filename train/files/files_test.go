package files

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"bignas/core/fault"
)

// TestRead: regular files come back whole, also where they say that they are empty.
func TestRead(t *testing.T) {
	dir := t.TempDir()
	for _, n := range []int{0, 1, 511, 512, 513, 100_000} {
		file, want := filepath.Join(dir, "a"), bytes.Repeat([]byte{7}, n)
		if err := os.WriteFile(file, want, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := Read(file)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("of %d bytes %d are read, %v", n, len(got), err)
		}
		if got, err = ReadAll(iotest.OneByteReader(bytes.NewReader(want)), "a stream"); err != nil || !bytes.Equal(got, want) {
			t.Errorf("of a stream of %d bytes %d are read, %v", n, len(got), err)
		}
	}
	if runtime.GOOS == "linux" {
		if data, err := Read("/proc/version"); err != nil || len(data) == 0 {
			t.Errorf("/proc/version: %d bytes, %v", len(data), err)
		}
	}
	if _, err := Read(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if _, err := Read(dir); err == nil {
		t.Error("a folder is read")
	}
	broken := errors.New("broken")
	if _, err := ReadAll(iotest.ErrReader(broken), "a stream"); err != broken {
		t.Errorf("a broken stream: %v", err)
	}
}

// TestReadRefuses: what may have no end, or keep its reader waiting, is refused by name.
func TestReadRefuses(t *testing.T) {
	long := filepath.Join(t.TempDir(), "long")
	if err := os.WriteFile(long, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(long, MaxFile+1); err != nil {
		t.Skip("no sparse files here: ", err)
	}
	_, err := Read(long)
	check(t, err, CodeTooLong, long+" has more than 1024 MB")
	_, err = ReadAll(endless{}, "standard input")
	check(t, err, CodeTooLong, "standard input has more than 256 MB")
}

func check(t *testing.T, err error, code, says string) {
	t.Helper()
	var e *fault.Error
	if !errors.As(err, &e) || e.Code != code || e.Hint == "" || !strings.Contains(e.Message, says) {
		t.Errorf("%#v, want the code %s and %q", err, code, says)
	}
}

// endless is a stream of zeros.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }
