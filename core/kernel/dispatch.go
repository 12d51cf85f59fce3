package kernel

import (
	"fmt"
	"strings"
)

// operators is an implementation for float32. The reference loops stand in for what is nil.
type operators struct {
	name string
	inference
	training
}

// implementations available on this machine, best first; reference is always last.
var implementations = []*operators{portable, {name: "reference"}}

// active is the implementation in use.
var active = implementations[0]

// register adds a faster implementation and makes it the active one. It is called from init
// functions, slowest first.
func register(o *operators) {
	implementations = append([]*operators{o}, implementations...)
	active = o
}

// Implementations lists the names that Use takes, best first.
func Implementations() []string {
	var names []string
	for _, o := range implementations {
		names = append(names, o.name)
	}
	return names
}

// Active returns the name of the implementation in use.
func Active() string { return active.name }

// Use switches to an implementation; undo switches back. It must not be called while
// operators run.
func Use(name string) (undo func(), err error) {
	for _, o := range implementations {
		if o.name == name {
			before := active
			active = o
			return func() { active = before }, nil
		}
	}
	return nil, fmt.Errorf("kernel: no implementation %q here; there are %s", name, strings.Join(Implementations(), ", "))
}

// float32s returns x as []float32, where T is float32.
func float32s[T Float](x []T) []float32 {
	s, _ := any(x).([]float32)
	return s
}
