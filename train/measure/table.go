package measure

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"

	"bignas/core/arch"
	"bignas/core/cost"
	"bignas/core/fault"
	"bignas/core/predict"
	"bignas/train/files"
)

// Head says what a table of measured children belongs to. It is the first line of the
// file, a comment.
type Head struct {
	Space  *arch.Space
	Seed   uint64 // of the random children
	Source predict.Source
}

const headFormat = "# bignas-children-1 weights=%s space=%s classes=%d split=%s n=%d images=%d seed=%d"

// String formats the head as the first line.
func (h Head) String() string {
	return fmt.Sprintf(headFormat, h.Source.Digest, h.Space.Name, h.Source.Classes, h.Source.Split, h.Source.N, h.Source.Images, h.Seed)
}

const columns = "arch,macs,params,top1"

// CodeTable is the code of the errors of tables.
const CodeTable = "bad_children"

// Child returns child i of the table: the smallest, the biggest, then random ones, each
// of which depends on the seed and its number alone.
func (h Head) Child(i int) arch.Arch {
	switch i {
	case 0:
		return h.Space.Min()
	case 1:
		return h.Space.Max()
	}
	return h.Space.Sample(rand.New(rand.NewPCG(h.Seed, uint64(i))))
}

// ReadTable reads a table of measured children. The error is a *fault.Error that names
// the line. An incomplete last line is ignored; size is the number of bytes before it.
func ReadTable(data []byte) (h Head, samples []predict.Sample, size int, err error) {
	bad := func(line int, text string, args ...any) error {
		e := fault.New(CodeTable, "measure the children anew", text, args...)
		e.Message = fmt.Sprintf("line %d of the measured children: %s", line, e.Message)
		return e
	}
	lines := strings.SplitAfter(string(data), "\n")
	for i, line := range lines {
		text, whole := strings.CutSuffix(line, "\n")
		if !whole {
			break
		}
		switch i {
		case 0:
			var space string
			n, _ := fmt.Sscanf(text, headFormat, &h.Source.Digest, &space, &h.Source.Classes, &h.Source.Split, &h.Source.N, &h.Source.Images, &h.Seed)
			if h.Space, err = arch.Lookup(space); n != 7 || err != nil || h.Source.Classes < 2 || h.Source.Classes > 1e6 || h.Source.N < 1 || h.String() != text {
				return h, nil, 0, bad(1, "it is not a table of measured children")
			}
		case 1:
			if text != columns {
				return h, nil, 0, bad(2, "the columns are %q, expected %q", text, columns)
			}
		default:
			f := strings.Split(text, ",")
			if len(f) != 4 {
				return h, nil, 0, bad(i+1, "%d columns, expected 4", len(f))
			}
			a, err := h.Space.Parse(f[0])
			if err != nil {
				return h, nil, 0, bad(i+1, "%v", err)
			}
			top1, err := strconv.ParseFloat(f[3], 64)
			if err != nil || !(top1 >= 0 && top1 <= 1) || f[1] != fmt.Sprint(cost.Totals(a, h.Source.Classes).MACs) {
				return h, nil, 0, bad(i+1, "%q is not a measurement of this child", text)
			}
			samples = append(samples, predict.Sample{Arch: a, Accuracy: top1})
		}
		size += len(line)
	}
	if len(lines) < 3 {
		return h, nil, 0, bad(len(lines), "the table ends in its head")
	}
	return h, samples, size, nil
}

// Table is a file of measured children that can be appended to.
type Table struct {
	Head Head
	Done int // number of children that it holds
	file *os.File
}

// OpenTable creates the file, or continues it where it has the same head. The error is a
// *fault.Error.
func OpenTable(path string, h Head) (*Table, error) {
	data, err := files.Read(path)
	fresh := errors.Is(err, fs.ErrNotExist) || err == nil && len(bytes.TrimSpace(data)) == 0
	if err != nil && !fresh {
		return nil, fault.New(CodeTable, "choose another file", "%s cannot be read: %v", path, err)
	}
	t := &Table{Head: h}
	size := 0
	if !fresh {
		old, samples, n, err := ReadTable(data)
		if err != nil {
			return nil, fault.New(CodeTable, "move it away or choose another file", "%s cannot be continued: %v", path, fault.Of(err).Message)
		}
		if old.String() != h.String() {
			return nil, fault.New(CodeTable, "choose another file, or the same weights, data and options", "%s holds children measured otherwise: %s; now it is %s", path, old, h)
		}
		for i, s := range samples {
			if !s.Arch.Equal(h.Child(i)) {
				return nil, fault.New(CodeTable, "move it away or choose another file", "%s cannot be continued: its child %d is not that of the seed", path, i+1)
			}
		}
		t.Done, size = len(samples), n
	}
	if t.file, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644); err == nil {
		if size > 0 || len(data) > 0 {
			err = t.file.Truncate(int64(size)) // an incomplete line
		}
		if err == nil && size > 0 {
			_, err = t.file.Seek(int64(size), 0)
		}
		if err == nil && size == 0 {
			_, err = fmt.Fprintf(t.file, "%s\n%s\n", h, columns)
		}
	}
	if err != nil {
		return nil, fault.New(CodeTable, "free some space or choose another file", "%s cannot be written: %v", path, reason(err))
	}
	return t, nil
}

// Append adds the accuracy, 0 to 1, of the next child.
func (t *Table) Append(top1 float64) error {
	a := t.Head.Child(t.Done)
	c := cost.Totals(a, t.Head.Source.Classes)
	if _, err := fmt.Fprintf(t.file, "%s,%d,%d,%s\n", a, c.MACs, c.Params, strconv.FormatFloat(top1, 'g', -1, 64)); err != nil {
		return fault.New(CodeTable, "free some space and run the command again: it continues", "%s cannot be written: %v", t.file.Name(), reason(err))
	}
	t.Done++
	return nil
}

// Close closes the file.
func (t *Table) Close() error { return t.file.Close() }

// reason returns the cause without the path, which the message names already.
func reason(err error) error {
	var inner *fs.PathError
	if errors.As(err, &inner) {
		return inner.Err
	}
	return err
}
