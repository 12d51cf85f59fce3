package unknown

import (
	"context"
	"math/rand/v2"
	"slices"

	"bignas/core/arch"
	"bignas/core/classify"
	"bignas/core/confidence"
	"bignas/core/fault"
	"bignas/train/dataset"
)

// Others returns the images of classes that the weights do not know. Every second of these classes is for fitting, and
// the others, with measure, for measuring.
func Others(data *dataset.Dataset, known dataset.Names, measure bool) (dataset.Subset, error) {
	turn, wanted := 0, make([]bool, len(data.Classes))
	for c, class := range data.Classes {
		if slices.Contains(known.IDs, class) || slices.Contains(known.Labels, class) || slices.Contains(known.Labels, data.Labels[c]) {
			continue
		}
		wanted[c] = turn%2 == 1 == measure
		turn++
	}
	s := data.OfClasses(func(class int) bool { return wanted[class] })
	if s.Len() == 0 {
		return s, fault.New("no_images", "give images of two or more classes that the weights do not know", "%s has none of other classes than %s", data.Source, known.Of)
	}
	return s, nil
}

// Options of Calibrate.
type Options struct {
	Children int // to fit on
	Images   int // held-out, known and unknown images for each child, different ones for each
	Seed     uint64
	Progress func(done int) // called after each child; may be nil
}

// Calibrate fits the model for the weights of e on held-out images, images that the weights were trained on, and images
// of other classes. It ends when ctx ends.
func Calibrate(ctx context.Context, e *classify.Engine, heldOut, known, other dataset.Subset, o Options) (*confidence.Model, error) {
	info := e.Info()
	r := rand.New(rand.NewPCG(o.Seed, 0xca1b))
	shapes, err := dataset.Open(dataset.Shapes, dataset.Options{Side: made, Seed: 1})
	if err != nil {
		return nil, err
	}
	drawings, _ := shapes.Split(0, 0)
	var children []Child
	for i := range o.Children {
		a := info.Space.Sample(r)
		if i < 2 {
			a = []arch.Arch{info.Space.Min(), info.Space.Max()}[i]
		}
		st, err := e.StatisticsOf(a, false)
		if err != nil {
			return nil, err
		}
		c, err := e.Weights().Child(a, st)
		if err != nil {
			return nil, err
		}
		child := Child{Arch: a, HeldOut: &Outputs{}, Known: &Outputs{}, Unknown: &Outputs{}}
		sharp, drawn := Of("", known.Part(i, (o.Images+1)/2)), (o.Images+2)/3
		// Half of the known images are blurred, so that blur is not taken for unknown.
		for _, part := range []struct {
			to *Outputs
			of Images
		}{{child.HeldOut, Of("", heldOut.Part(i, o.Images))},
			{child.Known, sharp}, {child.Known, sharp.Shrunk(64)},
			{child.Unknown, Of("", other.Part(i, o.Images))}, {child.Unknown, Of("", drawings.Part(i, drawn))},
			{child.Unknown, Noise(drawn, uint64(i))}, {child.Unknown, Colours(drawn, uint64(i))}} {
			seen, err := Run(c, info.Preprocessing, part.of)
			if err != nil {
				return nil, err
			}
			part.to.add(seen)
		}
		children = append(children, child)
		if o.Progress != nil {
			o.Progress(i + 1)
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	return Fit(children)
}
