package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"bignas/cmd/internal/clitest"
)

// importArgs has the arguments of train in the process of TestImportMemory.
const importArgs = "BIGNAS_IMPORT_ARGS"

// TestImportAlone is train in such a process; by itself it does nothing. It says how much memory
// the process has had. (What its parent is told has the memory of the parent in it:
// findings/go-exec-maxrss.sh.)
func TestImportAlone(t *testing.T) {
	args := os.Getenv(importArgs)
	if args == "" {
		t.Skip("it is the process of TestImportMemory")
	}
	code := command(strings.Split(args, "\n"), os.Stdin, os.Stdout, os.Stderr)
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if strings.HasPrefix(line, "VmHWM:") {
			fmt.Print(line)
		}
	}
	os.Exit(code)
}

// TestImportMemory: an import has never more in memory than 1.3 times the checkpoint, mapped
// pages and the program included; 0.8 times was seen.
func TestImportMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("a checkpoint of 96 MB")
	}
	file, out := clitest.Checkpoint(t, attentive(t, 1000)), filepath.Join(t.TempDir(), "w.safetensors")
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestImportAlone$")
	cmd.Env = append(os.Environ(), importArgs+"="+strings.Join([]string{"import", file, "--space", "attentivenas", "-o", out}, "\n"))
	said, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	_, text, found := strings.Cut(string(said), "VmHWM:")
	var most int64
	if _, err := fmt.Sscanf(strings.TrimSpace(text), "%d kB", &most); !found || err != nil {
		t.Fatalf("no VmHWM in %q, %v", said, err)
	}
	ratio := float64(most<<10) / float64(info.Size())
	if t.Logf("%.2f times a file of %d bytes", ratio, info.Size()); ratio > 1.3 {
		t.Errorf("%d KB of memory, %.2f times the file", most, ratio)
	}
}
