package dataset

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"bignas/core/preprocess"
)

// BenchmarkOpen reads the data sets that BIGNAS_DATA names, with a colon between,
// as training does at 64 pixels, and without decoding. It states the processor time
// and the most memory that the process had; each is worth a process of its own:
//
//	BIGNAS_DATA=tiny.tar go test ./train/dataset -run '^$' -bench 'Open/decoded' -benchtime 1x
func BenchmarkOpen(b *testing.B) {
	paths := filepath.SplitList(os.Getenv("BIGNAS_DATA"))
	if len(paths) == 0 || paths[0] == "" {
		b.Skip("BIGNAS_DATA names no data set")
	}
	nothing := Decoder{Name: "nothing", New: func() func([]byte, int, int) (*preprocess.Image, error) {
		return func([]byte, int, int) (*preprocess.Image, error) {
			return &preprocess.Image{W: 1, H: 1, Pix: make([]uint8, 3)}, nil
		}
	}}
	for _, path := range paths {
		for what, o := range map[string]Options{"decoded": {Side: 64, Workers: 2}, "read": {Side: 1, Workers: 2, Decoder: nothing}} {
			b.Run(what+"/"+strings.ReplaceAll(filepath.Base(path), "/", "_"), func(b *testing.B) {
				began := used(b)
				for b.Loop() {
					d, err := Open(path, o)
					if err != nil {
						b.Fatal(err)
					}
					b.ReportMetric(float64(d.Len()), "images")
				}
				var u syscall.Rusage
				if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric((used(b)-began).Seconds()/float64(b.N), "cpu-s/op")
				b.ReportMetric(float64(u.Maxrss)/1024, "peak-MiB")
			})
		}
	}
}

// used is the processor time of the process so far.
func used(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
