// Command engine is the program that runs in the page's worker: it slices
// children out of the shared weights and classifies pictures with them. Built
// with GOOS=js GOARCH=wasm; the messages are those of package session.
package main

import (
	"bignas/wasm/engine/session"
	"bignas/wasm/jsbridge"
	_ "bignas/wasm/kernels" // SIMD, where the browser has it
)

func main() {
	host := jsbridge.Connect()
	s := session.New(host.Post, jsbridge.NewYield())
	host.Listen(s.Handle)
	s.Run()
}
