package main

import "math"

func parachute() scene {
	const (
		fabric = iota
		line
		suit
		skin
	)
	const gores = 16
	gore := 2 * math.Pi / gores
	// fold turns p about the axis into the middle of its gore.
	fold := func(p vec) (vec, int) {
		a := math.Atan2(p.z, p.x)
		i := math.Floor(a / gore)
		return turn(p, (i+0.5)*gore), int(i)
	}
	return scene{
		name: "parachute", eye: vec{1.2, -2.9, 8.8}, target: vec{0, -1.0, 0}, zoom: 0.49, far: 30,
		sun: vec{-0.55, 0.62, 0.5}.unit(), sunlight: vec{1.9, 1.75, 1.5}, skylight: vec{0.52, 0.66, 0.85},
		distance: func(p vec) (float64, int) {
			d, m := 1e9, -1
			q, _ := fold(p)
			// The canopy: a flattened dome whose gores bulge between the seams, a vent at its top.
			around := math.Atan2(q.z, q.x) / gore * 2 // -1 to 1 across a gore
			bulge := 0.07 * math.Cos(around*math.Pi/2) * smooth(0.1, 0.9, math.Hypot(p.x, p.z)/2)
			e := vec{p.x, p.y * 1.28, p.z}
			dome := (math.Abs(e.length()-2-bulge) - 0.012) * 0.7
			rim := -0.28 + 0.10*math.Cos(around*math.Pi/2) // the skirt is scalloped
			dome = math.Max(dome, rim-p.y)
			dome = math.Max(dome, 0.16-math.Hypot(p.x, p.z))
			nearest(&d, &m, dome, fabric)
			// Lines run from the seams to the risers.
			l := turn(p, math.Round(math.Atan2(p.z, p.x)/gore)*gore)
			nearest(&d, &m, capsule(l, vec{1.93, -0.3, 0}, vec{0.13, -3.0, 0}, 0.011), line)
			b := p.sub(vec{0, -3.3, 0})
			nearest(&d, &m, sphere(b.sub(vec{0, 0.16, 0.02}), 0.13), skin)
			nearest(&d, &m, box(b.sub(vec{0, -0.16, 0}), vec{0.15, 0.22, 0.11}, 0.08), suit)
			for _, s := range []float64{-1, 1} {
				nearest(&d, &m, capsule(b, vec{s * 0.16, 0, 0}, vec{s * 0.15, 0.34, 0}, 0.05), suit)
				nearest(&d, &m, capsule(b, vec{s * 0.08, -0.36, 0}, vec{s * 0.11, -0.62, 0.12}, 0.075), suit)
				nearest(&d, &m, capsule(b, vec{s * 0.11, -0.62, 0.12}, vec{s * 0.11, -0.92, -0.02}, 0.06), suit)
			}
			return d, m
		},
		surface: func(m int, p, n vec) surface {
			switch m {
			case fabric:
				_, i := fold(p)
				c := rgb(0xc92a22)
				if i&1 == 0 {
					c = rgb(0xf2eee6)
				}
				// Cloth lets some sun through: the inside is not dark.
				through := 0.35 * math.Max(0, -n.dot(vec{-0.55, 0.62, 0.5}.unit()))
				weave := 0.92 + 0.12*fractal(p.times(6), 3)
				return surface{colour: c.times(weave), glow: c.times(through + 0.06)}
			case line:
				return surface{colour: rgb(0x9aa0a4)}
			case skin:
				return surface{colour: rgb(0x2b3038), gloss: 0.2}
			}
			return surface{colour: rgb(0x33415a).times(0.8 + 0.4*fractal(p.times(9), 3))}
		},
		sky: daySky(rgb(0x2f6fb8), rgb(0xa9cbe6), 0.42, 1.1),
	}
}

