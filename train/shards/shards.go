// Package shards keeps decoded images in files that are mapped into memory, so
// that a data set bigger than the memory is read image by image and costs no
// decoding.
//
// A shard is one file: a header of HeaderSize bytes, which `head -c 4096` shows
// (a line with the magic words, a line of JSON, blanks), then Count images of
// Side x Side RGB bytes, then a table of every source image, one line of JSON
// each. It gets its name only when it is complete, so that a file with the right
// name is whole.
package shards

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"os"
)

// HeaderSize is how many bytes lie before the first image: a page.
const HeaderSize = 4096

const (
	magic   = "bignas rgb shard\n"
	version = 1
)

// Header says what is in a shard.
type Header struct {
	Version  int    `json:"version"`
	Side     int    `json:"side"`     // pixels on a side of every image
	Channels int    `json:"channels"` // 3, RGB, one byte each
	Count    int    `json:"count"`    // images in this file
	Fit      string `json:"fit"`      // how images became square and of this side
	Decoder  string `json:"decoder"`  // what decoded them
	Source   string `json:"source"`   // name of the data set they come from
	Plan     string `json:"plan"`     // digest of everything that decides the content; equal in all files of a set
	First    int    `json:"first"`    // number of the first source image, counted through all files
	Seen     int    `json:"seen"`     // source images that this file accounts for, Count and the skipped ones
	Pixels   uint32 `json:"pixels"`   // CRC-32C of the images
	Table    int    `json:"table"`    // bytes of the table
	TableCRC uint32 `json:"tableCrc"` // CRC-32C of the table
}

// Entry is a line of the table: a source image, and why it is not in the file.
type Entry struct {
	Name string `json:"name"`
	Err  string `json:"error,omitempty"`
	Sum  string `json:"sum,omitempty"` // of the image's file; empty: not known
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

// Create begins the shard path, under another name until Close. h says what is
// known before: Side, Fit, Decoder, Source, Plan and First.
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

// Seen is how many source images have been added.
func (w *Writer) Seen() int { return w.head.Seen }

// Add appends an image of Side*Side*3 bytes; sum tells its file from others.
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

// Skip notes a source image that could not be read.
func (w *Writer) Skip(name string, why error) error {
	return w.note(Entry{Name: name, Err: why.Error()})
}

func (w *Writer) note(e Entry) error {
	w.head.Seen++
	return json.NewEncoder(&w.list).Encode(e)
}

// Close completes the file, brings it to the disk and gives it its name.
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

// Abort gives up and removes what was written.
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

// each is the number of bytes of one image.
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
