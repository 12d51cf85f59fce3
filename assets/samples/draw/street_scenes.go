package main

import "math"

func gasPump() scene {
	const (
		red = iota
		cream
		chrome
		rubber
		panel
		concrete
		wall
		globe
	)
	hose := []vec{{0.62, 2.35, 0.1}, {1.0, 2.5, 0.25}, {1.22, 2.0, 0.4}, {1.2, 1.1, 0.48}, {1.0, 0.62, 0.48}, {0.78, 0.9, 0.42}, {0.7, 1.5, 0.34}}
	return scene{
		name: "gas-pump", eye: vec{2.5, 2.3, 6.4}, target: vec{0.15, 1.7, 0}, zoom: 0.34, far: 50,
		sun: vec{0.45, 0.62, 0.62}.unit(), sunlight: vec{1.9, 1.72, 1.4}, skylight: vec{0.5, 0.6, 0.75},
		distance: func(p vec) (float64, int) {
			d, m := 1e9, -1
			nearest(&d, &m, p.y, concrete)
			nearest(&d, &m, box(p.sub(vec{0, 0.1, 0}), vec{1.25, 0.12, 0.85}, 0.05), concrete)
			nearest(&d, &m, p.z+2.2, wall)
			// The body: a rounded cabinet with a cream face, a dial and a chrome waist.
			nearest(&d, &m, box(p.sub(vec{0, 1.45, 0}), vec{0.6, 1.25, 0.4}, 0.1), red)
			nearest(&d, &m, box(p.sub(vec{0, 2.18, 0.36}), vec{0.46, 0.4, 0.08}, 0.04), cream)
			nearest(&d, &m, box(p.sub(vec{0, 2.2, 0.43}), vec{0.36, 0.27, 0.03}, 0.01), panel)
			nearest(&d, &m, box(p.sub(vec{0, 1.62, 0}), vec{0.63, 0.035, 0.43}, 0.02), chrome)
			nearest(&d, &m, box(p.sub(vec{0, 0.42, 0}), vec{0.64, 0.05, 0.44}, 0.02), chrome)
			nearest(&d, &m, box(p.sub(vec{0, 1.05, 0.39}), vec{0.4, 0.42, 0.02}, 0.01), cream)
			nearest(&d, &m, cylinder(p.sub(vec{0, 2.78, 0}), 0.16, 0.12), chrome)
			g := p.sub(vec{0, 3.12, 0})
			nearest(&d, &m, (vec{g.x, g.y, g.z * 1.7}.length()-0.36)*0.7, globe)
			// The hose hangs in a loop; the nozzle rests in its holder.
			for i := 1; i < len(hose); i++ {
				nearest(&d, &m, capsule(p, hose[i-1], hose[i], 0.045), rubber)
			}
			nearest(&d, &m, capsule(p, vec{0.7, 1.45, 0.34}, vec{0.68, 1.86, 0.32}, 0.075), chrome)
			nearest(&d, &m, capsule(p, vec{0.68, 1.86, 0.32}, vec{0.74, 2.02, 0.52}, 0.04), chrome)
			nearest(&d, &m, box(p.sub(vec{0.64, 1.72, 0.2}), vec{0.07, 0.2, 0.14}, 0.02), rubber)
			return d, m
		},
		surface: func(m int, p, n vec) surface {
			switch m {
			case red:
				return surface{colour: rgb(0xc2201a).times(0.85 + 0.2*fractal(p.times(3), 4)), gloss: 0.32}
			case cream:
				c := rgb(0xf0e8d2)
				if p.y < 1.5 { // a round badge on the lower panel
					if r := math.Hypot(p.x, p.y-1.05); math.Abs(r-0.24) < 0.03 {
						c = rgb(0xc2201a)
					} else if r < 0.15 {
						c = rgb(0x1d3f7a)
					}
				}
				return surface{colour: c, gloss: 0.15}
			case panel:
				// Two rows of counting wheels: light digits' cells on black.
				cell := math.Mod(p.x+2.02, 0.12)
				for _, y := range []float64{2.31, 2.11} {
					if math.Abs(p.y-y) < 0.06 && cell > 0.015 && math.Abs(p.x) < 0.3 {
						digit := math.Abs(cell-0.065) < 0.028 && math.Abs(p.y-y) < 0.042 && noise(vec{math.Floor((p.x + 2.02) / 0.12), p.y * 40, 1}) > 0.45
						if digit {
							return surface{colour: rgb(0x14161a), gloss: 0.2}
						}
						return surface{colour: rgb(0xe9e6dc), gloss: 0.2}
					}
				}
				return surface{colour: rgb(0x1b1e22), gloss: 0.3}
			case chrome:
				return surface{colour: vec{0.75, 0.76, 0.78}, gloss: 0.6, metal: true}
			case rubber:
				return surface{colour: rgb(0x16171a), gloss: 0.12}
			case globe:
				c := vec{0.9, 0.9, 0.86}
				if p.z > 0.05 && math.Abs(p.y-3.12) < 0.07 {
					c = rgb(0xc2201a)
				}
				return surface{colour: c, gloss: 0.25, glow: c.times(0.15)}
			case wall:
				if p.y < 3.2 { // brick under a white band
					row := math.Floor(p.y / 0.2)
					u := math.Mod(p.x+40+0.3*row, 0.6)
					c := rgb(0x8a5a46).mix(rgb(0xb98468), hash(int(row), int(math.Floor((p.x+40+0.3*row)/0.6)), 5))
					if math.Mod(p.y, 0.2) < 0.025 || u < 0.025 {
						c = rgb(0xb9b0a4)
					}
					return surface{colour: c.times(0.75 + 0.4*fractal(p.times(4), 4))}
				}
				return surface{colour: rgb(0xe8e3d6).times(0.85 + 0.2*fractal(p.times(2), 4))}
			}
			stain := fractal(vec{p.x * 1.3, 4, p.z * 1.3}, 5)
			return surface{colour: rgb(0x8d8a84).times(0.6 + 0.5*stain).times(0.9 + 0.2*noise(p.times(45)))}
		},
		sky: daySky(rgb(0x4f86bd), rgb(0xd4e2ea), 0.45, 1),
	}
}

