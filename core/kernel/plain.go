package kernel

// activatePlain is activateReference with loops of their own for the activations after
// lastFast, divided among threads. The bits are the same.
func activatePlain[T Float](y, x []T, a Act) {
	if a <= lastFast {
		activateReference(y, x, a)
		return
	}
	parallelWork(len(x), len(x), func(lo, hi int) {
		y, x := y[lo:hi], x[lo:hi]
		switch a {
		case ReLU:
			for i, v := range x {
				y[i] = max(v, 0)
			}
		case HardSigmoid:
			for i, v := range x {
				y[i] = hardSigmoid(v)
			}
		case HardSwish:
			for i, v := range x {
				y[i] = hardSwish(v)
			}
		}
	})
}

// hardSigmoid is relu6(x+3)/6. (Comparisons, and not min and max, are inlined.)
func hardSigmoid[T Float](x T) T {
	x += 3
	if x < 0 {
		x = 0
	} else if x > 6 {
		x = 6
	}
	return x / 6
}

// hardSwish is x*relu6(x+3)/6, and 0 for minus infinity.
func hardSwish[T Float](x T) T {
	if x <= -3 {
		return 0
	}
	return x * hardSigmoid(x)
}
