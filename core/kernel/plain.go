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

// actSlopePlain is actSlopeReference for these activations, with its bits.
func actSlopePlain[T Float](y, slope, x []T, m, c int, scale, shift []T, act Act) {
	scale, shift = scale[:c], shift[:c]
	for i := range m {
		z, s := y[i*c:(i+1)*c], slope[i*c:(i+1)*c]
		for j, v := range x[i*c : (i+1)*c] {
			z[j] = T(v*scale[j]) + shift[j]
		}
		switch act {
		case ReLU:
			for j, v := range z {
				if s[j] = 1; v <= 0 {
					z[j], s[j] = 0, 0
				}
			}
		case HardSwish:
			for j, v := range z {
				if s[j] = 1; v <= -3 {
					s[j] = 0
				} else if v <= 3 {
					s[j] = (2*v + 3) / 6
				}
				z[j] = hardSwish(v)
			}
		default:
			for j, v := range z {
				z[j], s[j] = activation(v, act), chained(1, v, act)
			}
		}
	}
}
