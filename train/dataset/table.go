package dataset

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Table is an overview of a data set by class.
type Table struct {
	Source   string     `json:"source"`
	Train    int        `json:"train"`  // images to train on
	Search   int        `json:"search"` // of the training half, held out for a search
	Val      int        `json:"val"`    // held out to validate on
	Classes  []ClassRow `json:"classes"`
	Empty    []string   `json:"empty"` // classes without a readable image
	LeftOut  []LeftOut  `json:"leftOut"`
	Warnings []string   `json:"warnings"`
}

// ClassRow is the row of one class.
type ClassRow struct {
	Class   string `json:"class"`
	Label   string `json:"label"`
	Train   int    `json:"train"`
	Search  int    `json:"search"`
	Val     int    `json:"val"`
	LeftOut int    `json:"leftOut"`
}

// fewClasses is the number of classes up to which Write lists them one by one.
const fewClasses = 25

// Table returns the table of a split.
func (d *Dataset) Table(train, search, val Subset) (*Table, error) {
	if len(d.mapped) > 0 {
		if err := d.loadSums(); err != nil {
			return nil, err
		}
	}
	// Empty lists are [] in JSON, not null.
	t := &Table{Source: d.Source, Train: train.Len(), Search: search.Len(), Val: val.Len(), Empty: append([]string{}, d.Empty...),
		LeftOut: append([]LeftOut{}, d.LeftOut...), Classes: make([]ClassRow, 0, len(d.Classes)), Warnings: append([]string{}, d.warnings(train, search, val)...)}
	out := map[string]int{}
	for _, l := range d.LeftOut {
		out[l.Class] += l.Count
	}
	a, b, c := train.PerClass(), search.PerClass(), val.PerClass()
	for i, class := range d.Classes {
		t.Classes = append(t.Classes, ClassRow{class, d.Labels[i], a[i], b[i], c[i], out[d.folder(i)]})
	}
	return t, nil
}

// Halves returns the table of data that has not been split: its own halves, or all of it as training half.
func (d *Dataset) Halves() (*Table, error) {
	train, val := d.Split(ByName, 0)
	none, _ := train.cut(ByName, "", 1)
	return d.Table(train, none, val)
}

// Write prints the table for people: a line for each class or, where there are many, the span of each column and the classes with
// files that are left out.
func (t *Table) Write(w io.Writer) error {
	var b strings.Builder
	wide := len("class")
	for _, r := range t.Classes {
		wide = max(wide, min(len([]rune(r.name())), 40))
	}
	line := func(name string, train, search, val, out any) {
		fmt.Fprintf(&b, "%-*.40s %8v %8v %8v %8v\n", wide, name, train, val, search, out)
	}
	line("class", "train", "search", "held out", "left out")
	if len(t.Classes) <= fewClasses {
		for _, r := range t.Classes {
			line(r.name(), r.Train, r.Search, r.Val, r.LeftOut)
		}
	} else {
		t.spans(line)
	}
	total, of := 0, map[string]int{}
	for _, l := range t.LeftOut {
		total += l.Count
		of[l.Class] += l.Count
	}
	for _, class := range t.Empty {
		line(class, 0, 0, 0, of[class])
	}
	line("all", t.Train, t.Search, t.Val, total)
	left := t.byReason()
	for i, l := range left {
		if i == 20 {
			fmt.Fprintf(&b, "left out for %d more reasons\n", len(left)-i)
			break
		}
		fmt.Fprintf(&b, "left out: %d%s, such as %s: %s\n", l.Count, strings.TrimRight(" "+l.Ending, " "), l.First, l.Reason)
	}
	for _, text := range t.Warnings {
		fmt.Fprintf(&b, "warning: %s\n", text)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// spans prints the minimum, the median and the maximum of each column, and the first classes with files that are left out.
func (t *Table) spans(line func(name string, train, search, val, out any)) {
	columns := make([][]int, 4)
	for _, r := range t.Classes {
		for i, v := range []int{r.Train, r.Search, r.Val, r.LeftOut} {
			columns[i] = append(columns[i], v)
		}
	}
	for _, c := range columns {
		slices.Sort(c)
	}
	n := len(t.Classes)
	for _, at := range []struct {
		what string
		i    int
	}{{"least", 0}, {"median", n / 2}, {"most", n - 1}} {
		line(fmt.Sprintf("%s of %d", at.what, n), columns[0][at.i], columns[1][at.i], columns[2][at.i], columns[3][at.i])
	}
	listed := 0
	for _, r := range t.Classes {
		if r.LeftOut == columns[3][0] || r.LeftOut == 0 {
			continue
		}
		if listed++; listed <= 10 {
			line(r.name(), r.Train, r.Search, r.Val, r.LeftOut)
		}
	}
}

// byReason sums what is left out over all classes, largest first.
func (t *Table) byReason() (all []LeftOut) {
	for _, l := range t.LeftOut {
		i := slices.IndexFunc(all, func(o LeftOut) bool { return o.Ending == l.Ending && o.Reason == l.Reason })
		if i < 0 {
			all = append(all, l)
			continue
		}
		all[i].Count += l.Count
	}
	slices.SortStableFunc(all, func(a, b LeftOut) int { return b.Count - a.Count })
	return all
}

// name returns the class with its name for people.
func (r ClassRow) name() string {
	if r.Label == r.Class || strings.HasSuffix(r.Label, "("+r.Class+")") {
		return r.Label
	}
	return r.Class + " " + r.Label
}
