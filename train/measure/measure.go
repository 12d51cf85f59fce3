// Package measure calibrates children, evaluates them on images, and measures how long
// they take. A search chooses among children on training images held out for it (Bench);
// results are quoted on the validation images, which it does not see.
package measure

import (
	"fmt"

	"bignas/core/arch"
	"bignas/core/classify"
	"bignas/core/fault"
	"bignas/core/predict"
	"bignas/core/search"
	"bignas/core/supernet"
	"bignas/core/teach"
	"bignas/train/config"
	"bignas/train/dataset"
)

// Options of a Bench; the zero value is usable.
type Options struct {
	Fraction float64 // share of the training images to measure on; 0: what training held out or, where that is nothing, DefaultFraction
	Limit    int     // at most that many of them; 0: all
	Images   int     // training images for the BN statistics; 0: as in the training configuration
}

// DefaultFraction is the share of the training images that searches choose on.
const DefaultFraction = 0.1

// Bench measures children of one weights file on one data set.
type Bench struct {
	engine *classify.Engine
	// Calibration and Search are disjoint parts of the training half; Search is the held-out
	// half for a taught classifier.
	Calibration, Search dataset.Subset
	images              int
	fraction            float64
}

// New returns a Bench for the weights of e. Errors, a *fault.Error, are data of other
// classes and options out of range.
func New(e *classify.Engine, data *dataset.Dataset, c config.Config, o Options) (*Bench, error) {
	if o.Fraction == 0 {
		o.Fraction = c.SearchFraction
	}
	if o.Fraction == 0 {
		o.Fraction = DefaultFraction
	}
	if !(o.Fraction > 0 && o.Fraction <= 0.5) || o.Limit < 0 || o.Images < 0 {
		return nil, fault.New("bad_option", "", "the share of images for search is %v, allowed is up to 0.5; at most %d of them and %d for BN statistics, allowed is 0 or more", o.Fraction, o.Limit, o.Images)
	}
	known, err := dataset.NamesIn("the weights", e.Info().Metadata, e.Info().Labels)
	if err != nil {
		return nil, err
	}
	if _, err := data.Match(known, false); err != nil { // changes nothing where it was opened for them
		return nil, err
	}
	train, val := data.Split(c.Split, c.ValFraction)
	b := &Bench{engine: e, fraction: o.Fraction, images: o.Images}
	b.Calibration, b.Search = train.SearchSplit(c.Split, o.Fraction)
	if e.Info().Metadata[teach.KeyTaught] != "" { // on all other images the classifier was trained
		b.Calibration, b.Search, b.fraction = train, val, 1
	}
	b.Search = b.Search.Limit(o.Limit)
	if b.images == 0 {
		b.images = c.CalibrationImages
	}
	if b.Search.Len() == 0 || b.Calibration.Len() == 0 {
		return nil, fault.New("no_images", "use more data or another share", "%d training images are left to measure on and %d to calibrate on", b.Search.Len(), b.Calibration.Len())
	}
	b.images = min(b.images, b.Calibration.Len())
	return b, nil
}

// Accuracy calibrates BN statistics for a child and evaluates it on four views of each
// image of Search. A child with a taught classifier keeps the statistics that the file
// predicts (teach.KeyTaught).
func (b *Bench) Accuracy(a arch.Arch) (Accuracy, error) {
	w, info := b.engine.Weights(), b.engine.Info()
	spec := info.Preprocessing
	var st *supernet.Statistics
	var err error
	if info.Metadata[teach.KeyTaught] != "" {
		st, err = b.engine.StatisticsOf(a, false)
	} else {
		st, err = Calibrate(w, a, b.Calibration, spec, b.images)
	}
	if err != nil {
		return Accuracy{}, err
	}
	c, err := w.Child(a, st)
	if err != nil {
		return Accuracy{}, err
	}
	return EvaluateViews(c, b.Search, spec)
}

// Judge measures accuracies for a search.
func (b *Bench) Judge() search.Judge {
	return search.Judge{Kind: search.Measured, N: b.Search.Len(), Of: func(a arch.Arch, _ search.Costs) (float64, error) {
		acc, err := b.Accuracy(a)
		return acc.Top1, err
	}}
}

// Source describes what is measured on, for a table or a predictor.
func (b *Bench) Source() predict.Source {
	info := b.engine.Info()
	return predict.Source{Digest: info.Digest, N: b.Search.Len(), Images: b.images, Classes: len(info.Labels),
		Split: fmt.Sprintf("search-%g-four-views", b.fraction)}
}
