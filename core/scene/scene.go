// Package scene is the network view without a graphics library: where the blocks
// of the biggest network stand, the child's slices in them and how these move,
// what the mouse, fingers and keys do, and the list of shapes that is drawn. The
// page and the desktop program show the same scene.
//
// Positions are logical pixels from the top left. A Scene is not safe for use by
// several goroutines at once.
package scene

import (
	"errors"
	"slices"

	"bignas/core/arch"
	"bignas/core/cost"
	"bignas/core/fault"
)

// Layer names a layer of the biggest network. Stage is its stage from 0, -1 for
// the stem and the number of stages for the head; Index counts in the stage.
type Layer struct{ Stage, Index int }

// Nowhere is no layer.
var Nowhere = Layer{Stage: -2}

// Event is what a person did that others must know.
type Event struct {
	Type   string    // "move": Child is new. "stage": Stage was chosen, -1 for all. "want-maps": Stage and Layer's activations are needed. "say": Text describes the chosen layer. "leave": the keyboard goes elsewhere.
	Child  arch.Arch // of move
	Stage  int       // of stage and want-maps
	Layer  int       // of want-maps
	Ticket int       // of want-maps: the answer names it
	Text   string    // of say
}

// Scene is the state of the view.
type Scene struct {
	space   *arch.Space
	classes int
	child   arch.Arch
	report  cost.Report
	full    cost.Report // of the biggest child

	width, height float64 // of the whole view
	blocks        []block
	maps          []flow // along the flow line: the image, then one a stage
	frame         frame
	camera        camera
	palette       Palette
	motion        bool // whether changes are animated

	chosen, hovered Layer
	stage           int // that the page's sliders move, -1 for all
	pointers        map[int]*pointer
	drag            *drag
	touch           bool // the last pointer was a finger

	answers answers
	events  []Event
}

// New makes the scene of a space for a classifier of that many classes, with
// its middle child. It fails where the space has a dimension without choices.
func New(space *arch.Space, classes int) (*Scene, error) {
	if err := check(space, classes); err != nil {
		return nil, err
	}
	s := &Scene{space: space, classes: classes, motion: true, chosen: Nowhere, hovered: Nowhere, stage: -1, pointers: map[int]*pointer{}}
	s.full = cost.ForClasses(space.Max(), classes)
	s.answers.reset()
	s.SetDark(false)
	s.Resize(1024, 560)
	if err := s.SetChild(space.At(0.5)); err != nil {
		return nil, err
	}
	s.settle()
	return s, nil
}

// check refuses a space that has nothing to choose from: the rest of the package
// takes the first and the last of every list.
func check(space *arch.Space, classes int) error {
	bad := func(what string) error {
		return fault.New("bad_space", "build the page again with make site", "the search space has no %s", what)
	}
	if space == nil || len(space.Stages) == 0 {
		return bad("stages")
	}
	if classes < 1 {
		return bad("classes")
	}
	choices := func(what string, list []int) error {
		if len(list) == 0 || list[0] < 1 || !slices.IsSorted(list) {
			return bad(what)
		}
		return nil
	}
	err := errors.Join(choices("resolutions", space.Resolutions), choices("stem channels", space.Stem), choices("head channels", space.Head))
	for _, st := range space.Stages {
		if st.Stride < 1 {
			return bad("stride in " + st.Name)
		}
		err = errors.Join(err, choices("widths in "+st.Name, st.Widths), choices("depths in "+st.Name, st.Depths),
			choices("kernels in "+st.Name, st.Kernels), choices("expansions in "+st.Name, st.Expansions))
	}
	if err != nil {
		return fault.As(err, "bad_space")
	}
	return nil
}

// Child is the child as it is now.
func (s *Scene) Child() arch.Arch { return s.child.Clone() }

// Chosen is the layer whose numbers and maps are shown, or Nowhere.
func (s *Scene) Chosen() Layer { return s.chosen }

// SetChild shows a child of the space. It fails with an *arch.Error for any
// other, and then shows what it showed before.
func (s *Scene) SetChild(a arch.Arch) error {
	a = a.Clone()
	a.Space = s.space
	if err := s.space.Validate(a); err != nil {
		return err
	}
	if s.child.Space != nil && s.child.Equal(a) {
		return nil
	}
	s.child = a
	s.report = cost.ForClasses(a, s.classes)
	s.aim()
	s.answers.outdate()
	return nil
}

// SetStage marks the stage that the page's sliders move, -1 for all.
func (s *Scene) SetStage(stage int) {
	if stage < -1 || stage >= len(s.space.Stages) || stage == s.stage {
		return
	}
	s.stage = stage
	switch {
	case stage >= 0 && s.chosen.Stage != stage:
		s.choose(s.top(stage))
	case stage < 0 && s.chosen.Stage >= 0 && s.chosen.Stage < len(s.space.Stages):
		s.choose(Nowhere)
	}
}

// SetDark takes the dark or the light colours.
func (s *Scene) SetDark(dark bool) {
	s.palette = Light
	if dark {
		s.palette = Dark
	}
	s.answers.paint(s.palette)
}

// SetMotion says whether changes may be animated.
func (s *Scene) SetMotion(on bool) { s.motion = on }

// Resize lays everything out again for a view of that size.
func (s *Scene) Resize(width, height float64) {
	if width == s.width && height == s.height || width < 1 || height < 1 {
		return
	}
	s.width, s.height = width, height
	s.layout()
	s.camera.resize(s.frame.w, s.frame.h)
	if s.child.Space != nil {
		s.aim()
		s.settle()
	}
}

// Events returns what happened since it was last asked, oldest first.
func (s *Scene) Events() []Event {
	e := s.events
	s.events = nil
	return e
}

// choose makes a layer the one that the panel is about, and tells the page.
func (s *Scene) choose(l Layer) {
	if s.chosen == l {
		return
	}
	s.chosen = l
	s.answers.clear()
	stage := -1
	if l.Stage >= 0 && l.Stage < len(s.space.Stages) {
		stage = l.Stage
	}
	if stage != s.stage {
		s.stage = stage
		s.events = append(s.events, Event{Type: "stage", Stage: stage})
	}
	s.events = append(s.events, Event{Type: "say", Text: s.describe(l)})
}

// move makes a the child if the space allows it, and tells the page.
func (s *Scene) move(a arch.Arch) {
	before := s.child
	if s.SetChild(a) != nil || s.child.Equal(before) {
		return
	}
	s.events = append(s.events, Event{Type: "move", Child: s.child.Clone()})
	if s.drag == nil {
		s.events = append(s.events, Event{Type: "say", Text: s.describe(s.chosen)})
	}
}
