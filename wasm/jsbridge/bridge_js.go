package jsbridge

import (
	"syscall/js"
	"time"
)

// Host is the JavaScript side.
type Host struct{ post js.Value }

// Connect finds the host's object. It panics where there is none: the program
// was started by something that does not know the protocol.
func Connect() Host {
	b := js.Global().Get("bignas")
	if b.IsUndefined() {
		panic("jsbridge: the host has no global object bignas")
	}
	return Host{post: b.Get("post")}
}

// Listen registers handle for messages from the host and tells the host that
// the program is ready. handle runs on the event loop and must not block; the
// bytes are a copy (nil when the host passed none).
func (h Host) Listen(handle func(text string, data []byte)) {
	receive := js.FuncOf(func(_ js.Value, args []js.Value) any {
		var data []byte
		if len(args) > 1 && args[1].Truthy() {
			data = make([]byte, args[1].Get("byteLength").Int())
			js.CopyBytesToGo(data, args[1])
		}
		handle(args[0].String(), data)
		return nil
	})
	js.Global().Get("bignas").Call("start", receive)
}

// Post sends one message out.
func (h Host) Post(text string, data []byte) {
	if data == nil {
		h.post.Invoke(text, js.Null())
		return
	}
	bytes := js.Global().Get("Uint8Array").New(len(data))
	js.CopyBytesToJS(bytes, data)
	h.post.Invoke(text, bytes)
}

// NewYield returns a function that blocks the calling goroutine for one turn of
// the event loop, so that waiting messages are handled; but not again within
// least, so that it may be called often. A message on a channel
// of our own is the only macrotask that browsers neither throttle nor delay:
// setTimeout waits 4 ms when nested.
func NewYield(least time.Duration) func() {
	channel := js.Global().Get("MessageChannel").New()
	turn := make(chan struct{}, 1)
	channel.Get("port1").Set("onmessage", js.FuncOf(func(js.Value, []js.Value) any {
		turn <- struct{}{}
		return nil
	}))
	out := channel.Get("port2")
	var last time.Time
	return func() {
		if time.Since(last) < least {
			return
		}
		out.Call("postMessage", js.Null())
		<-turn
		last = time.Now()
	}
}
