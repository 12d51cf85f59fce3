package main

import (
	"syscall/js"

	"bignas/core/scene"
	"bignas/wasm/view/paint"
)

// listen gives the scene the events of the document. They are caught before they
// reach ebiten, which would keep every key, the page's scrolling and the focus:
// Tab has to leave the view, a wheel without Ctrl and a swipe over the ground
// belong to the page, and pointer events tell fingers from mice.
func listen(v *paint.View) {
	document, canvas := js.Global().Get("document"), js.Global().Get("document").Call("querySelector", "canvas")
	canvas.Get("style").Set("touchAction", "pan-y")
	canvas.Call("setAttribute", "tabindex", 0) // in the order of the document
	on := func(name string, passive bool, f func(e js.Value)) {
		document.Call("addEventListener", name, js.FuncOf(func(_ js.Value, args []js.Value) any {
			if e := args[0]; e.Get("target").Equal(canvas) {
				e.Call("stopImmediatePropagation")
				f(e)
			}
			return nil
		}), map[string]any{"capture": true, "passive": passive})
	}
	for _, name := range []string{"mousedown", "mouseup", "mousemove", "touchend", "keyup", "contextmenu", "dragover", "drop"} {
		on(name, true, func(js.Value) {})
	}
	listenPointers(v, on, canvas)
	on("touchmove", true, func(js.Value) {})
	on("touchstart", false, func(e js.Value) {
		touches := e.Get("touches")
		take := touches.Length() > 1
		if !take {
			t := touches.Index(0)
			v.Do(func(s *scene.Scene) { take = s.Draggable(t.Get("clientX").Float(), t.Get("clientY").Float()) })
		}
		if take {
			e.Call("preventDefault") // the page does not scroll with it
		}
	})
	on("wheel", false, func(e js.Value) {
		whole := js.Global().Get("top").Equal(js.Global()) || document.Get("fullscreenElement").Truthy()
		if !e.Get("ctrlKey").Bool() && !e.Get("metaKey").Bool() && !whole {
			return
		}
		e.Call("preventDefault")
		x, y := at(e)
		v.Do(func(s *scene.Scene) { s.Wheel(x, y, notches(e)) })
	})
	on("keydown", false, func(e js.Value) {
		if e.Get("ctrlKey").Bool() || e.Get("metaKey").Bool() || e.Get("altKey").Bool() {
			return
		}
		used := false
		v.Do(func(s *scene.Scene) { used = s.Key(e.Get("key").String(), e.Get("shiftKey").Bool()) })
		if used {
			e.Call("preventDefault")
		}
	})
}

func listenPointers(v *paint.View, on func(string, bool, func(js.Value)), canvas js.Value) {
	id := func(e js.Value) int { return e.Get("pointerId").Int() }
	on("pointerdown", true, func(e js.Value) {
		if e.Get("button").Int() != 0 {
			return
		}
		touch := e.Get("pointerType").String() == "touch"
		if !touch {
			canvas.Call("focus", map[string]any{"preventScroll": true})
		}
		canvas.Call("setPointerCapture", id(e))
		x, y := at(e)
		v.Point(x, y)
		v.Do(func(s *scene.Scene) { s.Press(id(e), x, y, touch) })
	})
	on("pointermove", true, func(e js.Value) {
		x, y := at(e)
		v.Point(x, y)
		v.Do(func(s *scene.Scene) { s.Move(id(e), x, y) })
	})
	on("pointerup", true, func(e js.Value) {
		x, y := at(e)
		v.Do(func(s *scene.Scene) { s.Release(id(e), x, y) })
	})
	on("pointercancel", true, func(e js.Value) {
		v.Do(func(s *scene.Scene) { s.Cancel(id(e)) })
	})
	on("pointerleave", true, func(js.Value) {
		v.Do(func(s *scene.Scene) { s.Leave() })
	})
}

func at(e js.Value) (x, y float64) { return e.Get("clientX").Float(), e.Get("clientY").Float() }

// notches is how far a wheel was turned. Browsers tell it in pixels, about a
// hundred a notch, in lines or in pages; a pinch on a touchpad comes as a wheel
// with Ctrl, in steps of a few pixels that are meant to be ten times as much.
func notches(e js.Value) float64 {
	dy := e.Get("deltaY").Float()
	switch e.Get("deltaMode").Int() {
	case 1:
		return dy / 3
	case 2:
		return dy
	}
	if dy > -40 && dy < 40 {
		return dy / 10
	}
	return dy / 100
}