func golfBall() scene {
	const (
		ball = iota
		grass
		tee
	)
	const dimples = 336
	var centres []vec // a Fibonacci sphere is even enough
	for i := range dimples {
		y := 1 - (2*float64(i)+1)/dimples
		a := float64(i) * math.Pi * (3 - math.Sqrt(5))
		s, c := math.Sincos(a)
		centres = append(centres, vec{c * math.Sqrt(1-y*y), y, s * math.Sqrt(1-y*y)})
	}
	centre := vec{0, 1.32, 0}
	lawn := func(p vec) float64 { // a mown lawn: tufts and blades as a height
		tufts := fractal(vec{p.x * 3, 0, p.z * 3}, 3)
		blades := noise(vec{p.x * 34, 0, p.z * 12})
		return 0.10*tufts + 0.09*blades
	}
	return scene{
		name: "golf-ball", eye: vec{0.9, 1.75, 4.4}, target: vec{0, 1.12, 0}, zoom: 0.39, far: 60,
		sun: vec{-0.5, 0.75, 0.42}.unit(), sunlight: vec{2.0, 1.85, 1.55}, skylight: vec{0.5, 0.6, 0.72}, haze: 0.012,
		distance: func(p vec) (float64, int) {
			d, m := 1e9, -1
			q := p.sub(centre)
			r := sphere(q, 1)
			if r < 0.04 {
				u := q.unit()
				best := -1.0
				for _, c := range centres {
					best = math.Max(best, u.dot(c))
				}
				angle := math.Acos(clamp(best, -1, 1))
				r += 0.024 * smooth(0.088, 0.03, angle)
			}
			nearest(&d, &m, r*0.9, ball)
			if p.y < 0.4 {
				nearest(&d, &m, (p.y-lawn(p))*0.35, grass)
			} else {
				nearest(&d, &m, p.y-0.25, grass)
			}
			stem := cylinder(p.sub(vec{0, 0.2, 0}), 0.09+0.10*smooth(0.1, 0.4, p.y), 0.2)
			nearest(&d, &m, stem*0.8, tee)
			return d, m
		},
		surface: func(m int, p, n vec) surface {
			switch m {
			case ball:
				return surface{colour: vec{0.86, 0.86, 0.83}, gloss: 0.28}
			case tee:
				return surface{colour: rgb(0xd8b98a)}
			}
			h := lawn(p)
			c := rgb(0x2f5a1a).mix(rgb(0x8fbf4a), smooth(0.04, 0.17, h))
			c = c.mix(rgb(0xb3a85c), 0.35*smooth(0.55, 0.8, fractal(vec{p.x * 5, 2, p.z * 5}, 3)))
			return surface{colour: c.times(0.7 + 0.6*noise(p.times(40)))}
		},
		sky: func(dir vec) vec { // trees far behind, out of focus
			leaves := rgb(0x47703a).mix(rgb(0xa9c77a), smooth(0.35, 0.75, fractal(dir.times(9), 2)))
			light := rgb(0xdfeaf2)
			return leaves.mix(light, smooth(0.12, 0.3, dir.y+0.12*fractal(vec{dir.x * 5, 0, dir.z * 5}, 3)))
		},
	}
}

