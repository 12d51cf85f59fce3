//go:build !js

package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// TestCommitted: the committed modules are what this program writes, and small
// enough to wait for.
func TestCommitted(t *testing.T) {
	for name, relaxed := range map[string]bool{"simd.wasm": false, "relaxed.wasm": true} {
		got, err := os.ReadFile("../" + name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, build(relaxed)) {
			t.Errorf("%s is not what the generator writes: go generate ./wasm/kernels", name)
		}
		var small bytes.Buffer
		w := gzip.NewWriter(&small)
		if _, err := w.Write(got); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if small.Len() > 8<<10 {
			t.Errorf("%s has %d bytes compressed, allowed are 8 KiB", name, small.Len())
		}
	}
}

// pages of 64 KiB of memory.
const pages = 200

// machine runs the plain SIMD module. (wazero does not know relaxed SIMD.)
type machine struct {
	t      *testing.T
	module api.Module
	memory api.Memory
	top    uint32 // first free address
}

func start(t *testing.T) *machine {
	t.Helper()
	ctx := context.Background()
	runtime := wazero.NewRuntime(ctx)
	t.Cleanup(func() { runtime.Close(ctx) })
	// A host module can not have a memory: this module has nothing else.
	memory := append([]byte("\x00asm\x01\x00\x00\x00\x05\x04\x01\x00"), 0x80|pages&0x7f, pages>>7)
	memory = append(memory, "\x07\x07\x01\x03mem\x02\x00"...)
	env, err := runtime.InstantiateWithConfig(ctx, memory, wazero.NewModuleConfig().WithName("env"))
	if err != nil {
		t.Fatal(err)
	}
	module, err := runtime.InstantiateWithConfig(ctx, build(false), wazero.NewModuleConfig().WithName("kernels"))
	if err != nil {
		t.Fatal(err)
	}
	return &machine{t: t, module: module, memory: env.ExportedMemory("mem"), top: 1024}
}

const (
	margin = 32 // cells on either side of every array
	fence  = 12345
)

// put writes values into memory with a fence on either side, after all that is
// there, and returns its address. Around inputs the fence is not a number, so that
// using it shows.
func (m *machine) put(values []float32, around float32) uint32 {
	m.t.Helper()
	data := make([]byte, 0, 4*(len(values)+2*margin))
	edge := func() {
		for range margin {
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(around))
		}
	}
	edge()
	for _, v := range values {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
	}
	edge()
	at := m.top
	if !m.memory.Write(at, data) {
		m.t.Fatal("the memory is too small")
	}
	m.top += uint32(len(data))
	return at + 4*margin
}

func (m *machine) in(values []float32) uint32 { return m.put(values, float32(math.NaN())) }

// out makes room for n results.
func (m *machine) out(n int) uint32 {
	room := make([]float32, n)
	for i := range room {
		room[i] = 777 // must be overwritten
	}
	return m.put(room, fence)
}

// call calls a kernel.
func (m *machine) call(name string, args ...any) {
	m.t.Helper()
	var words []uint64
	for _, a := range args {
		switch v := a.(type) {
		case int:
			words = append(words, api.EncodeI32(int32(v)))
		case float32:
			words = append(words, api.EncodeF32(v))
		case float64:
			words = append(words, api.EncodeF64(v))
		case uint32:
			words = append(words, uint64(v))
		}
	}
	if _, err := m.module.ExportedFunction(name).Call(context.Background(), words...); err != nil {
		m.t.Fatalf("%s: %v", name, err)
	}
}

// take reads n results and checks the fence around them.
func (m *machine) take(what string, at uint32, n int) []float32 {
	m.t.Helper()
	data, ok := m.memory.Read(at-4*margin, uint32(4*(n+2*margin)))
	if !ok {
		m.t.Fatal("outside the memory")
	}
	all := make([]float32, n+2*margin)
	for i := range all {
		all[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
		if (i < margin || i >= margin+n) && all[i] != fence {
			m.t.Fatalf("%s wrote outside its output, %d cells from its start", what, i-margin)
		}
	}
	m.top = 1024 // the next check begins anew
	return all[margin : margin+n]
}

func random(r *rand.Rand, n int) []float32 {
	s := make([]float32, n)
	for i := range s {
		s[i] = float32(r.NormFloat64())
	}
	return s
}

// same holds results against core/kernel: bit for bit, or where the exponential
// is in them within units in the last place.
func same(t *testing.T, what string, got, want []float32, units float64) {
	t.Helper()
	for i, v := range want {
		if math.Float32bits(got[i]) == math.Float32bits(v) {
			continue
		}
		a := float32(math.Abs(float64(v)))
		unit := float64(math.Nextafter32(a, math.MaxFloat32) - a)
		d := math.Abs(float64(got[i]) - float64(v))
		if units > 0 && d < 1e-30 { // swish of less than -87
			continue
		}
		if !(d <= units*unit) {
			t.Fatalf("%s: element %d of %d is %v, want %v, %.1f units apart", what, i, len(want), got[i], v, d/unit)
		}
	}
}
