package cli

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bignas/core/fault"
	"bignas/train/files"
)

// endless is a stream of zeros.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

type grammar struct {
	Weights string `default:"${weights}" help:"File."`
	Word    string `default:"${word}"`
	Count   int
	Photos  []string `arg:""`
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		args        []string
		code        int
		goOn        bool
		out, errors string
	}{
		{[]string{"a.jpg", "--count=2"}, OK, true, "", ""},
		{[]string{"--help"}, OK, false, "Does a thing.", ""},
		{[]string{"a.jpg", "--coont=2"}, BadUsage, false, "", "thing: unknown flag --coont"},
		{[]string{"--count=many", "a.jpg"}, BadUsage, false, "", "hint: run thing --help"},
		{nil, BadUsage, false, "", "photos"},
	} {
		var g grammar
		var out, errs bytes.Buffer
		code, goOn := ParseWith("thing", "Does a thing.", &g, map[string]string{"word": "w"}, c.args, &out, &errs)
		if code != c.code || goOn != c.goOn || !strings.Contains(out.String(), c.out) || !strings.Contains(errs.String(), c.errors) {
			t.Errorf("%q: code %d, goes on %v, says %q and %q", c.args, code, goOn, out.String(), errs.String())
		}
		if (out.Len() == 0) != (c.out == "") || (errs.Len() == 0) != (c.errors == "") {
			t.Errorf("%q: stdout %q, stderr %q", c.args, out.String(), errs.String())
		}
		if goOn && (g.Weights != DefaultWeights || g.Word != "w" || g.Count != 2 || g.Photos[0] != "a.jpg") {
			t.Errorf("read %+v", g)
		}
	}
}

func TestFailAndLine(t *testing.T) {
	var b bytes.Buffer
	if code := Fail(&b, "thing", fault.New("c", "do this", "it is %d", 3)); code != BadInput || b.String() != "thing: it is 3\n  hint: do this\n" {
		t.Errorf("%d, %q", code, b.String())
	}
	b.Reset()
	if Fail(&b, "thing", errors.New("plain")); b.String() != "thing: plain\n" {
		t.Errorf("%q", b.String())
	}
	b.Reset()
	if err := Line(&b, map[string]string{"a": "<b>"}); err != nil || b.String() != "{\"a\":\"<b>\"}\n" {
		t.Errorf("%q, %v", b.String(), err)
	}
}

func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	if err := os.WriteFile(path, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	if data, err := ReadFile(path, nil); string(data) != "content" || err != nil {
		t.Errorf("%q, %v", data, err)
	}
	if data, err := ReadFile("-", strings.NewReader("streamed")); string(data) != "streamed" || err != nil {
		t.Errorf("%q, %v", data, err)
	}
	if _, err := ReadFile("-", endless{}); fault.Of(err) == nil || fault.Of(err).Code != files.CodeTooLong || !strings.Contains(err.Error(), "standard input has more than") {
		t.Errorf("endless standard input: %v", err)
	}
	if _, err := os.Stat("/dev/zero"); err == nil {
		_, weights := ReadWeights("/dev/zero")
		_, photo := ReadFile("/dev/zero", strings.NewReader(""))
		for _, err := range []error{weights, photo} {
			if f := fault.Of(err); f == nil || f.Code != files.CodeNotFile || !strings.Contains(f.Message, "/dev/zero is a device, not a file") || strings.Contains(f.Hint, "standard input") != (err == photo) {
				t.Errorf("a device: %v", err)
			}
		}
	}
	if _, err := ReadFile(dir, nil); fault.Of(err) == nil || fault.Of(err).Code != CodeReadFile {
		t.Errorf("a folder: %v", err)
	}
	t.Chdir(dir)
	_, err := ReadWeights(DefaultWeights)
	if f := fault.Of(err); f == nil || f.Code != CodeNoFile || !strings.Contains(f.Message, DefaultWeights) || !strings.Contains(f.Hint, "root folder") || !strings.Contains(f.Hint, dir) {
		t.Errorf("no default weights: %v", err)
	}
	_, err = ReadWeights("mine.safetensors")
	if f := fault.Of(err); f == nil || f.Code != CodeNoFile || !strings.Contains(f.Hint, "--weights") {
		t.Errorf("no weights: %v", err)
	}
}
