package published

import (
	"fmt"

	"bignas/core/supernet"
)

// Names in the checkpoints of AttentiveNAS and AlphaNet
// (https://github.com/facebookresearch/AttentiveNAS, models/attentive_nas_dynamic_model.py).
const tracking = ".bn_tracking." // statistics of single widths, which nothing reads

// attentivenas lists the tensors of such a checkpoint and their destinations. The running
// statistics of its supernets are placeholders. Every block has the weights of a projected
// shortcut, but only the first block of a stage can need them.
func attentivenas(w *supernet.Weights) []source {
	var all tensors
	conv := func(c supernet.ConvOf[float32], name string, shape ...int) {
		all.conv(c, name+".conv.conv", name+".bn.bn", shape...)
	}
	n := w.Biggest
	conv(w.Stem, "first_conv", n.Stem.Out, 3, 3, 3)
	for i, b := range n.Blocks {
		p := w.Blocks[b.Stage][b.Index]
		block := fmt.Sprintf("blocks.%d.", i)
		inner := block + "mobile_inverted_conv."
		if b.Expand {
			conv(p.Expand, inner+"inverted_bottleneck", b.Mid, b.In, 1, 1)
		}
		conv(p.Depthwise, inner+"depth_conv", b.Mid, 1, b.Kernel, b.Kernel)
		all.squeeze(p, b, inner+"depth_conv")
		conv(p.Project, inner+"point_linear", b.Out, b.Mid, 1, 1)
		all.add(p.Shortcut, block+"shortcut.conv.conv.weight", b.Out, b.In, 1, 1)
	}
	conv(w.HeadExpand, "last_conv.final_expand_layer", n.HeadExpand.Out, n.HeadExpand.In, 1, 1)
	all.add(w.Head.Weight, "last_conv.feature_mix_layer.conv.conv.weight", n.Head.Out, n.Head.In, 1, 1)
	all.add(w.Classifier, "classifier.linear.linear.weight", w.Classes, n.Head.Out)
	all.add(w.ClassBias, "classifier.linear.linear.bias", w.Classes)
	return all
}
