package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// events are what go test -json writes of a package with a test that passes, one that
// skips itself, one that fails, and one that was running when the time was over.
const events = `{"Action":"start","Package":"bignas/a"}
{"Action":"run","Package":"bignas/a","Test":"TestFine"}
{"Action":"output","Package":"bignas/a","Test":"TestFine","Output":"=== RUN   TestFine\n"}
{"Action":"output","Package":"bignas/a","Test":"TestFine","Output":"    a_test.go:3: fine so far\n"}
{"Action":"pass","Package":"bignas/a","Test":"TestFine"}
{"Action":"output","Package":"bignas/a","Test":"TestQuiet","Output":"    a_test.go:9: make budgets runs it\n"}
{"Action":"output","Package":"bignas/a","Test":"TestQuiet","Output":"--- SKIP: TestQuiet (0.00s)\n"}
{"Action":"skip","Package":"bignas/a","Test":"TestQuiet"}
{"Action":"output","Package":"bignas/a","Test":"TestBad","Output":"    a_test.go:12: two is 3\n"}
{"Action":"output","Package":"bignas/a","Test":"TestBad","Output":"--- FAIL: TestBad (0.00s)\n"}
{"Action":"fail","Package":"bignas/a","Test":"TestBad"}
{"Action":"output","Package":"bignas/a","Test":"TestHangs","Output":"panic: test timed out\n"}
{"Action":"output","Package":"bignas/a","Output":"FAIL\tbignas/a\t0.1s\n"}
{"Action":"fail","Package":"bignas/a"}
{"Action":"output","Package":"bignas/b","Output":"?   \tbignas/b\t[no test files]\n"}
{"Action":"skip","Package":"bignas/b"}
{"Action":"build-output","ImportPath":"bignas/c","Output":"c.go:1: no such thing\n"}
`

// TestShow: what passes is not shown, what fails is, and what was skipped is kept
// with its reason.
func TestShow(t *testing.T) {
	var out bytes.Buffer
	skips, err := show(strings.NewReader(events), &out)
	if err != nil {
		t.Fatal(err)
	}
	want := "    a_test.go:12: two is 3\n--- FAIL: TestBad (0.00s)\nFAIL\tbignas/a\t0.1s\npanic: test timed out\nc.go:1: no such thing\n"
	if out.String() != want {
		t.Errorf("shown:\n%s\nwant:\n%s", out.String(), want)
	}
	if len(skips) != 1 || skips[0] != (skip{"bignas/a", "TestQuiet", "make budgets runs it"}) {
		t.Errorf("skipped: %v", skips)
	}
	if _, err := show(strings.NewReader("no JSON"), io.Discard); err == nil {
		t.Error("what is no JSON is taken for it")
	}
}

// TestLeftOut: tests that were left out for the same reason share a line, and a
// new run begins with none.
func TestLeftOut(t *testing.T) {
	notes = filepath.Join(t.TempDir(), "build", "left-out.jsonl")
	said := func(want string) {
		t.Helper()
		var out, errors bytes.Buffer
		if code := run([]string{"--left-out"}, &out, &errors); code != 0 || out.String() != want {
			t.Errorf("exit %d, %q, %q; want %q", code, out.String(), errors.String(), want)
		}
	}
	said("no test was left out\n")
	for range 2 { // the same tests with other kernels
		if err := note([]skip{{"bignas/a", "TestA", "no torch here"}, {"bignas/b", "TestB", "slow"}, {"bignas/a", "TestC", "no torch here"}}); err != nil {
			t.Fatal(err)
		}
	}
	said("left out: a TestA, a TestC: no torch here\nleft out: b TestB: slow\n")
	if code := run([]string{"--begin"}, io.Discard, io.Discard); code != 0 {
		t.Errorf("--begin: exit %d", code)
	}
	said("no test was left out\n")
	if code := run(nil, io.Discard, io.Discard); code != 2 {
		t.Errorf("no arguments: exit %d, want 2", code)
	}
}

// TestRuns runs go test on packages of its own: one with a test that fails, one
// that does not compile.
func TestRuns(t *testing.T) {
	notes = filepath.Join(t.TempDir(), "left-out.jsonl")
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":       "module m\n\ngo 1.26\n",
		"a/a_test.go":  "package a\n\nimport \"testing\"\n\nfunc TestA(t *testing.T) { t.Error(\"so it is\") }\nfunc TestB(t *testing.T) { t.Skip(\"not now\") }\n",
		"b/b_test.go":  "package b\n\nfunc nothing() int { return \"text\" }\n",
		"ok/c_test.go": "package c\n\nimport \"testing\"\n\nfunc TestC(t *testing.T) { t.Skip(\"not here\") }\n",
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	for pack, c := range map[string]struct {
		code int
		want string
	}{"./a": {1, "so it is"}, "./b": {1, "b_test.go:3"}, "./ok": {0, "ok"}, "./none": {1, ""}} {
		var out, errors bytes.Buffer
		if code := run([]string{pack}, &out, &errors); code != c.code || !strings.Contains(out.String()+errors.String(), c.want) {
			t.Errorf("%s: exit %d, %q, %q; want %d and %q", pack, code, out.String(), errors.String(), c.code, c.want)
		}
	}
	var out bytes.Buffer
	if err := leftOut(&out); err != nil || !strings.Contains(out.String(), "ok TestC: not here") {
		t.Errorf("left out: %q, %v", out.String(), err)
	}
}
