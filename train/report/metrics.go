// Package report shows and records the progress of training runs: a CSV file and a TensorBoard file of
// metrics, curves drawn from the CSV file, and progress on a terminal or in a log.
package report

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Metrics appends rows of type T, a struct of numbers, to a CSV file. The columns are the names in the json
// tags of T, of which the first is the epoch or the step.
type Metrics[T any] struct {
	file *os.File
}

// OpenMetrics opens or creates the file. It removes rows whose first value is above done, which a run that
// resumes after done writes again, and an incomplete last line. A file with other columns is refused.
func OpenMetrics[T any](file string, done float64) (*Metrics[T], error) {
	columns, err := columnsOf(reflect.TypeFor[T]())
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	if err := prepare(f, columns, done); err != nil {
		f.Close()
		return nil, fmt.Errorf("report: metrics %s: %w", file, err)
	}
	return &Metrics[T]{f}, nil
}

// columnsOf lists the json names of T's fields.
func columnsOf(t reflect.Type) ([]string, error) {
	var names []string
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch f.Type.Kind() {
		case reflect.Int, reflect.Int64, reflect.Float64:
		default:
			return nil, fmt.Errorf("report: field %s of %s is not an int or float64", f.Name, t)
		}
		if name == "" || name == "-" {
			return nil, fmt.Errorf("report: field %s of %s has no json name", f.Name, t)
		}
		names = append(names, name)
	}
	return names, nil
}

// prepare truncates f to a header and the rows up to done.
func prepare(f *os.File, columns []string, done float64) error {
	var data bytes.Buffer
	if _, err := data.ReadFrom(f); err != nil {
		return err
	}
	header := strings.Join(columns, ",") + "\n"
	kept := ""
	lines := strings.SplitAfter(data.String(), "\n")
	for i, line := range lines {
		if !strings.HasSuffix(line, "\n") {
			break // empty, or incomplete after a crash
		}
		fields := strings.Split(strings.TrimRight(line, "\r\n"), ",")
		if i == 0 {
			if !slices.Equal(fields, columns) {
				return fmt.Errorf("has the columns %s, want %s; move it away or choose another folder", strings.Join(fields, ","), strings.Join(columns, ","))
			}
			kept = line
			continue
		}
		at, err := strconv.ParseFloat(fields[0], 64)
		if err != nil || len(fields) != len(columns) {
			return fmt.Errorf("line %d is %q, want %d numbers", i+1, line, len(columns))
		}
		if at > done {
			break
		}
		kept += line
	}
	if kept == "" && !strings.HasPrefix(header, lines[0]) {
		return fmt.Errorf("begins with %.20q, want the columns %s; move it away or choose another folder", lines[0], strings.TrimSpace(header))
	}
	// The file is truncated, not rewritten: nothing is lost if the disk is full.
	if err := f.Truncate(int64(len(kept))); err != nil {
		return err
	}
	if kept == "" {
		kept = header
		if _, err := f.WriteAt([]byte(kept), 0); err != nil {
			return err
		}
	}
	_, err := f.Seek(int64(len(kept)), 0)
	return err
}

// Append writes one row to the file.
func (m *Metrics[T]) Append(row T) error {
	v := reflect.ValueOf(row)
	fields := make([]string, v.NumField())
	for i := range fields {
		if f := v.Field(i); f.CanInt() {
			fields[i] = strconv.FormatInt(f.Int(), 10)
		} else {
			fields[i] = strconv.FormatFloat(f.Float(), 'g', 6, 64)
		}
	}
	if _, err := m.file.WriteString(strings.Join(fields, ",") + "\n"); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// Close closes the file.
func (m *Metrics[T]) Close() error { return m.file.Close() }

// table is the content of a CSV file of numbers.
type table struct {
	columns []string
	rows    [][]float64
}

// readTable reads a metrics file.
func readTable(file string) (*table, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("report: metrics %s: %w", file, err)
	}
	if len(records) < 2 {
		return nil, fmt.Errorf("report: metrics %s has no rows yet", file)
	}
	t := &table{columns: records[0]}
	for i, r := range records[1:] {
		row := make([]float64, len(r))
		for j, s := range r {
			if row[j], err = strconv.ParseFloat(s, 64); err != nil {
				return nil, fmt.Errorf("report: metrics %s: line %d: %s is %q, want a number", file, i+2, t.columns[j], s)
			}
		}
		t.rows = append(t.rows, row)
	}
	return t, nil
}
