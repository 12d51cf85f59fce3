package shards

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// write makes a shard of three images of side 2, one more skipped.
func write(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.rgb")
	w, err := Create(path, Header{Side: 2, Fit: "f", Decoder: "d", Source: "s", Plan: "p", First: 5})
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"a", "b", "", "c"} {
		if name == "" {
			err = w.Skip("broken", errors.New("why\nnot"))
		} else {
			err = w.Add(name, "", bytes.Repeat([]byte{byte(i)}, 12))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("the file has its name before it is whole")
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	path := write(t)
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if s.Count != 3 || s.Seen != 4 || s.First != 5 || s.Side != 2 || s.Channels != 3 || s.Decoder != "d" || s.Plan != "p" {
		t.Errorf("header %+v", s.Header)
	}
	for i, want := range []byte{0, 1, 3} {
		if !bytes.Equal(s.Image(i), bytes.Repeat([]byte{want}, 12)) {
			t.Errorf("image %d is %v", i, s.Image(i))
		}
	}
	entries, err := s.Entries()
	if err != nil || !slices.Equal(entries, []Entry{{Name: "a"}, {Name: "b"}, {Name: "broken", Err: "why\nnot"}, {Name: "c"}}) {
		t.Errorf("entries %v, %v", entries, err)
	}
	if err := s.Verify(); err != nil {
		t.Error(err)
	}
}

func TestAbortLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	w, err := Create(filepath.Join(dir, "a"), Header{Side: 2})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Add("a", "", make([]byte, 11)); err == nil {
		t.Error("an image of the wrong size was taken")
	}
	w.Abort()
	if files, _ := os.ReadDir(dir); len(files) > 0 {
		t.Errorf("%v is left", files)
	}
}

// FuzzOpen: whatever the bytes, Open fails or gives images and entries that can
// be read.
func FuzzOpen(f *testing.F) {
	data, err := os.ReadFile(write(f))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(data[:HeaderSize])
	f.Add(bytes.Replace(data, []byte(`"side":2`), []byte(`"side":3`), 1))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		s, err := Open(path)
		if err != nil {
			return
		}
		defer s.Close()
		for i := range s.Count {
			if len(s.Image(i)) != 3*s.Side*s.Side {
				t.Error("an image of another size")
			}
		}
		if entries, err := s.Entries(); err == nil && len(entries) != s.Seen {
			t.Errorf("%d entries, want %d", len(entries), s.Seen)
		}
	})
}
