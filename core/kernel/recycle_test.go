package kernel

import "testing"

// TestRecycle: memory that was given back is used again for a size that rounds
// up to the same, and never for two at once.
func TestRecycle(t *testing.T) {
	for _, n := range []int{1, 1023, 1024, 5000, 123457} {
		if s := sizeClass(n); s < n || s > n+n/8+1 || sizeClass(s) != s {
			t.Errorf("room for %d is %d", n, s)
		}
	}
	a := allocPacked(5000)
	recycle(a)
	b, c := allocPacked(4999), allocPacked(5000)
	if &a[0] != &b[0] {
		t.Error("memory given back is not used again")
	}
	if &b[0] == &c[0] {
		t.Error("two have the same memory")
	}
}

// TestReleasedWeights: weights packed into used memory are those packed into
// fresh memory, padding included.
func TestReleasedWeights(t *testing.T) {
	for _, name := range Implementations() {
		undo, err := Use(name)
		if err != nil {
			t.Fatal(err)
		}
		const m, k, n = 7, 50, 43
		w, x, fresh, used := filled(k*n), filled(m*k), make([]float32, m*n), make([]float32, m*n)
		Pack(w, k, n, n, nil, nil).Apply(fresh, x, m, Swish, nil)
		dirt := allocPacked(k * 48)
		for i := range dirt {
			dirt[i] = 1e30
		}
		recycle(dirt)
		p := Pack(w, k, n, n, nil, nil)
		p.Apply(used, x, m, Swish, nil)
		for i := range fresh {
			if fresh[i] != used[i] {
				t.Fatalf("%s: element %d is %v, in fresh memory %v", name, i, used[i], fresh[i])
			}
		}
		p.Release()
		undo()
	}
}
