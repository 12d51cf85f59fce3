package dataset

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"sync"

	"bignas/core/fault"
	"bignas/core/preprocess"
)

// Decoder decodes image files. The zero value is preprocess.Decode, with the same results on all machines.
type Decoder struct {
	Name string // recorded in prepared folders; "" for Go's own
	// New returns a decoder for one goroutine, which returns upright images. They may be reduced, but no side
	// below side pixels, unless it is in the file. Images of more than maxPixels (0:
	// preprocess.DefaultMaxPixels) are refused.
	New func() func(data []byte, side, maxPixels int) (*preprocess.Image, error)
}

// start returns the decoder of a goroutine.
func (d Decoder) start() func(data []byte, side, maxPixels int) (*preprocess.Image, error) {
	if d.New != nil {
		return d.New()
	}
	return func(data []byte, _, maxPixels int) (*preprocess.Image, error) {
		return preprocess.Decode(data, maxPixels)
	}
}

// decoded is the result of a worker for an image file.
type decoded struct {
	name string
	pix  []uint8
	sum  uint64 // of the file (digest)
	err  error
}

// decodeAll decodes a source into memory.
func decodeAll(src *source, o Options) (items []item, skipped []Skipped, err error) {
	n := 0
	err = decodeInOrder(src, o, 0, func(d decoded) bool {
		if d.err != nil {
			skipped = append(skipped, Skipped{d.name, d.err})
		} else {
			items = append(items, item{name: d.name, pix: d.pix, sum: d.sum})
		}
		if n++; o.Progress != nil {
			o.Progress(n, src.total)
		}
		return true
	})
	return items, skipped, err
}

// decodeInOrder reads src in one goroutine, decodes in o.Workers others, and calls take for the images after the first skip,
// in the order of the source, until it returns false.
func decodeInOrder(src *source, o Options, skip int, take func(decoded) bool) error {
	type job struct {
		name string
		data []byte
		err  error
		done chan decoded
	}
	jobs, queue := make(chan job, o.Workers), make(chan job, 4*o.Workers)
	stop := make(chan struct{})
	var failed error
	var all sync.WaitGroup
	all.Go(func() {
		defer close(queue)
		defer close(jobs)
		failed = src.each(func(name string, read func() ([]byte, error)) bool {
			if skip > 0 {
				skip--
				return true
			}
			j := job{name: name, done: make(chan decoded, 1)}
			j.data, j.err = read()
			select {
			case queue <- j:
			case <-stop:
				return false
			}
			jobs <- j
			return true
		})
	})
	for range o.Workers {
		all.Go(func() {
			fit, decode := fitter{}, o.Decoder.start()
			for j := range jobs {
				d := decoded{name: j.name, err: j.err}
				if d.err == nil {
					d.sum = digest(j.data)
					d.pix, d.err = fit.decode(decode, j.data, o.Side, o.MaxPixels)
				}
				j.done <- d
			}
		})
	}
	stopped := false
	for j := range queue {
		d := <-j.done
		if !stopped && !take(d) {
			stopped = true
			close(stop)
		}
	}
	all.Wait()
	return damagedArchive(failed)
}

// digest returns 8 bytes of the SHA-256 of a file.
func digest(data []byte) uint64 {
	sum := sha256.Sum256(data)
	return binary.BigEndian.Uint64(sum[:8])
}

func damagedArchive(err error) error {
	var known *fault.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	return fault.New(CodeArchive, "", "data: %v", err)
}

// fitter decodes images and makes them square. It reuses its buffers.
type fitter struct{ preprocess.Fitter }

// decode returns side*side RGB bytes.
func (f *fitter) decode(decode func([]byte, int, int) (*preprocess.Image, error), data []byte, side, maxPixels int) ([]uint8, error) {
	im, err := decode(data, side, maxPixels)
	if err != nil {
		return nil, err
	}
	if im.W == side && im.H == side {
		return im.Pix, nil
	}
	return f.Fit(im, side), nil
}
