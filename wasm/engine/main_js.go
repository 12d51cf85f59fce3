// Command engine is the program that runs in the page's worker: it slices
// children out of the shared weights and classifies images with them. Built
// with GOOS=js GOARCH=wasm; the messages are those of package session.
package main

import (
	"time"

	"bignas/wasm/engine/session"
	"bignas/wasm/jsbridge"
	_ "bignas/wasm/kernels" // SIMD, where the browser has it
)

// turn is how long the event loop may wait for a forward pass: a quarter of the
// 16 ms within which a slider shows what it costs.
const turn = 4 * time.Millisecond

func main() {
	host := jsbridge.Connect()
	s := session.New(host.Post, jsbridge.NewYield(turn))
	host.Listen(s.Handle)
	s.Run()
}
