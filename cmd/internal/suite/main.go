// Command suite runs go test for the Makefile and records which tests were skipped, so that
// make test can list them at the end:
//
//	suite [FLAG OF GO TEST | PACKAGE]...
//	suite --begin
//	suite --left-out
//
// It shows what go test shows without -v. Vet runs once for all of them, and the time
// limit is for a test that hangs: go test's own, ten minutes, is too short for the
// page's tests on a machine that does other things too.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// notes is the file with the skipped tests of a run, one JSON line each.
var notes = filepath.Join("build", "left-out.jsonl")

// limit is the time limit for the tests of a package.
const limit = "-timeout=90m"

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	var err error
	switch {
	case len(args) == 0:
		fmt.Fprintln(stderr, "usage: suite --begin | --left-out | [FLAG OF GO TEST | PACKAGE]...")
		return 2
	case slices.Equal(args, []string{"--begin"}):
		if err = os.Remove(notes); errors.Is(err, os.ErrNotExist) {
			err = nil
		}
	case slices.Equal(args, []string{"--left-out"}):
		err = leftOut(stdout)
	default:
		err = test(args, stdout, stderr)
	}
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return 1 // go test has said why
	}
	if err != nil {
		fmt.Fprintf(stderr, "suite: %v\n", err)
		return 1
	}
	return 0
}

// test runs go test and notes the tests that it skips.
func test(args []string, stdout, stderr io.Writer) error {
	c := exec.Command("go", append([]string{"test", "-json", "-vet=off", limit}, args...)...)
	c.Stderr = stderr
	events, err := c.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	skips, err := show(events, stdout)
	if err := errors.Join(c.Wait(), err); err != nil {
		return err
	}
	return note(skips)
}

// event is a line of go test -json.
type event struct {
	Action, Package, Test, Output string
}

// skip is a skipped test.
type skip struct{ Package, Test, Reason string }

// show writes the lines of packages and of failed tests, and returns what was skipped.
func show(events io.Reader, w io.Writer) (skips []skip, err error) {
	said := map[[2]string][]string{} // by package and test, until it ends
	for d := json.NewDecoder(events); ; {
		var e event
		if err := d.Decode(&e); errors.Is(err, io.EOF) {
			return skips, nil
		} else if err != nil {
			return skips, fmt.Errorf("go test -json: %w", err)
		}
		key := [2]string{e.Package, e.Test}
		switch e.Action {
		case "build-output":
			fmt.Fprint(w, e.Output)
		case "output":
			if e.Test == "" && e.Output != "PASS\n" && !strings.HasSuffix(e.Output, "[no test files]\n") {
				fmt.Fprint(w, e.Output)
			}
			if e.Test != "" && !strings.HasPrefix(e.Output, "=== ") {
				said[key] = append(said[key], e.Output)
			}
		case "skip":
			if e.Test != "" {
				skips = append(skips, skip{e.Package, e.Test, reason(said[key])})
			}
			delete(said, key)
		case "pass":
			delete(said, key)
		case "fail":
			for _, k := range ended(said, key) {
				fmt.Fprint(w, strings.Join(said[k], ""))
				delete(said, k)
			}
		}
	}
}

// ended returns the tests that a failure ends: the test, or for a package all that still run in it.
func ended(said map[[2]string][]string, key [2]string) (keys [][2]string) {
	if key[1] != "" {
		return [][2]string{key}
	}
	for k := range said {
		if k[0] == key[0] {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b [2]string) int { return strings.Compare(a[1], b[1]) })
	return keys
}

// reason returns why a test skipped itself: its last line before the verdict, without the
// position in the code.
func reason(lines []string) string {
	for _, line := range slices.Backward(lines) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "---") {
			continue
		}
		if place, rest, ok := strings.Cut(line, ": "); ok && strings.Contains(place, ".go:") {
			return rest
		}
		return line
	}
	return "it does not say why"
}
