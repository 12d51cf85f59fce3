package dataset

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"

	"bignas/core/shapes"
)

// Shapes is the path for which Open draws a data set: ten classes of figures of random colour, size, place and rotation, on grounds
// with lines and noise. It can be used without any download.
const Shapes = "shapes"

// The sizes of the drawn data set.
const (
	shapesTrain = 2000
	shapesVal   = 500
	shapesSide  = 128
)

// drawShapes draws the data set, which has its own val half. Each image depends on (o.Seed, half, number, side) alone.
func drawShapes(o Options) *Dataset {
	side := o.Side
	if side == 0 {
		side = shapesSide
	}
	d := &Dataset{Source: Shapes, Side: side}
	d.Classes = shapes.Names()
	d.Labels = slices.Clone(d.Classes)
	d.items = make([]item, shapesTrain+shapesVal)

	var mu sync.Mutex
	var workers sync.WaitGroup
	next, done := 0, 0
	for range o.Workers {
		workers.Go(func() {
			for {
				mu.Lock()
				i := next
				next++
				mu.Unlock()
				if i >= len(d.items) {
					return
				}
				d.items[i] = drawItem(d.Classes, o.Seed, i, side)
				mu.Lock()
				if done++; o.Progress != nil {
					o.Progress(done, len(d.items))
				}
				mu.Unlock()
			}
		})
	}
	workers.Wait()
	slices.SortFunc(d.items, func(a, b item) int {
		if a.name < b.name {
			return -1
		}
		return 1
	})
	return d
}

// drawItem draws image i of the set, training half first, of class i modulo their number.
func drawItem(classes []string, seed uint64, i, side int) item {
	it := item{half: trainHalf, label: i % len(classes)}
	folder, number := "train", i
	if i >= shapesTrain {
		it.half, folder, number = valHalf, "val", i-shapesTrain
	}
	class := classes[it.label]
	// The half is part of the base name, so that names are unique.
	it.name = fmt.Sprintf("%s/%s/%s_%05d.png", folder, class, folder, number)
	r := rand.New(rand.NewPCG(seed, uint64(i)+1))
	it.pix = shapes.Draw(r, it.label, side)
	return it
}
