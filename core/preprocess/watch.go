package preprocess

import (
	"bytes"
	"io"
)

// Watch is called with the progress of decoding an image, from 0 to 1: the first four fifths are
// the bytes that the decoder has read, the last fifth the rows that have been processed. It is
// called every few kilobytes and rows, so that it can let other work run. Its error ends the
// decoding and is returned unchanged.
type Watch func(done float64) error

// decoded is the progress after the last byte has been read. The last step of a progressive JPEG
// follows.
const decoded = 0.8

// few is the number of bytes that a decoder reads at once.
const few = 4096

// watched is a file that reports how much of it has been read.
type watched struct {
	data  []byte
	at    int
	watch Watch
	err   error // of watch
}

// Read reads the next few bytes, or returns the error of watch.
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

// reader returns data as a Reader for a decoder. stopped returns the error of watch, which
// decoders may wrap. watch may be nil.
func reader(data []byte, watch Watch) (r io.Reader, stopped func() error) {
	if watch == nil {
		return bytes.NewReader(data), func() error { return nil }
	}
	w := &watched{data: data, watch: watch}
	return w, func() error { return w.err }
}
