//go:build !js

package main

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"

	"bignas/core/preprocess"
)

// bits carries integers through the memory of floats.
func bits(v []uint32) []float32 {
	f := make([]float32, len(v))
	for i, u := range v {
		f[i] = math.Float32frombits(u)
	}
	return f
}

// TestResampling: rows and columns of images, bit for bit as in preprocess.
func TestResampling(t *testing.T) {
	m := start(t)
	r := rand.New(rand.NewPCG(13, 14))
	for range 30 {
		from, to := 1+r.IntN(60), 1+r.IntN(40)
		var axis preprocess.Axis
		axis.Plan(from, to)
		src, want := random(r, 3*from), make([]float32, 3*to)
		axis.Across(want, src, 3)
		starts := make([]uint32, 2*to)
		for i, s := range axis.Start {
			starts[2*i] = uint32(s)
		}
		y := m.out(3 * to)
		m.call("across", y, m.in(src), m.in(bits(starts)), m.in(axis.Weights), axis.Taps, to)
		same(t, "across", m.take("across", y, 3*to), want, 0)

		width, row := 1+r.IntN(70), r.IntN(to)
		rows := random(r, from*width)
		want = make([]float32, width)
		axis.Down(want, rows, row, width)
		y = m.out(width)
		m.call("down", y, m.in(rows[axis.Start[row]*width:]), m.in(axis.Weights[row*axis.Taps:][:axis.Taps]), axis.Taps, width)
		same(t, "down", m.take("down", y, width), want, 0)
	}
}

// TestPixels: bytes summed up and turned into what a child takes.
func TestPixels(t *testing.T) {
	m := start(t)
	r := rand.New(rand.NewPCG(15, 16))
	for _, n := range []int{1, 15, 16, 17, 75} {
		row, sums, words := make([]byte, (n+3)/4*4), make([]uint32, n), make([]uint32, (n+3)/4)
		want, scaled := make([]float32, n), make([]float32, n)
		for i := range row {
			row[i] = byte(r.IntN(256))
		}
		for i := range words {
			words[i] = binary.LittleEndian.Uint32(row[4*i:])
		}
		for i := range sums {
			sums[i] = r.Uint32N(1 << 24)
			want[i] = math.Float32frombits(sums[i] + uint32(row[i]))
			scaled[i] = float32(sums[i]) * 0.37
		}
		y := m.put(bits(sums), fence)
		m.call("addBytes", y, m.in(bits(words)), n)
		same(t, "add bytes", m.take("add bytes", y, n), want, 0)
		y = m.out(n)
		m.call("floats", y, m.in(bits(sums)), n, float32(0.37))
		same(t, "floats", m.take("floats", y, n), scaled, 0)
	}
	x, mean, inverse := random(r, 36), random(r, 12), random(r, 12)
	want := make([]float32, len(x))
	for i, v := range x {
		want[i] = float32(float32(float32(v*0.25)-mean[i%12]) * inverse[i%12])
	}
	y := m.put(x, fence)
	m.call("normalise", y, len(x), float32(0.25), m.in(mean), m.in(inverse))
	same(t, "normalise", m.take("normalise", y, len(x)), want, 0)
}
