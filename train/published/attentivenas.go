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
func attentivenas(w *supernet.Weights) (all []source) {
	add := func(to *supernet.Param, name string, shape ...int) { all = append(all, source{name, shape, to}) }
	conv := func(c supernet.ConvOf[float32], name string, shape ...int) {
		add(c.Weight, name+".conv.conv.weight", shape...)
		add(c.BN.Gamma, name+".bn.bn.weight", shape[0])
		add(c.BN.Beta, name+".bn.bn.bias", shape[0])
		add(nil, name+".bn.bn.running_mean", shape[0])
		add(nil, name+".bn.bn.running_var", shape[0])
		add(nil, name+".bn.bn.num_batches_tracked")
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
		if b.Squeeze > 0 {
			add(p.SEReduce, inner+"depth_conv.se.fc.reduce.weight", b.Squeeze, b.Mid, 1, 1)
			add(p.SEBiasR, inner+"depth_conv.se.fc.reduce.bias", b.Squeeze)
			add(p.SEExpand, inner+"depth_conv.se.fc.expand.weight", b.Mid, b.Squeeze, 1, 1)
			add(p.SEBiasE, inner+"depth_conv.se.fc.expand.bias", b.Mid)
		}
		conv(p.Project, inner+"point_linear", b.Out, b.Mid, 1, 1)
		add(p.Shortcut, block+"shortcut.conv.conv.weight", b.Out, b.In, 1, 1)
	}
	conv(w.HeadExpand, "last_conv.final_expand_layer", n.HeadExpand.Out, n.HeadExpand.In, 1, 1)
	add(w.Head.Weight, "last_conv.feature_mix_layer.conv.conv.weight", n.Head.Out, n.Head.In, 1, 1)
	add(w.Classifier, "classifier.linear.linear.weight", w.Classes, n.Head.Out)
	add(w.ClassBias, "classifier.linear.linear.bias", w.Classes)
	return all
}
