package main

import (
	"fmt"
	"html"
	"io"
	"strings"

	"bignas/core/arch"
	"bignas/core/cost"
	"bignas/train/atomicfile"
)

// colours is the colours of the kinds of layers in both drawings.
func colour(k cost.Kind) string {
	switch k {
	case cost.Depthwise:
		return "#e69f00"
	case cost.SE:
		return "#cc79a7"
	case cost.Shortcut:
		return "#999999"
	case cost.Classifier:
		return "#009e73"
	}
	return "#56b4e9"
}

// what describes a layer in a few words.
func what(l cost.Layer) string {
	text := fmt.Sprintf("%dx%d, %d to %d", l.Kernel, l.Kernel, l.In, l.Out)
	switch l.Kind {
	case cost.Depthwise:
		text = fmt.Sprintf("%dx%d depthwise, %d", l.Kernel, l.Kernel, l.Out)
	case cost.SE:
		text = fmt.Sprintf("%d to %d to %d", l.In, l.Mid, l.Out)
	case cost.Classifier:
		return fmt.Sprintf("%d to %d classes", l.In, l.Out)
	}
	return fmt.Sprintf("%s, %d to %d px", text, l.Size, l.OutSize)
}

// edge is from the layer at one index of the list to that at another.
type edge struct {
	from, to int
	shortcut bool
}

// edges returns the edges of the network. A block's shortcut is added after its projection: its convolution, where it has
// one, or the block's input.
func edges(a arch.Arch, layers []cost.Layer) []edge {
	shortcut := map[[2]int]arch.Shortcut{}
	for _, b := range a.Network().Blocks {
		shortcut[[2]int{b.Stage, b.Index}] = b.Shortcut
	}
	var out []edge
	last := 0                    // the layer whose output the next one reads
	var also, blockInput = -1, 0 // the layer of a shortcut that is added; the layer before the block
	for i, l := range layers {
		if i == 0 {
			continue
		}
		if p := layers[i-1]; l.Stage != p.Stage || l.Block != p.Block {
			blockInput = last
		}
		if l.Kind == cost.Shortcut {
			out = append(out, edge{blockInput, i, true})
			also = i
			continue
		}
		out = append(out, edge{last, i, false})
		if p := layers[i-1]; also >= 0 && (l.Stage != p.Stage || l.Block != p.Block) {
			out = append(out, edge{also, i, true})
			also = -1
		}
		if l.Kind == cost.Project && shortcut[[2]int{l.Stage, l.Block}] == arch.Identity {
			also = blockInput
		}
		last = i
	}
	return out
}

// dot writes the network as a graph for Graphviz.
func dot(a arch.Arch, c cost.Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "digraph child {\n  label=%q; labelloc=t; rankdir=TB;\n  node [shape=box, style=filled, fontname=\"sans-serif\"];\n", c.Arch)
	for i, l := range c.Layers {
		if i == 0 || l.Stage != c.Layers[i-1].Stage {
			if i > 0 && c.Layers[i-1].Stage >= 0 {
				b.WriteString("  }\n")
			}
			if l.Stage >= 0 {
				fmt.Fprintf(&b, "  subgraph cluster_%d {\n    label=\"stage %d\";\n", l.Stage, l.Stage+1)
			}
		}
		fmt.Fprintf(&b, "    %q [fillcolor=%q, label=\"%s\\n%s\\n%.3f MMACs, %d parameters\"];\n", l.Name, colour(l.Kind), l.Name, what(l), float64(l.MACs)/1e6, l.Params)
	}
	for _, e := range edges(a, c.Layers) {
		style := ""
		if e.shortcut {
			style = " [style=dashed]"
		}
		fmt.Fprintf(&b, "  %q -> %q%s;\n", c.Layers[e.from].Name, c.Layers[e.to].Name, style)
	}
	b.WriteString("}\n")
	return b.String()
}

// The dimensions of the drawing in pixels.
const (
	rowHeight = 18
	top       = 64
	nameAt    = 92
	barsAt    = 470
	barLength = 200
	width     = barsAt + 2*barLength + 150
)

// svg draws the network from top to bottom, with a row for each layer: its description, and bars for its shares of the
// MACs and of the parameters. Dashed lines on the left are shortcuts.
func svg(a arch.Arch, c cost.Report) string {
	var b strings.Builder
	height := top + rowHeight*len(c.Layers) + 20
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n", width, height, width, height)
	fmt.Fprintf(&b, `<title>%s</title><rect width="100%%" height="100%%" fill="white"/>`+"\n", html.EscapeString(c.Arch))
	text := func(x, y int, s string) {
		fmt.Fprintf(&b, `<text x="%d" y="%d">%s</text>`+"\n", x, y, html.EscapeString(s))
	}
	text(12, 20, c.Arch)
	text(12, 40, fmt.Sprintf("%.2f million MACs, %.3f million parameters, %d classes", float64(c.MACs)/1e6, float64(c.Params)/1e6, c.Classes))
	text(barsAt, top-8, "MACs (thousands)")
	text(barsAt+barLength+80, top-8, "parameters")
	var most cost.Layer
	for _, l := range c.Layers {
		most.MACs, most.Params = max(most.MACs, l.MACs), max(most.Params, l.Params)
	}
	middle := func(i int) int { return top + rowHeight*i + rowHeight/2 }
	for i, l := range c.Layers {
		y := middle(i)
		if i > 0 && l.Stage != c.Layers[i-1].Stage {
			fmt.Fprintf(&b, `<path d="M12 %dH%d" stroke="#ccc"/>`+"\n", y-rowHeight/2, width-12)
		}
		fmt.Fprintf(&b, `<rect x="%d" y="%d" width="14" height="14" rx="3" fill="%s"/>`+"\n", nameAt-20, y-7, colour(l.Kind))
		text(nameAt, y+4, l.Name)
		text(nameAt+120, y+4, what(l))
		for k, v := range []struct{ of, most, shown int64 }{{l.MACs, most.MACs, l.MACs / 1000}, {l.Params, most.Params, l.Params}} {
			x, long := barsAt+k*(barLength+80), int(barLength*v.of/v.most)
			fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%d" height="12" fill="%s"/>`+"\n", x, y-6, max(long, 1), colour(l.Kind))
			text(x+max(long, 1)+4, y+4, fmt.Sprint(v.shown))
		}
	}
	for _, e := range edges(a, c.Layers) {
		if e.shortcut {
			bend := max(12, 64-4*(e.to-e.from))
			fmt.Fprintf(&b, `<path d="M%d %dC%d %d %d %d %d %d" fill="none" stroke="#555" stroke-dasharray="3 2"/>`+"\n",
				nameAt-22, middle(e.from), bend, middle(e.from), bend, middle(e.to), nameAt-22, middle(e.to))
		}
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// writeDrawing writes text to the file, "-" for standard output.
func writeDrawing(file, text string, stdout io.Writer) error {
	if file == "-" {
		_, err := io.WriteString(stdout, text)
		return err
	}
	return atomicfile.Write(file, []byte(text))
}