func garbageTruck() scene {
	const (
		paint = iota
		steel
		tyre
		glass
		asphalt
		leaves
		lamp
		white
		kerb
	)
	return scene{
		name: "garbage-truck", eye: vec{-5.2, 2.3, 8.2}, target: vec{0.1, 1.45, 0}, zoom: 0.40, far: 60,
		sun: vec{-0.35, 0.7, 0.6}.unit(), sunlight: vec{1.9, 1.75, 1.45}, skylight: vec{0.5, 0.6, 0.75}, haze: 0.006,
		distance: func(p vec) (float64, int) {
			d, m := 1e9, -1
			nearest(&d, &m, p.y+0.006*noise(p.times(30)), asphalt)
			nearest(&d, &m, box(p.sub(vec{0, 0.05, -3.4}), vec{40, 0.1, 1.2}, 0.03), kerb)
			nearest(&d, &m, box(p.sub(vec{0, 0.62, 0}), vec{3.1, 0.12, 0.7}, 0.03), steel)
			// The cab at the left, with windows, doors, bumper and lamps.
			c := p.sub(vec{-2.55, 1.45, 0})
			cab := box(c, vec{0.72, 0.85, 1.05}, 0.12)
			cab = math.Max(cab, (-c.x*0.9+(c.y-0.95)*0.35-0.62)*0.9)
			nearest(&d, &m, cab, white)
			nearest(&d, &m, math.Max(box(c.sub(vec{-0.6, 0.28, 0}), vec{0.2, 0.36, 0.9}, 0.05), (-c.x*0.9+(c.y-0.95)*0.35-0.635)*0.9), glass)
			nearest(&d, &m, box(vec{c.x + 0.05, c.y - 0.3, math.Abs(c.z) - 1.03}, vec{0.42, 0.32, 0.04}, 0.03), glass)
			nearest(&d, &m, box(c.sub(vec{-0.66, -0.7, 0}), vec{0.14, 0.16, 1.08}, 0.04), steel)
			nearest(&d, &m, sphere(vec{c.x + 0.76, c.y + 0.5, math.Abs(c.z) - 0.8}, 0.14), lamp)
			nearest(&d, &m, box(vec{c.x + 0.55, c.y - 0.35, math.Abs(c.z) - 1.22}, vec{0.05, 0.22, 0.1}, 0.03), steel)
			nearest(&d, &m, box(c.sub(vec{-0.1, 0.92, 0}), vec{0.1, 0.08, 0.5}, 0.04), lamp)
			// The body: a ribbed box, and the sloping hopper behind it.
			b := p.sub(vec{0.35, 1.85, 0})
			body := box(b, vec{1.85, 1.1, 1.15}, 0.1)
			rib := math.Mod(b.x+20.3, 0.62) - 0.31
			ribs := box(vec{rib, b.y, math.Abs(b.z) - 1.17}, vec{0.06, 1.0, 0.05}, 0.02)
			nearest(&d, &m, math.Min(body, math.Max(ribs, math.Abs(b.x)-1.8)), paint)
			h := p.sub(vec{2.55, 1.65, 0})
			hopper := box(h, vec{0.75, 1.2, 1.18}, 0.08)
			hopper = math.Max(hopper, (h.x*0.85+h.y*0.5-0.78)*0.95)
			hollow := box(h.sub(vec{0.5, -0.35, 0}), vec{0.5, 0.5, 0.95}, 0.05)
			nearest(&d, &m, math.Max(hopper, -hollow), paint)
			nearest(&d, &m, capsule(vec{p.x, p.y, math.Abs(p.z) - 1.22}, vec{1.9, 1.0, 0}, vec{2.6, 2.6, 0}, 0.06), steel)
			for _, x := range []float64{-2.35, 0.95, 2.05} {
				w := vec{p.x - x, math.Abs(p.z) - 0.95, p.y - 0.5} // its axle along y of the cylinder
				nearest(&d, &m, cylinder(w, 0.5, 0.2)-0.02, tyre)
				nearest(&d, &m, cylinder(w.sub(vec{0, 0.13, 0}), 0.26, 0.12), steel)
			}
			// A hedge and trees behind.
			if p.z < -2.5 {
				t := vec{math.Mod(p.x+62, 4) - 2, p.y - 2.7, p.z + 6.5}
				s := sphere(t, 2.1) + 0.4 - 0.9*fractal(p.times(1.9), 4)
				hedge := box(p.sub(vec{0, 0.9, -5.4}), vec{40, 0.9, 0.5}, 0.1) + 0.15 - 0.4*fractal(p.times(3), 3)
				nearest(&d, &m, math.Min(s, hedge)*0.6, leaves)
			} else {
				nearest(&d, &m, math.Max(0.5, p.z+3.4), leaves)
			}
			return d, m
		},
		surface: func(m int, p, n vec) surface {
			switch m {
			case paint:
				dirt := smooth(1.6, 0.8, p.y) * fractal(p.times(3), 4)
				return surface{colour: rgb(0x1f7a3e).mix(rgb(0x6b6350), 0.7*dirt).times(0.85 + 0.2*fractal(p.times(2), 3)), gloss: 0.2}
			case white:
				return surface{colour: rgb(0xe6e7e2).times(0.85 + 0.15*fractal(p.times(2), 3)), gloss: 0.28}
			case steel:
				return surface{colour: rgb(0x5b6066).times(0.7 + 0.5*fractal(p.times(6), 3)), gloss: 0.2}
			case tyre:
				return surface{colour: rgb(0x1c1c1e).times(0.7 + 0.6*noise(p.times(20)))}
			case glass:
				return surface{colour: rgb(0x10161c), gloss: 0.45}
			case lamp:
				return surface{colour: rgb(0xf2a23a), gloss: 0.3, glow: rgb(0xf2a23a).times(0.25)}
			case leaves:
				return surface{colour: rgb(0x21401a).mix(rgb(0x6f9441), fractal(p.times(5), 3))}
			case kerb:
				return surface{colour: rgb(0xa39d93).times(0.7 + 0.4*fractal(p.times(5), 4))}
			}
			c := rgb(0x4b4c4f).times(0.65 + 0.5*fractal(vec{p.x, 2, p.z}, 5)).times(0.8 + 0.4*noise(p.times(40)))
			if math.Abs(p.z-3.2) < 0.07 && math.Mod(p.x+20, 2.4) < 1.4 {
				c = rgb(0xd8d6cc)
			}
			return surface{colour: c}
		},
		sky: daySky(rgb(0x3f7ab8), rgb(0xd2e2ec), 0.5, 1),
	}
}

