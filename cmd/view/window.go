//go:build view

package main

import (
	"github.com/hajimehoshi/ebiten/v2"
	"github.com/hajimehoshi/ebiten/v2/inpututil"

	_ "bignas/cmd/view/display" // before ebiten
	"bignas/core/scene"
	"bignas/wasm/view/paint"
)

// show opens the window and returns when it is closed.
func show(d *desk) error {
	child := d.scene.Child()
	v := paint.New(d.scene)
	v.Input = func(s *scene.Scene) { input(v, s) }
	v.Output = d.handle
	d.do = v.Do
	d.title = func(text string) { ebiten.SetWindowTitle(text + " · BigNAS") }
	ebiten.SetWindowTitle("BigNAS")
	ebiten.SetWindowSize(1200, 640)
	ebiten.SetWindowResizingMode(ebiten.WindowResizingModeEnabled)
	d.look(child)
	return v.Run()
}

// Fingers are numbered from 1; the mouse is 0.
const fingers = 1

// input passes the input since the last frame to the scene.
func input(v *paint.View, s *scene.Scene) {
	x, y := ebiten.CursorPosition()
	scale := ebiten.Monitor().DeviceScaleFactor()
	mx, my := float64(x)/scale, float64(y)/scale
	v.Point(mx, my)
	s.Move(0, mx, my)
	if inpututil.IsMouseButtonJustPressed(ebiten.MouseButtonLeft) {
		s.Press(0, mx, my, false)
	}
	if inpututil.IsMouseButtonJustReleased(ebiten.MouseButtonLeft) { // both, after a quick click
		s.Release(0, mx, my)
	}
	if _, dy := ebiten.Wheel(); dy != 0 {
		s.Wheel(mx, my, -dy)
	}
	for _, id := range inpututil.AppendJustReleasedTouchIDs(nil) {
		x, y := inpututil.TouchPositionInPreviousTick(id)
		s.Release(fingers+int(id), float64(x)/scale, float64(y)/scale)
	}
	for _, id := range ebiten.AppendTouchIDs(nil) {
		x, y := ebiten.TouchPosition(id)
		if inpututil.TouchPressDuration(id) <= 1 {
			s.Press(fingers+int(id), float64(x)/scale, float64(y)/scale, true)
		} else {
			s.Move(fingers+int(id), float64(x)/scale, float64(y)/scale)
		}
	}
	for _, key := range inpututil.AppendJustPressedKeys(nil) {
		s.Key(keyName(key), ebiten.IsKeyPressed(ebiten.KeyShift))
	}
}

// keyName returns the name of a key in browsers.
func keyName(key ebiten.Key) string {
	switch key {
	case ebiten.KeyEqual, ebiten.KeyNumpadAdd:
		return "+"
	case ebiten.KeyMinus, ebiten.KeyNumpadSubtract:
		return "-"
	case ebiten.KeyDigit0, ebiten.KeyNumpad0:
		return "0"
	}
	return key.String()
}
