// Command trainer is the program of a worker that the page starts when somebody wants to see
// a training: it trains a small supernet, tells every step, and ends. Who has seen enough
// ends the worker. It is built with GOOS=js GOARCH=wasm and the tag training.
package main

import (
	"os"
	"strconv"

	"bignas/core/plainjson"
	"bignas/wasm/jsbridge"
	"bignas/wasm/trainer/live"
)

func main() {
	host := jsbridge.Connect()
	post := func(r plainjson.Record, data []byte) {
		text, err := plainjson.Append(nil, r)
		if err != nil { // a NaN: the losses have no limit
			text = []byte(`{"error":"the training came to no number"}`)
		}
		host.Post(string(text), data)
	}
	seed, err := strconv.ParseUint(os.Args[len(os.Args)-1], 10, 64)
	if err != nil {
		panic("trainer: the last argument is not a seed")
	}
	t, err := live.New(seed)
	if err != nil {
		panic(err)
	}
	post(t.Begin())
	for range live.Steps {
		post(t.Step(), nil)
	}
}
