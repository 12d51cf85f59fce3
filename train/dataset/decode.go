package dataset

import (
	"errors"
	"sync"

	"bignas/core/fault"
	"bignas/core/preprocess"
)

// file is a picture file on its way to a decoder.
type file struct {
	name string
	data []byte
	err  error // of reading it
}

// decoded is a picture on its way back.
type decoded struct {
	name string
	pix  []uint8
	err  error
}

// decodeAll reads src in one goroutine and decodes in o.Workers others.
func decodeAll(src *source, o Options) (items []item, skipped []Skipped, err error) {
	files, done := make(chan file, o.Workers), make(chan decoded, o.Workers)
	go func() {
		defer close(files)
		err = src.each(func(name string, data []byte, err error) bool {
			files <- file{name, data, err}
			return true
		})
	}()
	var workers sync.WaitGroup
	for range o.Workers {
		workers.Go(func() {
			var fit fitter
			for f := range files {
				d := decoded{name: f.name, err: f.err}
				if d.err == nil {
					d.pix, d.err = fit.decode(f.data, o.Side, o.MaxPixels)
				}
				done <- d
			}
		})
	}
	go func() {
		workers.Wait()
		close(done)
	}()
	n := 0
	for d := range done {
		if d.err != nil {
			skipped = append(skipped, Skipped{d.name, d.err})
		} else {
			items = append(items, item{name: d.name, pix: d.pix})
		}
		if n++; o.Progress != nil {
			o.Progress(n, max(src.total, 0))
		}
	}
	// done is closed after files, and that after err is set.
	if bad := damagedArchive(err); bad != nil {
		return nil, nil, bad
	}
	return items, skipped, nil
}

func damagedArchive(err error) error {
	var known *fault.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	return fault.New(CodeArchive, "", "data: %v", err)
}

// fitter decodes pictures and makes them square; it keeps its buffers.
type fitter struct {
	axis      preprocess.Axis
	row, rows []float32
	out       []float32
}

// decode returns side*side RGB bytes.
func (f *fitter) decode(data []byte, side, maxPixels int) ([]uint8, error) {
	im, err := preprocess.Decode(data, maxPixels)
	if err != nil {
		return nil, err
	}
	if im.W == side && im.H == side {
		return im.Pix, nil
	}
	return f.fit(im, side), nil
}

// fit crops the centre square of im and resizes it, rows first.
func (f *fitter) fit(im *preprocess.Image, side int) []uint8 {
	square := min(im.W, im.H)
	left, top := (im.W-square)/2, (im.H-square)/2
	if f.axis.From != square || f.axis.To != side {
		f.axis.Plan(square, side)
	}
	wide, narrow := square*3, side*3
	f.row, f.out = sized(f.row, wide), sized(f.out, narrow)
	f.rows = sized(f.rows, square*narrow)
	for y := range square {
		at := ((top+y)*im.W + left) * 3
		for x, v := range im.Pix[at : at+wide] {
			f.row[x] = float32(v)
		}
		f.axis.Across(f.rows[y*narrow:(y+1)*narrow], f.row, 3)
	}
	pix := make([]uint8, side*narrow)
	for y := range side {
		f.axis.Down(f.out, f.rows, y, narrow)
		for x, v := range f.out {
			pix[y*narrow+x] = uint8(min(max(v, 0), 255) + 0.5)
		}
	}
	return pix
}

// sized returns a slice of n floats, s if it is big enough.
func sized(s []float32, n int) []float32 {
	if cap(s) < n {
		return make([]float32, n)
	}
	return s[:n]
}
