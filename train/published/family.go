package published

// family returns the text forms of the children that a space's authors published, by name; nil
// where there are none, or where nothing says what they look like.
func family(space string) map[string]string {
	switch space {
	case "ofa-mbv3": // mmrazor has these two architectures (configs/nas/mmcls/onceforall, OFA_SUBNET_NOTE8_LAT22.yaml and ..._LAT31.yaml)
		return map[string]string{
			"note8_lat@22ms": "r140-c16-16x1k3-24x2k3e3-40x2k5e3-80x2k73e43-112x2k53e34-160x2k37e6-h1280",
			"note8_lat@31ms": "r152-c16-16x1k3-24x2k53e3-40x2k5e43-80x3k335e4-112x3k357e434-160x4k3355e6333-h1280",
		}
	case "attentivenas":
	default:
		return nil
	}
	return map[string]string{ // arXiv 2011.09011 and 2102.07954, the same seven
		"A0": "r192-c16-16x1k3-24x3k3e4-32x3k3e4-64x3k3e4-112x3k3e4-192x3k3-216x1k3-h1792",
		"A1": "r224-c16-16x1k3-24x3k3e4-32x3k3e4-64x3k5e4-112x3k3e4-192x3k5-216x1k3-h1984",
		"A2": "r224-c16-16x1k3-24x3k3e4-32x3k3e5-64x3k3e4-112x3k3e4-200x4k5-224x1k3-h1984",
		"A3": "r224-c16-16x2k3-24x3k3e4-32x3k3e4-64x4k5e4-112x3k3e4-208x5k3-224x1k3-h1984",
		"A4": "r256-c16-16x1k3-24x3k3e4-32x3k3e4-64x4k5e5-112x3k3e4-192x5k5-216x1k3-h1984",
		"A5": "r256-c16-16x1k3-24x3k3e4-32x3k3e5-72x3k5e4-112x4k3e4-192x6k3-216x1k3-h1792",
		"A6": "r288-c16-16x1k3-24x3k3e4-32x3k3e6-64x4k3e5-112x4k3e4-216x6k5-224x1k3-h1984",
	}
}
