//go:build !js

package main

import (
	"fmt"
	"testing"

	"bignas/core/kernel"
	"bignas/core/kernel/kerneltest"
	"bignas/wasm/kernels"
)

// TestConformance holds the plain SIMD module to what every implementation of the
// operators has to pass: the cases of the suite, run outside any browser.
func TestConformance(t *testing.T) {
	outside, before := &outside{start(t)}, kernel.Active()
	t.Cleanup(func() { kernel.Use(before) })
	kernel.Register(kernel.Inference{
		Name: "simd outside", Pack: outside.pack, DepthwiseAct: outside.depthwise, Activate: outside.activate, Exp: outside.exp,
		FoldNormalisation: outside.fold, GlobalPool: outside.globalPool, ChannelScale: outside.channelScale, AvgPool2x2: outside.averagePool,
	})
	kerneltest.Run(t, kerneltest.Subject{Name: "simd outside", Floor: 1e-30})
}

// outside are the operators of the module as functions of this program, which
// copy everything there and back: what ../kernels_js.go is in the engine.
type outside struct{ *machine }

// run calls a kernel that writes y [n], its first argument among args being nil.
func (o *outside) run(name string, y []float32, args ...any) {
	at := o.out(len(y))
	for i, a := range args {
		switch v := a.(type) {
		case nil:
			args[i] = at
		case []float32:
			if args[i] = uint32(0); v != nil {
				args[i] = o.in(v)
			}
		}
	}
	o.call(name, args...)
	copy(y, o.take(name, at, len(y)))
}

func (o *outside) pack(w []float32, k, n, ws int, scale, bias []float32) func(y, x []float32, m int, act kernel.Act, residual []float32) {
	panels, scale, bias := kernels.Pack(w, k, n, ws), kernels.Pad(scale, n, 1), kernels.Pad(bias, n, 0)
	return func(y, x []float32, m int, act kernel.Act, residual []float32) {
		if residual != nil {
			residual = residual[:m*n]
		}
		o.run("product", y[:m*n], x[:m*k], panels, scale, bias, nil, residual, m, k, n, int(act), k)
	}
}

func (o *outside) depthwise(y, x []float32, s kernel.DepthwiseShape, w, bias []float32, act kernel.Act) {
	oh, ow := s.Out()
	o.run(fmt.Sprintf("depthwise%dx%d", s.K, s.Stride), y[:s.N*oh*ow*s.C], x[:s.N*s.H*s.W*s.C], w[:s.K*s.K*s.C], bias[:s.C], nil, s.N, s.H, s.W, s.C, int(act))
}

func (o *outside) activate(y, x []float32, act kernel.Act) {
	o.run("finish", y[:len(x)], nil, x, uint32(0), len(x), int(act))
}

func (o *outside) exp(y, x []float32) { o.run("exponential", y[:len(x)], nil, x, len(x)) }

// fold has two results.
func (o *outside) fold(scale, shift, gamma, beta, mean, variance []float32, epsilon float64) {
	n := len(scale)
	second := o.out(n)
	o.run("foldNormalisation", scale, nil, second, gamma[:n], beta[:n], mean[:n], variance[:n], n, epsilon)
	copy(shift, o.take("foldNormalisation", second, n))
}

func (o *outside) globalPool(y, x []float32, n, hw, c int) {
	for i := range n {
		o.run("globalPool", y[i*c:(i+1)*c], nil, x[i*hw*c:(i+1)*hw*c], hw, c)
	}
}

func (o *outside) channelScale(y, x, s []float32, n, hw, c int) {
	for i := range n {
		at := i * hw * c
		o.run("channelScale", y[at:at+hw*c], nil, x[at:at+hw*c], s[i*c:(i+1)*c], hw, c)
	}
}

func (o *outside) averagePool(y, x []float32, n, h, w, c int) {
	o.run("averagePool", y[:n*(h/2)*(w/2)*c], nil, x[:n*h*w*c], n*h/2, w/2, c)
}
