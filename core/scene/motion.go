package scene

import "math"

// The constants of the animation. Most of a change is over within three times
// its time constant; what is dragged hardly lags.
const (
	pace    = 0.055 // s: time constant of slices and maps
	zooming = 0.075 // s: of the camera
	quiet   = 0.25  // s without a change before activations are asked for
)

// aim sets what the blocks and maps move to: the child.
func (s *Scene) aim() {
	for i := range s.blocks {
		b := &s.blocks[i]
		in, out := s.channels(b.Layer)
		b.want = slice{in: math.Sqrt(float64(in) / float64(b.in)), out: math.Sqrt(float64(out) / float64(b.out))}
		if s.active(b.Layer) {
			b.want.on = 1
			if b.kernel > 0 {
				b.want.kernel = float64(s.child.Stages[b.Stage].Kernels[b.Index])
			}
		}
	}
	now, biggest := sizes(s.space, s.child.Resolution), sizes(s.space, last(s.space.Resolutions))
	for i := range s.maps {
		m := &s.maps[i]
		m.pixels = now[i]
		m.want = m.full * math.Sqrt(float64(now[i])/float64(biggest[i]))
	}
}

// settle ends every animation.
func (s *Scene) settle() {
	for i := range s.blocks {
		s.blocks[i].now = s.blocks[i].want
	}
	for i := range s.maps {
		s.maps[i].now = s.maps[i].want
	}
	s.camera.settle()
}

// approach moves v to its goal by the share k, and all the way when it is near.
func approach(v *float64, goal, k, near float64) bool {
	if math.Abs(goal-*v) <= near {
		*v = goal
		return false
	}
	*v += (goal - *v) * k
	return true
}

// Step moves everything on by the time since the last step, in seconds. It
// reports whether something still moves: whether another frame is needed.
func (s *Scene) Step(seconds float64) bool {
	waiting := s.ask(seconds)
	if !s.motion {
		s.settle()
		s.answers.fade(1)
		return waiting
	}
	dt := min(seconds, 0.05) // a page that was away goes on where it was
	k, moving := 1-math.Exp(-dt/pace), false
	for i := range s.blocks {
		b := &s.blocks[i]
		moving = approach(&b.now.in, b.want.in, k, 0.002) || moving
		moving = approach(&b.now.out, b.want.out, k, 0.002) || moving
		moving = approach(&b.now.on, b.want.on, k, 0.01) || moving
		moving = approach(&b.now.kernel, b.want.kernel, k, 0.02) || moving
	}
	for i := range s.maps {
		moving = approach(&s.maps[i].now, s.maps[i].want, k, 0.1) || moving
	}
	moving = s.camera.step(1-math.Exp(-dt/zooming)) || moving
	moving = s.answers.fade(dt/0.2) || moving
	return moving || waiting
}
