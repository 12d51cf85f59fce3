package dataset

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/color"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bignas/core/fault"
)

// many is a data set of n images of two classes in train/ and val/, all
// different, the broken ones among them unreadable.
func many(t *testing.T, n int, broken ...int) []entry {
	var all []entry
	for i := range n {
		half := "train"
		if i%5 == 4 {
			half = "val"
		}
		e := entry{fmt.Sprintf("%s/class%d/%03d.png", half, i%2, (i*7)%100), img(t, 8+i%3, 8, color.RGBA{uint8(i), uint8(2 * i), 200, 255})}
		if slices.Contains(broken, i) {
			e.data = e.data[:20]
		}
		all = append(all, e)
	}
	return append(all, entry{"logo.png", img(t, 8, 8, color.Black)})
}

func prepare(t *testing.T, path, out string, o PrepareOptions) *Prepared {
	t.Helper()
	done, err := Prepare(context.Background(), path, out, o)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// same compares everything that a data set shows.
func same(t *testing.T, what string, got, want *Dataset) {
	t.Helper()
	if !slices.Equal(got.Classes, want.Classes) || !slices.Equal(got.Labels, want.Labels) || got.Side != want.Side || got.Len() != want.Len() || len(got.Skipped) != len(want.Skipped) {
		t.Fatalf("%s: %s, want %s", what, got.Describe(), want.Describe())
	}
	for i := range want.Len() {
		if got.Name(i) != want.Name(i) || got.Label(i) != want.Label(i) || got.items[i].half != want.items[i].half || !bytes.Equal(got.Image(i), want.Image(i)) {
			t.Fatalf("%s: image %d, %s, differs", what, i, want.Name(i))
		}
	}
	for i, s := range want.Skipped {
		if got.Skipped[i].Name != s.Name || got.Skipped[i].Err.Error() != s.Err.Error() {
			t.Errorf("%s: skipped %v, want %v", what, got.Skipped[i], s)
		}
	}
}

// small makes files of four images of side 8.
func small() PrepareOptions {
	return PrepareOptions{Options: Options{Side: 8, Workers: 3}, ShardBytes: 4 * 3 * 8 * 8, MaxCorrupt: 0.1}
}

// TestPreparedIsTheSame: a prepared folder opens as its source does, from every
// kind of source.
func TestPreparedIsTheSame(t *testing.T) {
	for kind, file := range pack(t, many(t, 30, 3, 17)) {
		want, err := Open(file, Options{Side: 8})
		if err != nil {
			t.Fatal(err)
		}
		out := filepath.Join(t.TempDir(), "out")
		done := prepare(t, file, out, small())
		if done.Count != 28 || done.Seen != 31 || done.Shards != 8 || len(done.Skipped) != 3 || done.Bytes != 29*192 {
			t.Errorf("%s: %+v", kind, done)
		}
		got, err := Open(out, Options{Side: 8})
		if err != nil {
			t.Fatal(err)
		}
		same(t, kind, got, want)
		if err := got.Verify(); err != nil {
			t.Error(err)
		}
		if err := got.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestInterruptedPreparationGoesOn: stopped at any image, it leaves whole files
// only, is no data set yet, and ends in the same bytes.
func TestInterruptedPreparationGoesOn(t *testing.T) {
	file := pack(t, many(t, 30, 3))["a.tgz"]
	whole := filepath.Join(t.TempDir(), "whole")
	prepare(t, file, whole, small())
	for _, at := range []int{1, 4, 5, 18, 31} {
		out := filepath.Join(t.TempDir(), "out")
		ctx, cancel := context.WithCancel(context.Background())
		o := small()
		o.Progress = func(done, _ int) {
			if done == at {
				cancel()
			}
		}
		_, err := Prepare(ctx, file, out, o)
		cancel()
		if at < 31 && !errors.Is(err, context.Canceled) {
			t.Fatalf("stopped at %d: %v", at, err)
		}
		if at == 31 { // it was the last
			continue
		}
		if files, _ := filepath.Glob(filepath.Join(out, "*.part")); len(files) > 0 {
			t.Errorf("stopped at %d: %v stay", at, files)
		}
		if err := os.WriteFile(filepath.Join(out, shardName(at/4)+".part"), []byte("of a killed process"), 0o644); err != nil {
			t.Fatal(err)
		}
		done := prepare(t, file, out, small())
		if done.Resumed != at/4*4 || done.Seen != 31 {
			t.Errorf("stopped at %d: %d of %d images were kept", at, done.Resumed, done.Seen)
		}
		names, _ := filepath.Glob(filepath.Join(whole, "*"))
		for _, name := range names {
			a, _ := os.ReadFile(name)
			b, err := os.ReadFile(filepath.Join(out, filepath.Base(name)))
			if err != nil || !bytes.Equal(a, b) {
				t.Errorf("stopped at %d: %s differs", at, filepath.Base(name))
			}
		}
	}
}

func TestPrepareMistakes(t *testing.T) {
	check := func(what string, err error, code, part string) {
		t.Helper()
		if f := fault.Of(err); f == nil || f.Code != code || !strings.Contains(err.Error(), part) {
			t.Errorf("%s: %v, want code %s and %q", what, err, code, part)
		}
	}
	ctx := context.Background()
	good := pack(t, many(t, 12))
	out := filepath.Join(t.TempDir(), "out")
	prepare(t, good["a.zip"], out, small())
	_, err := Prepare(ctx, good["a.zip"], out, small())
	check("prepared before", err, CodePrepared, "already")
	_, err = Open(out, Options{Side: 16})
	check("another side", err, CodePrepared, "side = 8")

	// 11 of 40 are more than 10 and more than 10 %.
	broken := make([]int, 11)
	for i := range broken {
		broken[i] = 2 + 3*i
	}
	_, err = Prepare(ctx, pack(t, many(t, 40, broken...))["a.tar"], filepath.Join(t.TempDir(), "x"), small())
	check("many broken", err, CodeCorrupt, "10 %")
	_, err = Prepare(ctx, writeFolder(t, []entry{{"a/1.png", []byte("no")}, {"b/1.png", []byte("no")}}), filepath.Join(t.TempDir(), "x"), small())
	check("all broken", err, CodeCorrupt, "a/1.png")
	_, err = Prepare(ctx, writeFolder(t, nil), filepath.Join(t.TempDir(), "x"), small())
	check("nothing", err, CodeNoData, "")

	// Files of another preparation are not mixed in.
	part := filepath.Join(t.TempDir(), "part")
	prepare(t, good["a.zip"], part, small())
	if err := os.Remove(filepath.Join(part, preparedName)); err != nil {
		t.Fatal(err)
	}
	o := small()
	o.Decoder.Name = "another"
	_, err = Prepare(ctx, good["a.zip"], part, o)
	check("another decoder", err, CodePrepared, "decoder")

	// Damage is found: the length when opening, the bytes by Verify.
	damage := func(name string, change func([]byte) []byte) string {
		folder := filepath.Join(t.TempDir(), "d")
		if err := os.CopyFS(folder, os.DirFS(out)); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, name), change(data), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
		return folder
	}
	flip := func(at int) func([]byte) []byte {
		return func(b []byte) []byte { b[at] ^= 1; return b }
	}
	for name, change := range map[string]func([]byte) []byte{
		shardName(1): func(b []byte) []byte { return b[:len(b)-1] }, shardName(0): flip(3), indexName: flip(20), preparedName: func([]byte) []byte { return []byte("{}") },
	} {
		_, err = Open(damage(name, change), Options{Side: 8})
		check("damaged "+name, err, CodePrepared, "")
	}
	d, err := Open(damage(shardName(1), flip(4500)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Verify(); err == nil || !strings.Contains(err.Error(), shardName(1)) {
		t.Errorf("a changed pixel: %v", err)
	}
	d.Close()
}
