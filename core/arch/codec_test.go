package arch

import (
	"errors"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
)

func lookup(t testing.TB, name string) *Space {
	t.Helper()
	s, err := Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestCodecRoundTrip: parse(format(x)) == x and format(parse(t)) == t for many
// random children of every space, with text that needs no escaping anywhere.
func TestCodecRoundTrip(t *testing.T) {
	safe := regexp.MustCompile(`^[a-z0-9-]+$`)
	r := rand.New(rand.NewPCG(3, 4))
	for _, name := range Spaces() {
		s := lookup(t, name)
		children := []Arch{s.Min(), s.Max()}
		for range 500 {
			children = append(children, s.Sample(r))
		}
		for _, a := range children {
			text := a.String()
			if !safe.MatchString(text) {
				t.Fatalf("%s: %q needs escaping in a URL", name, text)
			}
			b, err := s.Parse(text)
			if err != nil || !a.Equal(b) || b.String() != text {
				t.Fatalf("%s: %q came back as %q (%v)", name, text, b, err)
			}
		}
	}
}

// TestCodecGolden pins the text form: links and file names outlive versions.
func TestCodecGolden(t *testing.T) {
	for name, want := range map[string][2]string{
		"bignas": {
			"r192-c32-16x1k3-24x2k3-40x2k3-80x2k3-112x2k3-192x2k3-320x1k3-h1280",
			"r320-c40-24x2k3-32x3k3-48x3k5-88x4k5-128x6k5-216x6k5-352x2k5-h1408",
		},
		"attentivenas": {
			"r192-c16-16x1k3-24x3k3e4-32x3k3e4-64x3k3e4-112x3k3e4-192x3k3-216x1k3-h1792",
			"r288-c24-24x2k5-32x5k5e6-40x6k5e6-72x6k5e6-128x8k5e6-216x8k5-224x2k5-h1984",
		},
		"ofa-mbv3": {
			"r128-c16-16x1k3-24x2k3e3-40x2k3e3-80x2k3e3-112x2k3e3-160x2k3e3-h1280",
			"r224-c16-16x1k3-24x4k7e6-40x4k7e6-80x4k7e6-112x4k7e6-160x4k7e6-h1280",
		},
		"ofa-mbv3-w1.2": {
			"r128-c24-24x1k3-32x2k3e3-48x2k3e3-96x2k3e3-136x2k3e3-192x2k3e3-h1536",
			"r224-c24-24x1k3-32x4k7e6-48x4k7e6-96x4k7e6-136x4k7e6-192x4k7e6-h1536",
		},
	} {
		s := lookup(t, name)
		if got := [2]string{s.Min().String(), s.Max().String()}; got != want {
			t.Errorf("%s: smallest and biggest are %q, want %q", name, got, want)
		}
		for alias, a := range map[string]Arch{"min": s.Min(), "smallest": s.Min(), "max": s.Max(), "biggest": s.Max()} {
			if b, err := s.Parse(alias); err != nil || !b.Equal(a) {
				t.Errorf("%s: %q is %s (%v), want %s", name, alias, b, err, a)
			}
		}
	}
	for seed, want := range map[string]string{ // a link with a seed shows the same child for ever
		"random:1":                    "r192-c8-8x1k3-20x1k3-32x2k5-56x2k3-56x3k553-104x2k3-128x2k3-h576",
		"random:18446744073709551615": "r160-c16-12x2k3-16x2k3-32x3k355-56x2k3-72x2k5-104x4k5333-192x1k5-h320",
	} {
		if a, err := lookup(t, "nette").Parse(seed); err != nil || a.String() != want {
			t.Errorf("%s is %s (%v), want %s", seed, a, err, want)
		}
	}
	s := lookup(t, "bignas")
	a, err := s.Parse("r224-c40-16x2k3-24x3k3-48x3k353-80x2k55-112x2k3-192x2k3-320x1k3-h1280")
	if err != nil {
		t.Fatal(err)
	}
	if k := a.Stages[2].Kernels; k[0] != 3 || k[1] != 5 || k[2] != 3 {
		t.Errorf("S3 kernels are %v, want 3 5 3", k)
	}
	if got := a.String(); !strings.Contains(got, "-80x2k5-") { // the long form is read, the short one is written
		t.Errorf("canonical text is %q, want 80x2k5 in it", got)
	}
}

// TestCodecPerLayer: expansions of single layers are written as kernels are.
func TestCodecPerLayer(t *testing.T) {
	const text = "r160-c16-16x1k3-24x2k35e46-40x3k7e6-80x2k3e3-112x4k7535e3464-160x2k5e4-h1280"
	s := lookup(t, "ofa-mbv3")
	a, err := s.Parse(strings.Replace(text, "40x3k7e6", "40x3k777e666", 1))
	if err != nil || a.String() != text {
		t.Fatalf("%s, %v; want %s", a, err, text)
	}
	if e := a.Stages[1].Expansions; len(e) != 2 || e[0] != 4 || e[1] != 6 || a.Stages[1].Expansion != 0 {
		t.Errorf("S2 is %+v", a.Stages[1])
	}
}

// TestSyntaxErrors: text of another form is refused with the part and the form.
func TestSyntaxErrors(t *testing.T) {
	s := lookup(t, "attentivenas")
	good := s.Min().String()
	for _, c := range []struct{ from, to, part string }{
		{good, "", "1 parts"},
		{good, "mini", "1 parts"},
		{good, "random:", ""},
		{good, "random:-1", "-1"},
		{good, "random:18446744073709551616", "18446744073709551616"},
		{"-h1792", "", "9 parts"},
		{"-h1792", "-h1792-", "11 parts"},
		{"r192", "192", "192"},
		{"r192", "r0192", "r0192"},
		{"r192", "r+192", "r+192"},
		{"r192", "r1e2", "r1e2"},
		{"r192", "r99999999999999999999", "r99999999999999999999"},
		{"c16", "c", "c"},
		{"16x1k3", "16x1", "16x1"},
		{"16x1k3", "16k3", "16k3"},
		{"16x1k3", "16x1k", "16x1k"},
		{"16x1k3", "16x1k٣", "16x1k٣"}, // a digit, but not an ASCII one
		{"24x3k3e4", "24x3k3", "24x3k3"},
		{"24x3k3e4", "24x3k33e4", "24x3k33e4"},
		{"24x3k3e4", "24x3k3e", "24x3k3e"},
		{"24x3k3e4", "24x65k3e4", "24x65k3e4"},
		{"h1792", "w1792", "w1792"},
	} {
		text := strings.Replace(good, c.from, c.to, 1)
		_, err := s.Parse(text)
		var bad *SyntaxError
		if !errors.As(err, &bad) {
			t.Errorf("%q: error is %v, want a SyntaxError", text, err)
			continue
		}
		if bad.Part != c.part || bad.Want == "" || !strings.Contains(err.Error(), "e.g. min, max, random:1 or r") {
			t.Errorf("%q: part %q of %v, want part %q", text, bad.Part, err, c.part)
		}
	}
	per := lookup(t, "ofa-mbv3")
	for _, part := range []string{"24x2k3", "24x2k3e", "24x2k3e346", "24x2k3ex", "24x2ke3"} {
		_, err := per.Parse(strings.Replace(per.Min().String(), "24x2k3e3", part, 1))
		var bad *SyntaxError
		if !errors.As(err, &bad) || bad.Part != part {
			t.Errorf("%s: %v, want a SyntaxError", part, err)
		}
	}
	if _, err := s.Parse(strings.Repeat("é", 10000)); err == nil || len(err.Error()) > 400 {
		t.Errorf("a very long text gives %.500v", err)
	}
}

// FuzzParse: no text makes the parser panic, and text that it accepts is valid,
// and stable after one rewriting.
func FuzzParse(f *testing.F) {
	r := rand.New(rand.NewPCG(5, 6))
	for i, name := range Spaces() {
		s := lookup(f, name)
		for _, a := range []Arch{s.Min(), s.Max(), s.Sample(r)} {
			f.Add(i, a.String())
		}
	}
	f.Add(0, "min")
	f.Add(0, "random:1")
	f.Add(1, "r192-c32-16x1k3-24x2k33-40x2k35-80x2k3-112x2k3-192x2k3-320x1k3-h1280")
	f.Fuzz(func(t *testing.T, space int, text string) {
		names := Spaces()
		s := lookup(t, names[((space%len(names))+len(names))%len(names)])
		a, err := s.Parse(text)
		if err != nil {
			if err.Error() == "" {
				t.Fatal("an error without words")
			}
			return
		}
		if err := s.Validate(a); err != nil {
			t.Fatalf("%q was accepted, but: %v", text, err)
		}
		again := a.String()
		b, err := s.Parse(again)
		if err != nil || !b.Equal(a) || b.String() != again {
			t.Fatalf("%q became %q, which became %q (%v)", text, again, b, err)
		}
	})
}