func church() scene {
	const (
		stone = iota
		slate
		lawn
		glass
		gold
		leaves
		door
	)
	// arch is a window or door of half width w whose straight part is h high, from y = 0.
	arch := func(x, y, w, h float64) float64 {
		straight := math.Max(math.Abs(x)-w, math.Max(-y, y-h))
		return math.Min(straight, math.Max(math.Hypot(math.Abs(x)+w*0.5, y-h)-w*1.5, h-y))
	}
	tower := vec{-1.9, 0, 0.6}
	return scene{
		name: "church", eye: vec{5.2, 1.9, 11.5}, target: vec{-0.15, 3.35, 0}, zoom: 0.43, far: 70,
		sun: vec{0.75, 0.5, 0.55}.unit(), sunlight: vec{2.0, 1.72, 1.3}, skylight: vec{0.45, 0.56, 0.75}, haze: 0.004,
		distance: func(p vec) (float64, int) {
			d, m := 1e9, -1
			ground := 0.12*fractal(vec{p.x * 0.6, 0, p.z * 0.6}, 3) + 0.02*noise(p.times(14))
			nearest(&d, &m, (p.y-ground)*0.8, lawn)
			// The nave lies along x, its gable roof on it.
			n := p.sub(vec{1.2, 0, 0})
			walls := box(n.sub(vec{0, 1.25, 0}), vec{2.6, 1.25, 1.35}, 0.02)
			bay := math.Mod(n.x+13, 1.3) - 0.65
			cut := math.Max(arch(bay, p.y-0.9, 0.24, 0.8), math.Abs(math.Abs(n.z)-1.35)-0.14)
			if math.Abs(n.x) < 2.4 {
				walls = math.Max(walls, -cut)
			}
			nearest(&d, &m, walls, stone)
			nearest(&d, &m, box(n.sub(vec{0, 1.25, 0}), vec{2.5, 1.2, 1.25}, 0.02), glass)
			buttress := box(vec{math.Mod(n.x+13.65, 1.3) - 0.65, p.y - 0.8, math.Abs(n.z) - 1.4}, vec{0.11, 0.8, 0.16}, 0.02)
			nearest(&d, &m, math.Max(buttress, math.Abs(n.x)-2.6), stone)
			along := turn(n.sub(vec{0, 2.45, 0}), math.Pi/2)
			nearest(&d, &m, roof(along, 1.55, 1.5, 2.75)*0.9, slate)
			// The tower with belfry windows, a door and a spire with a cross.
			t := p.sub(tower)
			body := box(t.sub(vec{0, 2.3, 0}), vec{1.0, 2.3, 1.0}, 0.02)
			w := math.Max(arch(t.x, p.y-3.35, 0.3, 0.55), math.Abs(math.Abs(t.z)-1)-0.15)
			w = math.Min(w, math.Max(arch(t.z, p.y-3.35, 0.3, 0.55), math.Abs(math.Abs(t.x)-1)-0.15))
			w = math.Min(w, math.Max(arch(t.x, p.y, 0.42, 0.95), math.Abs(t.z-1)-0.2))
			nearest(&d, &m, math.Max(body, -w), stone)
			nearest(&d, &m, box(t.sub(vec{0, 2.3, 0}), vec{0.88, 2.25, 0.85}, 0.02), glass)
			nearest(&d, &m, box(t.sub(vec{0, 0.7, 0.86}), vec{0.5, 0.9, 0.02}, 0), door)
			for _, y := range []float64{2.95, 4.6} {
				nearest(&d, &m, box(t.sub(vec{0, y, 0}), vec{1.08, 0.07, 1.08}, 0.02), stone)
			}
			nearest(&d, &m, pyramid(t.sub(vec{0, 4.65, 0}), 1.12, 3.0)*0.9, slate)
			nearest(&d, &m, box(t.sub(vec{0, 7.95, 0}), vec{0.03, 0.42, 0.03}, 0), gold)
			nearest(&d, &m, box(t.sub(vec{0, 8.05, 0}), vec{0.2, 0.03, 0.03}, 0), gold)
			// Trees.
			for i, c := range []vec{{6.2, 1.3, -2.5}, {-6.0, 1.6, -3.5}, {8.2, 1.2, -6}, {-4.6, 0.7, 1.8}} {
				s := sphere(p.sub(c), []float64{1.6, 2.1, 2.2, 0.8}[i])
				if s < 0.6 {
					s -= 0.55*fractal(p.times(2.6), 4) - 0.2
				} else {
					s -= 0.35
				}
				nearest(&d, &m, s*0.6, leaves)
			}
			return d, m
		},
		surface: func(m int, p, n vec) surface {
			switch m {
			case stone:
				// Courses of stones of different grey, with mortar between.
				row := math.Floor(p.y / 0.17)
				along := p.x + p.z + 0.37*row
				stoneNo := math.Floor(along / 0.34)
				tint := hash(int(row), int(stoneNo), 3)
				edge := math.Min(math.Mod(p.y+20, 0.17), math.Mod(along+40, 0.34)) / 0.02
				c := rgb(0x9c8c74).mix(rgb(0xcdbfa2), tint).times(0.75 + 0.4*fractal(p.times(5), 4))
				return surface{colour: c.times(0.72 + 0.28*clamp(edge, 0, 1))}
			case slate:
				row := math.Floor(p.y / 0.12)
				tile := hash(int(row), int(math.Floor((p.x+p.z)/0.2+0.5*row)), 9)
				return surface{colour: rgb(0x3f4650).mix(rgb(0x6d7480), tile*0.7), gloss: 0.06}
			case glass:
				return surface{colour: rgb(0x10161f), gloss: 0.25}
			case gold:
				return surface{colour: rgb(0xd9b860), gloss: 0.3}
			case door:
				return surface{colour: rgb(0x4a2c1a).times(0.7 + 0.5*noise(vec{p.x * 14, p.y, 0}))}
			case leaves:
				return surface{colour: rgb(0x24421a).mix(rgb(0x6a8f3c), fractal(p.times(6), 3))}
			}
			return surface{colour: rgb(0x3c6a22).mix(rgb(0x86a84c), fractal(vec{p.x * 2.2, 0, p.z * 2.2}, 5)).times(0.75 + 0.5*noise(p.times(25)))}
		},
		sky: daySky(rgb(0x3b74b4), rgb(0xcfe0ea), 0.5, 0.9),
	}
}
