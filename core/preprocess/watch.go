package preprocess

import (
	"bytes"
	"io"
)

// Watch is told how far the decoding of an image is, 0 to 1 and never less than
// before: decoded is the share of the file's bytes that the decoder has read for four fifths, and the
// rows made of it for the last one. It is called every few kilobytes and rows, so that it can let others
// run; its error ends the decoding and is returned as it is.
type Watch func(done float64) error

// decoded is the share of reading in what Watch is told; the last step of a
// progressive JPEG is between the two.
const decoded = 0.8

// few is how many bytes a decoder gets at once.
const few = 4096

// watched is a file that tells how much of it has been read.
type watched struct {
	data  []byte
	at    int
	watch Watch
	err   error // of watch
}

// Read gives the next few bytes, or the error of watch.
func (w *watched) Read(p []byte) (int, error) {
	if w.err == nil {
		w.err = w.watch(decoded * float64(w.at) / float64(len(w.data)))
	}
	if w.err != nil {
		return 0, w.err
	}
	if w.at == len(w.data) {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), few)], w.data[w.at:])
	w.at += n
	return n, nil
}

// reader is data for a decoder; watch may be nil. stopped is then the error with which
// watch ended it, which decoders wrap in their own words.
func reader(data []byte, watch Watch) (r io.Reader, stopped func() error) {
	if watch == nil {
		return bytes.NewReader(data), func() error { return nil }
	}
	w := &watched{data: data, watch: watch}
	return w, func() error { return w.err }
}
