package published

import (
	"bignas/core/arch"
	"bignas/core/supernet"
)

// tensors is a list of the tensors of a checkpoint. Its methods add what all formats have.
type tensors []source

// add adds a tensor; to is nil where it is not needed.
func (l *tensors) add(to *supernet.Param, name string, shape ...int) {
	*l = append(*l, source{name, shape, to})
}

// conv adds a convolution and its batch normalisation, whose running statistics are not read.
func (l *tensors) conv(c supernet.ConvOf[float32], conv, bn string, shape ...int) {
	l.add(c.Weight, conv+".weight", shape...)
	l.add(c.BN.Gamma, bn+".weight", shape[0])
	l.add(c.BN.Beta, bn+".bias", shape[0])
	l.add(nil, bn+".running_mean", shape[0])
	l.add(nil, bn+".running_var", shape[0])
	l.add(nil, bn+".num_batches_tracked")
}

// squeeze adds the squeeze-and-excitation of a block, where it has one.
func (l *tensors) squeeze(p *supernet.BlockOf[float32], b arch.Block, name string) {
	if b.Squeeze == 0 {
		return
	}
	l.add(p.SEReduce, name+".se.fc.reduce.weight", b.Squeeze, b.Mid, 1, 1)
	l.add(p.SEBiasR, name+".se.fc.reduce.bias", b.Squeeze)
	l.add(p.SEExpand, name+".se.fc.expand.weight", b.Mid, b.Squeeze, 1, 1)
	l.add(p.SEBiasE, name+".se.fc.expand.bias", b.Mid)
}
