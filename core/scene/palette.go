package scene

import "image/color"

// Palette are the colours of the page's tokens that the view uses.
type Palette struct {
	Ground, Panel       color.RGBA // behind the network, behind the numbers
	Ink, Ink2, Ink3     color.RGBA // text: strong, secondary, captions
	Line, Edge          color.RGBA // hairlines; ghosts
	Rest, RestEdge      color.RGBA // the supernet beside the child, its outline
	Child, ChildInk     color.RGBA // the child, as a fill and as text
	ChildSoft, OnChild  color.RGBA // maps without activations; on the child
	Choice, ChoiceOther color.RGBA // the filter row: chosen, and behind all
}

func rgb(v uint32) color.RGBA {
	return color.RGBA{byte(v >> 16), byte(v >> 8), byte(v), 255}
}

// Light and Dark are the page's two sets of colours (site/tokens.css; a test
// compares them).
var (
	Light = Palette{
		Ground: rgb(0xffffff), Panel: rgb(0xf4f6f8), Ink: rgb(0x15191f), Ink2: rgb(0x49515d), Ink3: rgb(0x5f6875),
		Line: rgb(0xdde2e8), Edge: rgb(0x848e9c), Rest: rgb(0xdfe4ea), RestEdge: rgb(0x8a95a4),
		Child: rgb(0xe2530d), ChildInk: rgb(0xb33c05), ChildSoft: rgb(0xf6cdb8), OnChild: rgb(0xffffff),
		Choice: rgb(0xffffff), ChoiceOther: rgb(0xdde2e8),
	}
	Dark = Palette{
		Ground: rgb(0x101317), Panel: rgb(0x181c22), Ink: rgb(0xe9edf2), Ink2: rgb(0xb3bbc6), Ink3: rgb(0x98a2af),
		Line: rgb(0x2a3039), Edge: rgb(0x717c8b), Rest: rgb(0x2b323c), RestEdge: rgb(0x647080),
		Child: rgb(0xff8a45), ChildInk: rgb(0xff9c61), ChildSoft: rgb(0x5a3825), OnChild: rgb(0x241003),
		Choice: rgb(0x101317), ChoiceOther: rgb(0x2a3039),
	}
)

// blend is a where t is 0 and b where it is 1.
func blend(a, b color.RGBA, t float64) color.RGBA {
	m := func(x, y byte) byte { return byte(float64(x) + (float64(y)-float64(x))*t + 0.5) }
	return color.RGBA{m(a.R, b.R), m(a.G, b.G), m(a.B, b.B), m(a.A, b.A)}
}

// faded is a colour at that opacity, premultiplied.
func faded(c color.RGBA, alpha float64) color.RGBA { return blend(color.RGBA{}, c, alpha) }
