package cli

import (
	"bytes"
	"context"
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

	ran bool
	err error
}

func (g *grammar) Run(p *Program) error {
	g.ran = true
	return g.err
}

func TestCommand(t *testing.T) {
	for _, c := range []struct {
		args        []string
		err         error
		code        int
		ran         bool
		out, errors string
	}{
		{args: []string{"a.jpg", "--count=2"}, ran: true},
		{args: []string{"--help"}, out: "Does a thing."},
		{args: []string{"a.jpg", "--coont=2"}, code: BadUsage, errors: "thing: unknown flag --coont"},
		{args: []string{"--count=many", "a.jpg"}, code: BadUsage, errors: "hint: run thing --help"},
		{code: BadUsage, errors: "photos"},
		{args: []string{"a.jpg", "--count=2"}, err: Usage("--count is %d", 2), ran: true, code: BadUsage, errors: "thing: --count is 2\n  hint: run thing --help"},
		{args: []string{"a.jpg", "--count=2"}, err: fault.New("c", "do this", "it is %d", 3), ran: true, code: BadInput, errors: "thing: it is 3\n  hint: do this\n"},
		{args: []string{"a.jpg", "--count=2"}, err: ErrReported, ran: true, code: BadInput},
		{args: []string{"a.jpg", "--count=2"}, err: context.Canceled, ran: true, code: 130, errors: "thing: interrupted; go on"},
	} {
		g := grammar{err: c.err}
		var out, errs bytes.Buffer
		p := &Program{Name: "thing", Stdout: &out, Stderr: &errs, Resume: "go on"}
		code := Main(p, "Does a thing.", &g, map[string]string{"word": "w"}, c.args)
		if code != c.code || g.ran != c.ran || !strings.Contains(out.String(), c.out) || !strings.Contains(errs.String(), c.errors) {
			t.Errorf("%q: code %d, ran %v, says %q and %q", c.args, code, g.ran, out.String(), errs.String())
		}
		if (out.Len() == 0) != (c.out == "") || (errs.Len() == 0) != (c.errors == "") {
			t.Errorf("%q: stdout %q, stderr %q", c.args, out.String(), errs.String())
		}
		if g.ran && (g.Weights != DefaultWeights || g.Word != "w" || g.Count != 2 || g.Photos[0] != "a.jpg") {
			t.Errorf("read %+v", g)
		}
	}
}

func TestFailAndLine(t *testing.T) {
	var b bytes.Buffer
	if Fail(&b, "thing", fault.New("c", "do this", "it is %d", 3)); b.String() != "thing: it is 3\n  hint: do this\n" {
		t.Errorf("%q", b.String())
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
