package augment

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
)

// goes looks for the random numbers that make operate go a given way.
func goes(op operation, sign string) *rand.Rand {
	for seed := uint64(0); ; seed++ {
		r := rand.New(rand.NewPCG(seed, seed))
		if sign == "" || op < doShearX || op > doSharpness || (r.IntN(2) == 0) == (sign == "-1") {
			return rand.New(rand.NewPCG(seed, seed))
		}
	}
}

// TestOperationsAgainstPillow compares every operation at half strength with what
// Pillow does (testdata/pillow.py). Enhancements may differ by one level, because
// Pillow blends in float32 and these in integers or once.
func TestOperationsAgainstPillow(t *testing.T) {
	text, err := os.ReadFile("testdata/pillow.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden map[string][]byte
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatal(err)
	}
	ops := map[string]operation{"brightness": doBrightness, "color": doColor, "contrast": doContrast, "sharpness": doSharpness,
		"shearX": doShearX, "shearY": doShearY, "translateX": doTranslateX, "translateY": doTranslateY, "rotate": doRotate,
		"posterize": doPosterize, "solarize": doSolarize, "autocontrast": doAutoContrast, "equalize": doEqualize, "invert": doInvert}
	const side = 12
	p := newPainter(plain, identity)
	tried := map[operation]bool{}
	for name, want := range golden {
		word := strings.TrimRight(name, "-1")
		op, ok := ops[word]
		if !ok || len(want) != side*side*3 {
			t.Fatalf("golden %s is unknown or has %d bytes", name, len(want))
		}
		tried[op] = true
		pix := make([]uint8, side*side*3)
		for i := range pix {
			x, y, c := i/3%side, i/3/side, i%3
			pix[i] = uint8((x*37+y*61+c*83+x*y*7)%(170+20*c) + 20)
		}
		p.operate(pix, side, op, 0.5, goes(op, name[len(word):]))
		tolerance := 0
		if op >= doBrightness && op <= doSharpness || op == doAutoContrast {
			tolerance = 1
		}
		for i, v := range pix {
			if d := int(v) - int(want[i]); d > tolerance || d < -tolerance {
				t.Errorf("%s: byte %d is %d, Pillow has %d", name, i, v, want[i])
				break
			}
		}
	}
	for _, op := range randOperations {
		if op != doNothing && !tried[op] {
			t.Errorf("operation %d has no golden", op)
		}
	}
}

// TestPoliciesUseTheirOperations: over many images both policies change most of
// them, leave some alone, and depend on the stream.
func TestPoliciesUseTheirOperations(t *testing.T) {
	random, auto := plain, plain
	random.Resample, random.Policy, random.Ops, random.Magnitude = FixedResample, RandAugment, 2, 9
	auto.Policy = AutoAugment
	still := plain
	still.Resample = FixedResample
	pix := wavy(16)
	for name, c := range map[string]Config{RandAugment: random, AutoAugment: auto} {
		if err := c.Check(); err != nil {
			t.Fatal(err)
		}
		same, seen := 0, map[string]bool{}
		base := paint(still, identity, pix, 16, 16, 0)
		for stream := range uint64(300) {
			got := paint(c, identity, pix, 16, 16, stream)
			if slices.Equal(got, base) {
				same++
			}
			key := make([]byte, len(got))
			for i, v := range got {
				key[i] = uint8(255 * v)
			}
			seen[string(key)] = true
			if !slices.Equal(got, paint(c, identity, pix, 16, 16, stream)) {
				t.Fatalf("%s: stream %d gives two different images", name, stream)
			}
		}
		// Two operations of 14 with both directions give some hundred images, two of
		// RandAugment are both Identity with a chance of 1/196; 25 sub-policies give
		// fewer, and leave an image alone with a chance of about a tenth.
		if same == 0 || same > 75 || len(seen) < 30 {
			t.Errorf("%s: %d of 300 images unchanged, %d different", name, same, len(seen))
		}
	}
}

// TestNamingAPartLeavesTheOthers: crop, flip, jitter and erasing are the same with
// and without what came later.
func TestNamingAPartLeavesTheOthers(t *testing.T) {
	fixed := Default
	fixed.Resample, fixed.Erase = FixedResample, 1
	const side = 24
	pix := wavy(32)
	blank := func(x []float32) (b []bool) {
		for i := 0; i < len(x); i += 3 {
			b = append(b, x[i] == 0 && x[i+1] == 0 && x[i+2] == 0)
		}
		return b
	}
	for stream := range uint64(20) {
		want := blank(paint(fixed, identity, pix, 32, side, stream))
		c := fixed
		c.Policy, c.Ops, c.Magnitude, c.Hue = RandAugment, 1, 5, 0.1
		got := blank(paint(c, identity, pix, 32, side, stream))
		for i, erased := range want {
			if erased && !got[i] {
				t.Fatalf("stream %d: pixel %d is no longer erased", stream, i)
			}
		}
	}
}
