package main

import (
	"bytes"
	"fmt"
	"image/color"
	"path/filepath"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	_ "gonum.org/v1/plot/vg/vgimg" // .png
	_ "gonum.org/v1/plot/vg/vgsvg" // .svg

	"bignas/core/fault"
	"bignas/core/search"
	"bignas/train/atomicfile"
)

// Colours of Okabe and Ito, which colour-blind readers can tell apart.
var (
	blue      = color.RGBA{0, 114, 178, 255}
	orange    = color.RGBA{213, 94, 0, 255}
	green     = color.RGBA{0, 158, 115, 255}
	grey      = color.RGBA{150, 150, 150, 255}
	ofMethods = []color.RGBA{blue, orange, grey} // in the order of search.Methods
)

// canPlot returns an error for other extensions than .svg and .png.
func canPlot(file string) error {
	if e := strings.ToLower(filepath.Ext(file)); file != "" && e != ".svg" && e != ".png" {
		return fault.New("bad_flag", "end it in .svg or .png", "--plot is %s, allowed are the endings .svg and .png", file)
	}
	return nil
}

func newPlot(title, x, y string) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = color.White
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = title, x, y
	p.Legend.Left, p.Legend.Top = false, false
	p.Add(plotter.NewGrid())
	return p
}

func save(p *plot.Plot, file string) error {
	w, err := p.WriterTo(16*vg.Centimeter, 11*vg.Centimeter, strings.ToLower(filepath.Ext(file))[1:])
	if err != nil {
		return fmt.Errorf("search: %w", err)
	}
	var b bytes.Buffer
	if _, err := w.WriteTo(&b); err != nil {
		return fmt.Errorf("search: %w", err)
	}
	return atomicfile.Write(file, b.Bytes())
}

// axis returns the label and the unit of a cost.
func axis(m search.Metric) (label string, unit float64) {
	switch m {
	case search.MACs:
		return "MACs (millions)", 1e6
	case search.Params:
		return "Parameters (millions)", 1e6
	case search.Bytes:
		return "Weights (MB)", 1e6
	case search.Memory:
		return "Activations (MB)", 1e6
	}
	return "Latency (ms)", 1
}

// plotFront draws the front over its first cost. Measured points are solid,
// predicted ones hollow; other judged children of the same kind are grey.
func plotFront(file string, r *search.Pareto, judged []search.Point) error {
	label, unit := axis(r.Against[0])
	xy := func(q search.Point) plotter.XY {
		return plotter.XY{X: q.Costs.Of(r.Against[0]) / unit, Y: 100 * q.Accuracy}
	}
	p := newPlot("", label, fmt.Sprintf("Top-1 (%%), %s", r.Kind))
	var others, front plotter.XYs
	for _, q := range judged {
		if q.Kind == r.Kind && !slices.ContainsFunc(r.Front, func(f search.Point) bool { return f.Arch.Equal(q.Arch) }) {
			others = append(others, xy(q))
		}
	}
	for _, q := range r.Front {
		front = append(front, xy(q))
	}
	shape := map[search.Kind]draw.GlyphDrawer{search.Measured: draw.CircleGlyph{}, search.Predicted: draw.RingGlyph{}}[r.Kind]
	scatter := func(points plotter.XYs, c color.Color, size float64, g draw.GlyphDrawer, name string) error {
		if len(points) == 0 {
			return nil
		}
		s, err := plotter.NewScatter(points)
		if err != nil {
			return fmt.Errorf("search: %w", err)
		}
		s.Color, s.Radius, s.Shape = c, vg.Points(size), g
		p.Add(s)
		p.Legend.Add(name, s)
		return nil
	}
	if err := scatter(others, grey, 1, draw.CircleGlyph{}, "judged"); err != nil {
		return err
	}
	line, err := plotter.NewLine(front)
	if err != nil {
		return fmt.Errorf("search: %w", err)
	}
	line.Color = blue
	p.Add(line)
	if err := scatter(front, blue, 2.5, shape, "front, "+string(r.Kind)); err != nil {
		return err
	}
	pick := r.Front[r.Pick]
	bar, err := plotter.NewYErrorBars(struct {
		plotter.XYs
		plotter.YErrors
	}{plotter.XYs{xy(pick)}, plotter.YErrors{{Low: 100 * pick.Error, High: 100 * pick.Error}}})
	if err != nil {
		return fmt.Errorf("search: %w", err)
	}
	bar.Color = orange
	p.Add(bar)
	if err := scatter(plotter.XYs{xy(pick)}, orange, 4, shape, "pick"+within(r.Limits)); err != nil {
		return err
	}
	var names plotter.XYLabels
	for _, m := range r.Marks {
		names.XYs, names.Labels = append(names.XYs, xy(m.Point)), append(names.Labels, m.Name)
	}
	if err := scatter(names.XYs, green, 3.5, shape, strings.Join(names.Labels, ", ")); err != nil {
		return err
	}
	labels, err := plotter.NewLabels(names)
	if err != nil {
		return fmt.Errorf("search: %w", err)
	}
	for i := range labels.TextStyle {
		labels.TextStyle[i].XAlign, labels.TextStyle[i].YAlign = -0.5, 1.3 // centred, above the mark
	}
	p.Add(labels)
	p.Y.Max = max(p.Y.Max+0.08*(p.Y.Max-p.Y.Min), 100*(pick.Accuracy+pick.Error)) // room for a label
	return save(p, file)
}

// plotTrials draws, for every method, the mean and the range of its best children
// over the budgets.
func plotTrials(file string, t search.Trials) error {
	p := newPlot("Best child found, mean and range of the seeds", "Budget of MACs (millions)", fmt.Sprintf("Top-1 (%%), %s", t[0].Best.Kind))
	for k, m := range search.Methods {
		var mean plotter.XYs
		var spread plotter.YErrors
		for i, x := range t {
			if x.Method != m || i > 0 && t[i-1].Method == m && t[i-1].Limits.String() == x.Limits.String() {
				continue
			}
			y := t.Mean(x, m)
			low, high := y, y
			for _, o := range t {
				if o.Method == m && o.Limits.String() == x.Limits.String() {
					low, high = min(low, o.Best.Accuracy), max(high, o.Best.Accuracy)
				}
			}
			mean = append(mean, plotter.XY{X: x.Limits[search.MACs]/1e6 + float64(k-1)*0.8, Y: 100 * y})
			spread = append(spread, struct{ Low, High float64 }{100 * (y - low), 100 * (high - y)})
		}
		line, points, err := plotter.NewLinePoints(mean)
		if err != nil {
			return fmt.Errorf("search: %w", err)
		}
		bars, err := plotter.NewYErrorBars(struct {
			plotter.XYs
			plotter.YErrors
		}{mean, spread})
		if err != nil {
			return fmt.Errorf("search: %w", err)
		}
		line.Color, points.Color, bars.Color = ofMethods[k], ofMethods[k], ofMethods[k]
		points.Shape = draw.CircleGlyph{}
		p.Add(line, points, bars)
		p.Legend.Add(m, line, points)
	}
	return save(p, file)
}
