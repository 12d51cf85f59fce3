// Package shards stores decoded images in files that are mapped into memory, so that data sets bigger than the
// memory are read without decoding.
//
// A shard is one file: a header of HeaderSize bytes, which `head -c 4096` shows (a line with the magic words, a
// line of JSON, blanks), then Count images of Side x Side RGB bytes, then a table with a line of JSON for each
// source image. A shard is renamed to its final name when it is complete.
package shards

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"os"
)

// HeaderSize is the number of bytes before the first image: a page.
const HeaderSize = 4096

const (
	magic   = "bignas rgb shard\n"
	version = 1
)

// Header describes the content of a shard.
type Header struct {
	Version  int    `json:"version"`
	Side     int    `json:"side"`     // pixels on a side of every image
	Channels int    `json:"channels"` // 3, RGB, one byte each
	Count    int    `json:"count"`    // images in this file
	Fit      string `json:"fit"`      // how images were made square and resized
	Decoder  string `json:"decoder"`  // the decoder
	Source   string `json:"source"`   // name of the data set they come from
	Plan     string `json:"plan"`     // digest of everything that determines the content; the same in all files of a set
	First    int    `json:"first"`    // number of the first source image in all files
	Seen     int    `json:"seen"`     // source images of this file: Count and the skipped ones
	Pixels   uint32 `json:"pixels"`   // CRC-32C of the images
	Table    int    `json:"table"`    // bytes of the table
	TableCRC uint32 `json:"tableCrc"` // CRC-32C of the table
}

// Entry is a line of the table: a source image and, where it was skipped, the reason.
type Entry struct {
	Name string `json:"name"`
	Err  string `json:"error,omitempty"`
	Sum  string `json:"sum,omitempty"` // checksum of the image's file; empty where not known
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Writer writes one shard.
type Writer struct {
	path string
	file *os.File
	head Header
	list bytes.Buffer
	err  error
}

// Create begins the shard path, which has another name until Close. Of h, Side, Fit, Decoder, Source, Plan and
// First must be set.
func Create(path string, h Header) (*Writer, error) {
	f, err := os.Create(path + ".part")
	if err != nil {
		return nil, err
	}
	h.Version, h.Channels, h.Count, h.Seen, h.Pixels = version, 3, 0, 0, 0
	w := &Writer{path: path, file: f, head: h}
	if _, err := f.Seek(HeaderSize, io.SeekStart); err != nil {
		w.Abort()
		return nil, err
	}
	return w, nil
}

// Seen returns the number of source images that have been added or skipped.
func (w *Writer) Seen() int { return w.head.Seen }

// Add appends an image of Side*Side*3 bytes. sum is the checksum of its file.
func (w *Writer) Add(name, sum string, pix []uint8) error {
	if len(pix) != w.head.Side*w.head.Side*3 {
		return fmt.Errorf("shards: an image has %d bytes, want %d", len(pix), w.head.Side*w.head.Side*3)
	}
	if _, err := w.file.Write(pix); err != nil {
		return err
	}
	w.head.Pixels = crc32.Update(w.head.Pixels, castagnoli, pix)
	w.head.Count++
	return w.note(Entry{Name: name, Sum: sum})
}

// Skip records a source image that could not be read.
func (w *Writer) Skip(name string, why error) error {
	return w.note(Entry{Name: name, Err: why.Error()})
}

func (w *Writer) note(e Entry) error {
	w.head.Seen++
	return json.NewEncoder(&w.list).Encode(e)
}

// Close completes the file, syncs it and renames it.
func (w *Writer) Close() error {
	w.head.Table, w.head.TableCRC = w.list.Len(), crc32.Checksum(w.list.Bytes(), castagnoli)
	head, err := w.head.bytes()
	if err == nil {
		_, err = w.file.Write(w.list.Bytes())
	}
	if err == nil {
		_, err = w.file.WriteAt(head, 0)
	}
	if err == nil {
		err = w.file.Sync()
	}
	if err == nil {
		err = w.file.Close()
	}
	if err == nil {
		err = os.Rename(w.path+".part", w.path)
	}
	if err != nil {
		w.Abort()
	}
	return err
}

// Abort removes the file.
func (w *Writer) Abort() {
	w.file.Close()
	os.Remove(w.path + ".part")
}

func (h Header) bytes() ([]byte, error) {
	text, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	if len(magic)+len(text) >= HeaderSize {
		return nil, fmt.Errorf("shards: the header needs %d bytes, there are %d", len(magic)+len(text)+1, HeaderSize)
	}
	head := bytes.Repeat([]byte{' '}, HeaderSize)
	copy(head, magic)
	copy(head[len(magic):], text)
	head[HeaderSize-1] = '\n'
	return head, nil
}

// each returns the number of bytes of one image.
func (h Header) each() int { return h.Side * h.Side * h.Channels }

// read parses and checks the header of a file of size bytes.
func (h *Header) read(head []byte, size int64) error {
	text, ok := bytes.CutPrefix(head, []byte(magic))
	if !ok || len(head) != HeaderSize {
		return fmt.Errorf("it does not begin with %q", magic[:len(magic)-1])
	}
	if err := json.Unmarshal(bytes.TrimSpace(text), h); err != nil {
		return fmt.Errorf("its header is damaged: %w", err)
	}
	switch {
	case h.Version != version:
		return fmt.Errorf("its version is %d, this program reads %d", h.Version, version)
	case h.Side < 1 || h.Side > 4096 || h.Channels != 3 || h.Count < 0 || h.Count > 1<<31 || h.Seen < h.Count || h.Table < 0:
		return fmt.Errorf("its header is damaged: %d images of %d, side %d, %d channels", h.Count, h.Seen, h.Side, h.Channels)
	}
	if want := HeaderSize + int64(h.Count)*int64(h.each()) + int64(h.Table); size != want {
		return fmt.Errorf("it has %d bytes, its header says %d", size, want)
	}
	return nil
}