func frenchHorn() scene {
	const (
		brass = iota
		cloth
		valve
	)
	// The bell flares along its axis: radius at distance t from the throat.
	flare := func(t float64) float64 { return 0.09 + 0.16*t + 0.92*math.Pow(clamp(t/1.5, 0, 1), 5) }
	axis := vec{0.42, -0.52, 0.74}.unit()
	throat := vec{0.30, -0.35, -0.10}
	return scene{
		name: "french-horn", eye: vec{0.5, 0.75, 5.6}, target: vec{0.1, -0.3, 0.1}, zoom: 0.42, far: 30,
		sun: vec{-0.4, 0.65, 0.65}.unit(), sunlight: vec{1.9, 1.75, 1.5}, skylight: vec{0.55, 0.55, 0.58},
		distance: func(p vec) (float64, int) {
			d, m := 1e9, -1
			folds := 0.16*math.Sin(p.x*1.6+1.2*noise(vec{p.x, p.y * 0.7, 2})*2) + 0.10*fractal(p.times(1.3), 3)
			nearest(&d, &m, (p.z+1.15-folds)*0.6, cloth)
			// The coils: rings of tube, a little tilted against each other.
			for i, r := range []float64{1.12, 1.0, 0.88} {
				q := p.sub(vec{-0.12 + 0.05*float64(i), 0.14, 0.03 * float64(i)})
				q = turn(q, 0.10*float64(i)-0.1)
				nearest(&d, &m, torus(q, r, 0.062), brass)
			}
			inner := p.sub(vec{-0.25, 0.2, 0.1})
			nearest(&d, &m, torus(inner, 0.42, 0.05), brass)
			nearest(&d, &m, torus(turn(inner.sub(vec{0.1, -0.12, 0.03}), 0.3), 0.55, 0.045), brass)
			// Valves, their slides and the lever.
			for i := range 3 {
				v := p.sub(vec{-0.58 + 0.27*float64(i), 0.22 - 0.05*float64(i), 0.2})
				nearest(&d, &m, cylinder(vec{v.x, v.z, v.y}, 0.115, 0.14), valve)
				nearest(&d, &m, capsule(v, vec{0, 0, 0.05}, vec{-0.1, 0.62, 0.08}, 0.03), brass)
			}
			// The lead pipe with its mouthpiece.
			nearest(&d, &m, capsule(p, vec{-1.05, 0.55, 0.1}, vec{-1.62, 1.06, 0.35}, 0.045), brass)
			nearest(&d, &m, capsule(p, vec{-1.62, 1.06, 0.35}, vec{-1.74, 1.17, 0.4}, 0.075), valve)
			// The bell, a thin shell around its axis.
			q := p.sub(throat)
			t := q.dot(axis)
			r := q.sub(axis.times(t)).length()
			shell := (math.Abs(r-flare(t)) - 0.014) * 0.42
			shell = math.Max(shell, math.Max(-0.2-t, t-1.5))
			nearest(&d, &m, shell, brass)
			rim := math.Hypot(r-flare(1.5), t-1.5) - 0.035
			nearest(&d, &m, rim, brass)
			nearest(&d, &m, capsule(p, throat, vec{0.85, 0.62, -0.1}, 0.085), brass)
			return d, m
		},
		surface: func(m int, p, n vec) surface {
			switch m {
			case brass:
				return surface{colour: rgb(0xe2ad45).times(0.92 + 0.12*fractal(p.times(4), 3)), gloss: 0.6, metal: true}
			case valve:
				return surface{colour: rgb(0xd9d3c2), gloss: 0.6, metal: true}
			}
			return surface{colour: rgb(0x4a1620).times(0.7 + 0.5*fractal(p.times(2), 3)).times(0.9 + 0.2*noise(p.times(60)))}
		},
		sky: func(dir vec) vec { // a room: dark walls, a bright window and a lamp above
			c := rgb(0x3a332c).mix(rgb(0x8a7f70), clamp(0.5+0.5*dir.y, 0, 1))
			window := smooth(0.42, 0.36, math.Abs(dir.x+0.45)) * smooth(0.4, 0.34, math.Abs(dir.y-0.45))
			lamp := smooth(0.9, 0.97, dir.dot(vec{0.6, 0.7, 0.4}.unit()))
			return c.add(vec{1.5, 1.55, 1.6}.times(window)).add(vec{1.6, 1.3, 0.9}.times(lamp))
		},
	}
}
