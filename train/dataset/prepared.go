package dataset

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"bignas/core/fault"
	"bignas/train/shards"
)

// A prepared folder has prepared.json, index.tsv and the shards. The index has a line for each image, in the order of the shards:
// half, class and name, separated by tabs, with "-" for half and class of an image that has none.
const (
	preparedName = "prepared.json"
	indexName    = "index.tsv"
)

// manifest is the content of prepared.json.
type manifest struct {
	Version  int       `json:"version"`
	Source   string    `json:"source"`
	Side     int       `json:"side"`
	Count    int       `json:"count"` // images with a class
	Fit      string    `json:"fit"`
	Decoder  string    `json:"decoder"`
	Plan     string    `json:"plan"`
	Shards   int       `json:"shards"`
	IndexCRC uint32    `json:"indexCrc"`
	Classes  []string  `json:"classes"`
	Labels   []string  `json:"labels"`
	Skipped  []skipped `json:"skipped"`
	Empty    []string  `json:"empty,omitempty"`
	LeftOut  []LeftOut `json:"leftOut,omitempty"`
}

// skipped is Skipped as JSON.
type skipped struct {
	Name string `json:"name"`
	Err  string `json:"error"`
}

var halfNames = [...]string{trainHalf: "train", valHalf: "val"}

func isPrepared(path string) bool {
	_, err := os.Stat(filepath.Join(path, preparedName))
	return err == nil
}

// writeIndex writes the index and then the manifest, with which the folder is complete. order is the names of all images in the
// order of the shards.
func (d *Dataset) writeIndex(folder string, h shards.Header, order []string, files int) error {
	placed := make(map[string]*item, len(d.items))
	for i := range d.items {
		placed[d.items[i].name] = &d.items[i]
	}
	var index bytes.Buffer
	for _, name := range order {
		half, class := "-", "-"
		if it := placed[name]; it != nil {
			half, class = halfNames[it.half], d.Classes[it.label]
			delete(placed, name) // others of the same name are left out
		}
		fmt.Fprintf(&index, "%s\t%s\t%s\n", half, class, name)
	}
	m := manifest{Version: 1, Source: h.Source, Side: d.Side, Count: len(d.items), Fit: h.Fit, Decoder: h.Decoder, Plan: h.Plan,
		Shards: files, IndexCRC: crc32.ChecksumIEEE(index.Bytes()), Classes: d.Classes, Labels: d.Labels,
		Empty: d.Empty, LeftOut: d.LeftOut}
	for _, s := range d.Skipped {
		m.Skipped = append(m.Skipped, skipped{s.Name, s.Err.Error()})
	}
	text, err := json.MarshalIndent(m, "", " ")
	if err == nil {
		err = writeWhole(filepath.Join(folder, indexName), index.Bytes())
	}
	if err == nil {
		err = writeWhole(filepath.Join(folder, preparedName), append(text, '\n'))
	}
	if err != nil {
		return fault.New(CodePrepared, "make room on the disk and run the same command again: whole files are kept", "data: %v", err)
	}
	return nil
}

// writeWhole writes a file as a whole or not at all.
func writeWhole(path string, data []byte) error {
	f, err := os.Create(path + ".part")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if other := f.Close(); err == nil {
		err = other
	}
	if err == nil {
		err = os.Rename(path+".part", path)
	}
	return err
}

