package published

import (
	"fmt"
	"strings"

	"bignas/core/supernet"
)

// ofa lists the tensors of a checkpoint of Once-for-All's MobileNetV3 supernets and their
// destinations (https://github.com/mit-han-lab/once-for-all, ofa_mbv3_d234_e346_k357_w1.0 and
// w1.2). The first convolution, the first block and the head are plain layers there, the others
// layers within layers, as their names say. The running statistics are those of one child.
func ofa(w *supernet.Weights) []source {
	var all tensors
	plain := func(c supernet.ConvOf[float32], name string, shape ...int) {
		all.conv(c, name+".conv", name+".bn", shape...)
	}
	elastic := func(c supernet.ConvOf[float32], name string, shape ...int) {
		all.conv(c, name+".conv.conv", name+".bn.bn", shape...)
	}
	n := w.Biggest
	plain(w.Stem, "first_conv", n.Stem.Out, 3, 3, 3)
	for i, b := range n.Blocks {
		p, layer := w.Blocks[b.Stage][b.Index], elastic
		if i == 0 {
			layer = plain
		}
		name := fmt.Sprintf("blocks.%d%s", i, within)
		if b.Expand {
			layer(p.Expand, name+"inverted_bottleneck", b.Mid, b.In, 1, 1)
		}
		for j, m := range p.Transforms {
			if m != nil {
				to := b.Kernel - 2*j - 2
				all.add(m, fmt.Sprintf("%sdepth_conv.conv.%dto%d_matrix", name, to+2, to), to*to, to*to)
			}
		}
		layer(p.Depthwise, name+"depth_conv", b.Mid, 1, b.Kernel, b.Kernel)
		all.squeeze(p, b, name+"depth_conv")
		layer(p.Project, name+"point_linear", b.Out, b.Mid, 1, 1)
	}
	plain(w.HeadExpand, "final_expand_layer", n.HeadExpand.Out, n.HeadExpand.In, 1, 1)
	all.add(w.Head.Weight, "feature_mix_layer.conv.weight", n.Head.Out, n.Head.In, 1, 1)
	all.add(w.Classifier, "classifier.linear.weight", w.Classes, n.Head.Out)
	all.add(w.ClassBias, "classifier.linear.bias", w.Classes)
	return all
}

// within is between the number of a block and a layer of it. Newer code has a shorter name, and
// reads both.
const within = ".mobile_inverted_conv."

// older is the name that a tensor of newer code has in the published checkpoints.
func older(name string) string {
	if block, rest, ok := strings.Cut(name, ".conv."); ok && strings.HasPrefix(block, "blocks.") && strings.Count(block, ".") == 1 {
		return block + within + rest
	}
	return name
}
