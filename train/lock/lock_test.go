package lock

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"bignas/core/fault"
)

// holderOf names the folder that TestHolder locks in a process of its own.
const holderOf = "BIGNAS_LOCK_FOLDER"

// TestHolder holds a lock until it is killed; by itself it does nothing.
func TestHolder(t *testing.T) {
	dir := os.Getenv(holderOf)
	if dir == "" {
		t.Skip("there is nobody to kill it")
	}
	if _, err := Folder(dir); err != nil {
		t.Fatal(err)
	}
	fmt.Println("locked")
	select {}
}

// TestKilled: while another process has the folder it is refused by that process's
// number; when that one is killed, its lock file is left and keeps nobody out.
func TestKilled(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	other := exec.Command(os.Args[0], "-test.run=^TestHolder$")
	other.Env = append(os.Environ(), holderOf+"="+dir)
	out, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Process.Kill() }() // where the test failed
	for lines := bufio.NewScanner(out); lines.Scan() && lines.Text() != "locked"; {
	}
	_, err = Folder(dir)
	if f := fault.Of(err); f == nil || f.Code != CodeTaken || !strings.Contains(f.Message, fmt.Sprintf("process %d on", other.Process.Pid)) {
		t.Errorf("beside process %d: %v", other.Process.Pid, err)
	}
	if err := other.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = other.Wait() // it was killed
	if _, err := os.Stat(filepath.Join(dir, Name)); err != nil {
		t.Errorf("this test sees no lock that was left behind: %v", err)
	}
	l, err := Folder(dir)
	if err != nil {
		t.Fatalf("after it was killed: %v", err)
	}
	l.Release()
}

// TestRelease: a folder is free again after it was released; one that was made and
// not written into goes away, one with files stays without the lock file.
func TestRelease(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "a", "b")
	l, err := Folder(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Folder(dir); fault.Of(err) == nil || fault.Of(err).Code != CodeTaken {
		t.Errorf("locked twice in one process: %v", err)
	}
	l.Release()
	if left, _ := os.ReadDir(top); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if l, err = Folder(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "weights"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l.Release()
	if left, _ := os.ReadDir(dir); len(left) != 1 || left[0].Name() != "weights" {
		t.Errorf("in the folder: %v", left)
	}
}

// TestRefuses: what cannot be a folder is refused with the reason, and is as it was.
func TestRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "data.tar")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file, filepath.Join(file, "run"), filepath.Join(file, "train", "run")} {
		_, err := Folder(path)
		if f := fault.Of(err); f == nil || f.Code != CodeFolder || !strings.Contains(f.Message, file+" is a file") || !strings.Contains(f.Hint, "--out") {
			t.Errorf("%s: %v", path, err)
		}
	}
	if text, err := os.ReadFile(file); string(text) != "x" {
		t.Errorf("the file is now %q (%v)", text, err)
	}
	closed := t.TempDir()
	if err := os.Chmod(closed, 0o555); err != nil {
		t.Fatal(err)
	}
	if f, err := os.Create(filepath.Join(closed, "x")); err == nil {
		f.Close()
		t.Skip("whoever runs this may write anywhere")
	}
	for _, path := range []string{closed, filepath.Join(closed, "run")} {
		if _, err := Folder(path); fault.Of(err) == nil || fault.Of(err).Code != CodeFolder {
			t.Errorf("%s, which is closed: %v", path, err)
		}
	}
}

// TestByName: without locks of the system, a lock file of a living process and one
// of another machine are respected, and one of a process that has ended is not.
func TestByName(t *testing.T) {
	path := filepath.Join(t.TempDir(), Name)
	host, _ := os.Hostname()
	ended := exec.Command(os.Args[0], "-test.run=^$")
	if err := ended.Run(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		content string
		taken   bool
	}{
		{fmt.Sprintf("%d\n%s\n2026-11-29 01:00:00\n", os.Getpid(), host), true},
		{fmt.Sprintf("%d\n%s-other\n2026-11-29 01:00:00\n", ended.Process.Pid, host), true},
		{"", true},
		{fmt.Sprintf("%d\n%s\n2026-11-29 01:00:00\n", ended.Process.Pid, host), false},
	} {
		if err := os.WriteFile(path, []byte(c.content), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := holdByName(path)
		if taken := err == errTaken; taken != c.taken {
			t.Errorf("%q: %v, want taken %v", c.content, err, c.taken)
		}
		if f != nil {
			f.Close()
		}
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}
