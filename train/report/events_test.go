package report

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func writeEvents(t *testing.T, folder string, done float64, rows ...row) {
	t.Helper()
	e, err := OpenEvents[row](folder, done)
	if err != nil {
		t.Fatal(err)
	}
	e.now = func() time.Time { return time.Unix(1_700_000_000, 500_000_000) }
	for _, r := range rows {
		if err := e.Append(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestEvents: what is written reads back; a resumed run goes on after its epoch,
// also where the last record was cut off; a damaged record is told.
func TestEvents(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, EventsName)
	writeEvents(t, dir, 0, row{1, 2.25, 0.125, -1}, row{2, 1.5, 0.25, 0.5}, row{3, 1, 0.5, -1})
	want := []Event{
		{Version: "brain.Event:2", Scalars: map[string]float32{}},
		{Time: 1_700_000_000.5, Step: 1, Scalars: map[string]float32{"loss/biggest": 2.25, "train/biggest": 0.125}},
		{Time: 1_700_000_000.5, Step: 2, Scalars: map[string]float32{"loss/biggest": 1.5, "train/biggest": 0.25, "val/biggest": 0.5}},
		{Time: 1_700_000_000.5, Step: 3, Scalars: map[string]float32{"loss/biggest": 1, "train/biggest": 0.5}},
	}
	check := func(what string, want []Event) {
		t.Helper()
		got, err := ReadEvents(file)
		if err != nil {
			t.Fatal(err)
		}
		got[0].Time = 0 // of the opening
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", what, got, want)
		}
	}
	check("written", want)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	// Every event file of TensorFlow begins so: 24 bytes, their masked checksum.
	if begin := []byte("\x18\x00\x00\x00\x00\x00\x00\x00\xa3\x7f\x4b\x22"); !bytes.HasPrefix(whole, begin) {
		t.Errorf("the file begins with %x, want %x", whole[:len(begin)], begin)
	}

	if err := os.WriteFile(file, whole[:len(whole)-5], 0o644); err != nil {
		t.Fatal(err)
	}
	check("cut off", want[:3])
	writeEvents(t, dir, 3, row{3, 1, 0.5, -1})
	check("resumed after 2, the third cut off", want)
	writeEvents(t, dir, 1, row{2, 1.5, 0.25, 0.5})
	check("resumed after 1", want[:3])

	whole[len(whole)-10] ^= 1
	if err := os.WriteFile(file, whole, 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := ReadEvents(file); err == nil || !strings.Contains(err.Error(), "damaged") || len(got) != 3 {
		t.Errorf("a flipped bit: %d events, error %v", len(got), err)
	}
}
