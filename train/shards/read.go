package shards

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"os"

	"bignas/train/mapped"
)

// Shard is a complete shard, mapped into memory.
type Shard struct {
	Header
	path string
	data []byte
}

func header(f *os.File, h *Header) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	head := make([]byte, HeaderSize)
	n, err := io.ReadFull(f, head)
	if err != nil && err != io.ErrUnexpectedEOF && err != io.EOF {
		return err
	}
	if err := h.read(head[:n], info.Size()); err != nil {
		return fmt.Errorf("shards: %s: %w", f.Name(), err)
	}
	return nil
}

// Open maps a shard. It checks the header, but not the images (Verify). Errors name the file.
func Open(path string) (*Shard, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	s := &Shard{path: path}
	if err := header(f, &s.Header); err != nil {
		return nil, err
	}
	if s.data, err = mapped.Map(f, HeaderSize+s.Count*s.each()+s.Header.Table); err != nil {
		return nil, fmt.Errorf("shards: %s cannot be mapped into memory: %w", path, err)
	}
	return s, nil
}

// Image returns image i, Side*Side*3 bytes of the mapped file, which are valid until Close and must not be
// changed.
func (s *Shard) Image(i int) []uint8 {
	at := HeaderSize + i*s.each()
	return s.data[at : at+s.each() : at+s.each()]
}

// Entries reads the table: all source images of the shard, in order. Those without an error are the images.
func (s *Shard) Entries() ([]Entry, error) {
	text := s.data[len(s.data)-s.Header.Table:]
	if crc32.Checksum(text, castagnoli) != s.TableCRC {
		return nil, fmt.Errorf("shards: %s: its table is damaged", s.path)
	}
	var all []Entry
	images := 0
	for d := json.NewDecoder(bytes.NewReader(text)); ; {
		var e Entry
		if err := d.Decode(&e); err == io.EOF {
			break
		} else if err != nil {
			return nil, fmt.Errorf("shards: %s: its table is damaged: %w", s.path, err)
		}
		if e.Err == "" {
			images++
		}
		all = append(all, e)
	}
	if len(all) != s.Seen || images != s.Count {
		return nil, fmt.Errorf("shards: %s: its table has %d of %d entries", s.path, len(all), s.Seen)
	}
	return all, nil
}

// Verify checks the checksum of the images.
func (s *Shard) Verify() error {
	if crc32.Checksum(s.data[HeaderSize:HeaderSize+s.Count*s.each()], castagnoli) != s.Pixels {
		return fmt.Errorf("shards: %s: its images are damaged", s.path)
	}
	return nil
}

// Close unmaps the shard, whose images are no longer valid.
func (s *Shard) Close() error {
	data := s.data
	s.data = nil
	return mapped.Unmap(data)
}