// openPrepared maps a prepared folder. side is the side that is expected, 0 for any.
func openPrepared(folder string, side int) (*Dataset, error) {
	bad := func(hint, format string, args ...any) error {
		return fault.New(CodePrepared, hint, "data: %s: "+format, append([]any{folder}, args...)...)
	}
	const again = "delete the folder and run train prepare again"
	text, err := os.ReadFile(filepath.Join(folder, preparedName))
	if err != nil {
		return nil, bad("", "%v", err)
	}
	var m manifest
	if err := json.Unmarshal(text, &m); err != nil || m.Version != 1 || len(m.Classes) < 2 || len(m.Labels) != len(m.Classes) {
		return nil, bad(again, "%s is damaged or of another version", preparedName)
	}
	if side != 0 && side != m.Side {
		return nil, bad(fmt.Sprintf("set side = %d in the configuration, or run train prepare with --side %d", m.Side, side),
			"its images have a side of %d pixels, the configuration wants %d", m.Side, side)
	}
	index, err := os.ReadFile(filepath.Join(folder, indexName))
	if err != nil {
		return nil, bad(again, "%v", err)
	}
	if crc32.ChecksumIEEE(index) != m.IndexCRC {
		return nil, bad(again, "%s is damaged", indexName)
	}
	d := &Dataset{Source: folder, Side: m.Side, Classes: m.Classes, Labels: m.Labels, Empty: m.Empty, LeftOut: m.LeftOut}
	for _, s := range m.Skipped {
		d.Skipped = append(d.Skipped, Skipped{s.Name, errors.New(s.Err)})
	}
	if err := d.mapShards(folder, m, index); err != nil {
		d.Close()
		return nil, bad(again, "%v", err)
	}
	slices.SortFunc(d.items, func(a, b item) int { return strings.Compare(a.name, b.name) })
	return d, nil
}

// mapShards fills d.items from the lines of the index.
func (d *Dataset) mapShards(folder string, m manifest, index []byte) error {
	label := make(map[string]int, len(m.Classes))
	for i, c := range m.Classes {
		label[c] = i
	}
	d.items = make([]item, 0, m.Count)
	scan := bufio.NewScanner(bytes.NewReader(index))
	scan.Buffer(nil, 1<<20)
	for k := range m.Shards {
		s, err := shards.Open(filepath.Join(folder, shardName(k)))
		if err != nil {
			return err
		}
		d.mapped = append(d.mapped, s)
		if s.Plan != m.Plan || s.Side != m.Side {
			return fmt.Errorf("%s belongs to another data set", shardName(k))
		}
		for i := range s.Count {
			if !scan.Scan() {
				return fmt.Errorf("%s has fewer lines than the shards have images", indexName)
			}
			half, rest, _ := strings.Cut(scan.Text(), "\t")
			class, name, ok := strings.Cut(rest, "\t")
			if half == "-" {
				continue
			}
			h, known := slices.Index(halfNames[:], half), 0
			if known, ok = label[class]; !ok || h < 0 {
				return fmt.Errorf("%s has a line with half %q and class %q", indexName, half, class)
			}
			d.items = append(d.items, item{name: name, pix: s.Image(i), label: known, half: trainHalf})
			if h == 1 {
				d.items[len(d.items)-1].half = valHalf
			}
		}
	}
	if len(d.items) != m.Count {
		return fmt.Errorf("it has %d images, %s says %d", len(d.items), preparedName, m.Count)
	}
	return nil
}

// loadSums reads the digests of the files from the tables of the shards.
func (d *Dataset) loadSums() error {
	sums := make(map[string]uint64, len(d.items))
	for _, s := range d.mapped {
		entries, err := s.Entries()
		if err != nil {
			return err
		}
		for _, e := range entries {
			if e.Err == "" && sums[e.Name] == 0 {
				sums[e.Name] = sumIn(e)
			}
		}
	}
	for i := range d.items {
		d.items[i].sum = sums[d.items[i].name]
	}
	return nil
}

// Verify checks the checksums of a prepared folder. For other data sets it does nothing.
func (d *Dataset) Verify() error {
	for _, s := range d.mapped {
		if err := s.Verify(); err != nil {
			return err
		}
	}
	return nil
}

// Close unmaps the files of a prepared folder, after which no image may be used. For other data sets it does nothing.
func (d *Dataset) Close() error {
	var errs []error
	for _, s := range d.mapped {
		errs = append(errs, s.Close())
	}
	d.mapped = nil
	return errors.Join(errs...)
}
