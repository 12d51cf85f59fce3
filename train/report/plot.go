package report

import (
	"bytes"
	"fmt"
	"image/color"
	"io"
	"math"
	"path/filepath"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"

	"bignas/train/atomicfile"
)

// palette is that of Okabe and Ito, whose colours colour-blind readers can tell apart.
var palette = []color.RGBA{
	{0, 114, 178, 255}, {213, 94, 0, 255}, {0, 158, 115, 255}, {204, 121, 167, 255}, {230, 159, 0, 255}, {86, 180, 233, 255},
}

// Plot draws the curves of a metrics file, losses above and accuracies below, as SVG or PNG by the extension
// of out. Columns whose names begin with loss_ are losses in nats, those with train_ and val_ are shares of
// images classified correctly. Negative values were not measured.
func Plot(csvFile, out string) error {
	t, err := readTable(csvFile)
	if err != nil {
		return err
	}
	loss, err := curves(t, "Loss (nats)", 1, "loss_")
	if err != nil {
		return err
	}
	accuracy, err := curves(t, "Accuracy (%)", 100, "train_", "val_")
	if err != nil {
		return err
	}
	const width, height, beside = 18 * vg.Centimeter, 18 * vg.Centimeter, 3.6 * vg.Centimeter
	var canvas interface {
		vg.CanvasSizer
		io.WriterTo
	}
	switch ending := strings.ToLower(filepath.Ext(out)); ending {
	case ".svg":
		canvas = vgsvg.New(width, height)
	case ".png":
		canvas = vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(150))}
	default:
		return fmt.Errorf("report: the curve's file is %s, allowed are the endings .svg and .png", out)
	}
	tiles := draw.Tiles{Rows: 2, Cols: 1, PadY: vg.Points(12), PadTop: vg.Points(6), PadBottom: vg.Points(6), PadLeft: vg.Points(6), PadRight: vg.Points(6)}
	both := [][]*plot.Plot{{loss}, {accuracy}}
	page := draw.New(canvas)
	for i, c := range plot.Align(both, tiles, draw.Crop(page, 0, -beside, 0, 0)) {
		p, at := both[i][0], c[0]
		names := p.Legend
		p.Legend = plot.NewLegend()
		p.Draw(at)
		at.Min.X, at.Max.X = at.Max.X, page.Max.X // beside the curves, which may be anywhere
		names.Draw(at)
	}
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return atomicfile.Write(out, b.Bytes())
}

// curves plots the columns with one of the prefixes over the first column. Training accuracy is dashed.
func curves(t *table, title string, scale float64, prefixes ...string) (*plot.Plot, error) {
	p := plot.New()
	p.X.Label.Text, p.Y.Label.Text = t.columns[0], title
	p.Legend.Top, p.Legend.Left, p.Legend.XOffs, p.Legend.Padding = true, true, vg.Points(10), vg.Points(3)
	p.BackgroundColor = color.White
	p.Add(plotter.NewGrid())
	p.Y.Tick.Marker = plot.TickerFunc(exactTicks)
	drawn := 0
	for j, name := range t.columns {
		dashed := strings.HasPrefix(name, "train_")
		if !hasPrefix(name, prefixes) {
			continue
		}
		var points plotter.XYs
		for _, row := range t.rows {
			if v := row[j]; v >= 0 && !math.IsInf(v, 0) { // also false for NaN
				points = append(points, plotter.XY{X: row[0], Y: v * scale})
			}
		}
		if len(points) == 0 {
			continue
		}
		line, dots, err := plotter.NewLinePoints(points)
		if err != nil {
			return nil, fmt.Errorf("report: column %s: %w", name, err)
		}
		line.Color = colourOf(name, drawn)
		line.Width = vg.Points(1.5)
		if dashed {
			line.Dashes = []vg.Length{vg.Points(4), vg.Points(3)}
		}
		dots.Color, dots.Radius, dots.Shape = line.Color, vg.Points(1.8), draw.CircleGlyph{}
		p.Add(line, dots)
		p.Legend.Add(strings.ReplaceAll(name, "_", " "), line)
		drawn++
	}
	if drawn == 0 {
		return nil, fmt.Errorf("report: there is no column that begins with %s and has a value", strings.Join(prefixes, " or "))
	}
	return p, nil
}

// colourOf returns the same colour for a child in all curves, and the next one for anything else.
func colourOf(column string, drawn int) color.RGBA {
	for i, child := range []string{"_biggest", "_random", "_smallest", "_middle"} {
		if strings.HasSuffix(column, child) {
			return palette[i]
		}
	}
	return palette[(4+drawn)%len(palette)]
}

// exactTicks are the default ticks with labels that are not rounded.
func exactTicks(low, high float64) []plot.Tick {
	ticks := plot.DefaultTicks{}.Ticks(low, high)
	for i, t := range ticks {
		if t.Label != "" {
			ticks[i].Label = strconv.FormatFloat(t.Value, 'g', 6, 64)
		}
	}
	return ticks
}

func hasPrefix(s string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}
