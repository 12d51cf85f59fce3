package config

import (
	"fmt"
	"reflect"
)

// Differences lists the keys in which two configurations differ, with both
// values.
func (c Config) Differences(d Config) []string {
	var out []string
	a, b := reflect.ValueOf(c), reflect.ValueOf(d)
	for i := range a.NumField() {
		if x, y := a.Field(i).Interface(), b.Field(i).Interface(); !reflect.DeepEqual(x, y) {
			out = append(out, fmt.Sprintf("%s: %v and %v", a.Type().Field(i).Tag.Get("toml"), x, y))
		}
	}
	return out
}

// DifferencesBefore lists the differences that matter to a run of c that has done that many epochs
// and is to continue as d. How many epochs there are, when the learning rate falls, which resolutions
// come and how long images are mixed may all be changed while the epochs that are done would have been
// the same.
func (c Config) DifferencesBefore(d Config, epochs int) []string {
	if epochs <= d.Epochs && c.sameBefore(d, epochs) {
		d.Epochs, d.DecayEpochs, d.Phases, d.Augment.MixEpochs = c.Epochs, c.DecayEpochs, c.Phases, c.Augment.MixEpochs
	}
	d.SyncBN = c.SyncBN // who computes the statistics, not what they are
	return c.Differences(d)
}

// sameBefore reports whether the first epochs have the same learning rates, resolutions and mixing.
func (c Config) sameBefore(d Config, epochs int) bool {
	const parts = 4 // of an epoch
	for i := range parts*epochs + 1 {
		if t := float64(i) / parts; c.Rate().Rate(t) != d.Rate().Rate(t) {
			return false
		}
	}
	for e := range epochs {
		if c.Resolution(e) != d.Resolution(e) || c.Augment.Mixes(e) != d.Augment.Mixes(e) {
			return false
		}
	}
	return true
}
