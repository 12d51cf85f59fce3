package experiment

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"bignas/core/arch"
	"bignas/core/fault"
	"bignas/train/files"
)

// Row is the result of one child of one run.
type Row struct {
	Experiment string
	Seed       uint64
	Child      string // smallest, middle, biggest
	Arch       string
	Epochs     int
	Images     int     // trained on
	Top1       float64 // 0 to 1, BN statistics calibrated for the child
	N          int     // validation images
}

var columns = []string{"experiment", "seed", "child", "arch", "epochs", "images", "top1", "n"}

func (r Row) fields() []string {
	return []string{r.Experiment, fmt.Sprint(r.Seed), r.Child, r.Arch, fmt.Sprint(r.Epochs), fmt.Sprint(r.Images), strconv.FormatFloat(r.Top1, 'f', 4, 64), fmt.Sprint(r.N)}
}

// Rows is the CSV file of a suite. Its first line, a comment, says how it was made.
type Rows struct {
	file *os.File
	rows []Row
}

// OpenRows opens or creates the file of a suite. note is a line that says how it is made; a file with another one is
// refused, so that all rows can be compared.
func OpenRows(path, note string) (*Rows, error) {
	data, err := files.Read(path)
	if err != nil && !os.IsNotExist(err) {
		return nil, fault.New("bad_file", "name another file", "%s cannot be read: %v", path, err)
	}
	head := "# " + note + "\n" + strings.Join(columns, ",") + "\n"
	r := &Rows{}
	if len(data) > 0 {
		if !bytes.HasPrefix(data, []byte(head)) {
			return nil, fault.New("other_suite", "give the flags of its first line, or another file", "%s holds experiments that were made otherwise", path)
		}
		if r.rows, err = readRows(data[len(head):]); err != nil {
			return nil, fault.New("bad_file", "mend or move it", "%s: %v", path, err)
		}
	}
	if r.file, err = os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644); err != nil {
		return nil, fault.New("bad_file", "name a file that you may write", "%v", err)
	}
	if len(data) == 0 {
		if _, err := r.file.WriteString(head); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func readRows(data []byte) ([]Row, error) {
	c := csv.NewReader(bytes.NewReader(data))
	c.FieldsPerRecord = len(columns)
	records, err := c.ReadAll()
	if err != nil {
		return nil, err
	}
	var rows []Row
	for _, f := range records {
		r := Row{Experiment: f[0], Child: f[2], Arch: f[3]}
		_, err := fmt.Sscan(strings.Join([]string{f[1], f[4], f[5], f[6], f[7]}, " "), &r.Seed, &r.Epochs, &r.Images, &r.Top1, &r.N)
		if err != nil || !(r.Top1 >= 0 && r.Top1 <= 1) {
			return nil, fmt.Errorf("the row %q cannot be read", strings.Join(f, ","))
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// Has reports whether the file has the rows of all children of an experiment.
func (r *Rows) Has(experiment string, seed uint64, children map[string]arch.Arch) bool {
	for name, a := range children {
		if !r.has(experiment, seed, name, a.String()) {
			return false
		}
	}
	return true
}

func (r *Rows) has(experiment string, seed uint64, child, arch string) bool {
	return slices.ContainsFunc(r.rows, func(o Row) bool {
		return o.Experiment == experiment && o.Seed == seed && o.Child == child && o.Arch == arch
	})
}

// Add writes a row to the file, unless it exists.
func (r *Rows) Add(row Row) error {
	if r.has(row.Experiment, row.Seed, row.Child, row.Arch) {
		return nil
	}
	r.rows = append(r.rows, row)
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.Write(row.fields()); err != nil {
		return err
	}
	w.Flush()
	_, err := r.file.Write(b.Bytes())
	return err
}

// All returns the rows so far.
func (r *Rows) All() []Row { return slices.Clone(r.rows) }

// Close closes the file.
func (r *Rows) Close() error { return r.file.Close() }

// slug returns a name for a folder.
func slug(name string) string { return strings.ReplaceAll(name, " ", "-") }
