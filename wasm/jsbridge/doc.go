// Package jsbridge joins a Go program compiled to js/wasm with the JavaScript
// that hosts it: text and bytes in both directions, and a way to let the event
// loop run in the middle of a long computation.
//
// The host puts an object named "bignas" on its global scope:
//
//	bignas.start(handle)      called once; handle(text, bytes) passes a message in
//	bignas.post(text, bytes)  called for every message out; bytes is a Uint8Array or null
//
// Nothing else of JavaScript is visible to the program.
package jsbridge
