package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bignas/core/fault"
)

// TestOutputs: a file is the same by whatever way it is named, and what is
// neither a file nor a folder is never the same.
func TestOutputs(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, name := range []string{"sub", "data/cat"} {
		if err := os.MkdirAll(name, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"w", "other", "data/cat/1.png"} {
		if err := os.WriteFile(name, []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"soft": "w", "sub/soft": "../w", "loop": "sub", "data-link": "data"} {
		if err := os.Symlink(to, link); err != nil {
			t.Skipf("no links here: %v", err)
		}
	}
	if err := os.Link("w", "hard"); err != nil {
		t.Skipf("no links here: %v", err)
	}
	data := File{Flag: "--data", Path: "data", Whole: true}
	for _, c := range []struct {
		out  string
		in   File
		same bool
	}{
		{"w", File{Path: "w"}, true},
		{"./sub/../w", File{Path: "w"}, true},
		{filepath.Join(dir, "w"), File{Path: "w"}, true},
		{"soft", File{Path: "w"}, true},
		{"w", File{Path: "sub/soft"}, true},
		{"hard", File{Path: "soft"}, true},
		{"sub", File{Path: "loop"}, true},
		{"data", data, true},
		{"data/cat/1.png", data, true},
		{"data-link/cat/1.png", data, true},
		{"data/cat/2.png", data, false},
		{"data/cat/1.png", File{Path: "data"}, false},
		{"w", File{Path: "other"}, false},
		{"new", File{Path: "w"}, false},
		{"", File{Path: ""}, false},
		{"-", File{Path: "-"}, false},
		{os.DevNull, File{Path: os.DevNull}, false},
	} {
		c.in.Flag = "--weights"
		err := Outputs([]File{{Flag: "-o", Path: c.out}}, []File{c.in})
		if f := fault.Of(err); (err != nil) != c.same || err != nil && (f.Code != CodeOverwrites || f.Hint == "" || !strings.Contains(f.Message, "--weights")) {
			t.Errorf("%s over %s: %v", c.out, c.in.Path, err)
		}
	}
	for _, c := range []struct {
		a, b string
		same bool
	}{{"new", "sub/../new", true}, {"loop/new", "sub/new", true}, {"new", "sub/new", false}, {"soft", "hard", true}, {"", "", false}, {os.DevNull, os.DevNull, false}} {
		if err := Outputs([]File{{Flag: "--svg", Path: c.a}, {Flag: "--dot", Path: c.b}}, nil); (err != nil) != c.same {
			t.Errorf("two outputs, %s and %s: %v", c.a, c.b, err)
		}
	}
}

type outputGrammar struct {
	Weights string   `placeholder:"FILE"`
	Word    string   `placeholder:"WORD"`
	Output  string   `short:"o" placeholder:"FILE" writes:""`
	Plot    string   `placeholder:"FILE" writes:""`
	Photos  []string `arg:"" optional:"" name:"photo"`

	ran bool
}

func (g *outputGrammar) Run() error {
	g.ran = true
	return nil
}

// TestParseOutputs: the command line is looked at before the command runs.
func TestParseOutputs(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"w", "photo"} {
		if err := os.WriteFile(name, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for text, args := range map[string][]string{
		"--weights, w,":    {"--weights", "w", "-o", "./w"},
		"<photo>, photo,":  {"-o", "photo", "other", "photo"},
		"--output and --p": {"-o", "x", "--plot", "x"},
		"":                 {"--weights", "w", "-o", "w2", "--word", "w2", "photo"},
	} {
		var g outputGrammar
		var out, errs bytes.Buffer
		code := Main(&Program{Name: "thing", Stdout: &out, Stderr: &errs}, "Does a thing.", &g, nil, args)
		if ran := text == ""; g.ran != ran || (code == OK) != ran || !strings.Contains(errs.String(), text) {
			t.Errorf("%q: %d, ran %v: %s", args, code, g.ran, errs.String())
		}
	}
}
