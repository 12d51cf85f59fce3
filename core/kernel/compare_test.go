package kernel

import "testing"

var activations = []Act{None, Swish, Sigmoid, ReLU, HardSigmoid}

// use switches implementation for the length of a test.
func use(t testing.TB, name string) {
	t.Helper()
	undo, err := Use(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(undo)
}
