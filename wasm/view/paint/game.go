//go:build js || view

package paint

import (
	"sync"
	"time"

	"github.com/hajimehoshi/ebiten/v2"

	"bignas/core/scene"
)

// View is an ebiten game that shows a scene. Frames are drawn only while
// something moves: whoever changes the scene calls Do, which asks for one.
type View struct {
	// Input, where it is not nil, feeds the scene before each frame.
	Input func(*scene.Scene)
	// Output gets what happened in the scene.
	Output func([]scene.Event)

	mu     sync.Mutex
	scene  *scene.Scene
	brush  brush
	last   time.Time
	scale  float64
	cursor [2]float64
}

// New makes the view of a scene.
func New(s *scene.Scene) *View { return &View{scene: s, scale: 1} }

// Run opens the view and returns when it is closed.
func (v *View) Run() error {
	ebiten.SetFPSMode(ebiten.FPSModeVsyncOffMinimum)
	ebiten.SetTPS(ebiten.SyncWithFPS)
	ebiten.SetScreenClearedEveryFrame(false) // the scene covers everything
	return ebiten.RunGame(v)
}

// Do changes the scene and has it drawn.
func (v *View) Do(change func(*scene.Scene)) {
	v.mu.Lock()
	change(v.scene)
	events := v.scene.Events()
	v.mu.Unlock()
	v.tell(events)
	ebiten.ScheduleFrame()
}

// Point says where the mouse is, so that it gets the right shape.
func (v *View) Point(x, y float64) { v.cursor = [2]float64{x, y} }

// Update is called by ebiten before a frame.
func (v *View) Update() error {
	now := time.Now()
	v.mu.Lock()
	if v.Input != nil {
		v.Input(v.scene)
	}
	moving := v.scene.Step(now.Sub(v.last).Seconds())
	events, cursor := v.scene.Events(), v.scene.Cursor(v.cursor[0], v.cursor[1])
	v.mu.Unlock()
	v.last = now
	v.tell(events)
	ebiten.SetCursorShape(shapes[cursor])
	if moving {
		ebiten.ScheduleFrame()
	}
	return nil
}

// Draw is called by ebiten for a frame.
func (v *View) Draw(screen *ebiten.Image) {
	v.mu.Lock()
	shapes := v.scene.Draw()
	v.mu.Unlock()
	v.brush.draw(screen, shapes, v.scale)
}

// Layout is never called: LayoutF is.
func (v *View) Layout(int, int) (int, int) { panic("paint: ebiten calls LayoutF") }

// LayoutF takes the size of the window and answers with that of the image: as
// many pixels as the screen really has.
func (v *View) LayoutF(width, height float64) (float64, float64) {
	v.scale = ebiten.Monitor().DeviceScaleFactor()
	v.mu.Lock()
	v.scene.Resize(width, height)
	v.mu.Unlock()
	return width * v.scale, height * v.scale
}

func (v *View) tell(events []scene.Event) {
	if v.Output != nil && len(events) > 0 {
		v.Output(events)
	}
}

var shapes = map[scene.Cursor]ebiten.CursorShapeType{
	scene.Arrow: ebiten.CursorShapeDefault, scene.Hand: ebiten.CursorShapePointer, scene.Sideways: ebiten.CursorShapeEWResize,
	scene.Upright: ebiten.CursorShapeNSResize, scene.Move: ebiten.CursorShapeMove,
}
