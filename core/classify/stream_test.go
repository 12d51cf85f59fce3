package classify

import (
	"slices"
	"testing"

	"bignas/core/fault"
	"bignas/core/weights"
)

// TestStream: with the first part of a file the smallest child answers what it
// answers with all of it, bigger ones are refused, and each opens in turn.
func TestStream(t *testing.T) {
	file := randomFile(t, randomBundle(t))
	full, err := New(file)
	if err != nil {
		t.Fatal(err)
	}
	parts, err := weights.OpenStream(file)
	if err != nil {
		t.Fatal(err)
	}
	img := drawing(t, 120, 90)
	e, err := OpenStream(file[:parts.Ends()[0]])
	if err != nil {
		t.Fatal(err)
	}
	if e.Info().Bytes != len(file) || e.Info().Digest != full.Info().Digest {
		t.Errorf("the beginning says %+v", e.Info())
	}
	smallest, biggest := e.Info().Space.Min(), e.Info().Space.Max()
	for i, end := range parts.Ends() {
		if i > 0 {
			if err := e.Append(file[parts.Ends()[i-1]:end]); err != nil {
				t.Fatal(err)
			}
		}
		for _, a := range []int{0, 1} {
			child := smallest
			if a == 1 {
				child = e.Ceiling()
			}
			want := ask(t, full, open(t, full, img), child, Options{})
			if got := ask(t, e, open(t, e, img), child, Options{}); !slices.Equal(got.Logits, want.Logits) {
				t.Errorf("with %d parts %s answers %v, want %v", i+1, child, got.Logits, want.Logits)
			}
		}
		_, err := e.Classify(open(t, e, img), biggest, Options{})
		_, wrong := e.Classify(open(t, e, img), smallest, Options{Inherited: true})
		if last := i == len(parts.Ends())-1; last != (err == nil) || last != (wrong == nil) {
			t.Errorf("with %d parts the biggest child: %v; inherited statistics: %v", i+1, err, wrong)
		} else if !last && (fault.Of(err).Code != CodeNotHere || fault.Of(wrong).Code != CodeNotHere) {
			t.Errorf("with %d parts: %v, %v", i+1, err, wrong)
		}
	}
	if err := e.Append([]byte{1}); err == nil {
		t.Error("a byte behind the end is taken")
	}
}
