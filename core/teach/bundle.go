package teach

import (
	"bignas/core/plainjson"
	"bignas/core/weights"
)

// KeyTaught is the metadata entry of a weights file with a taught classifier, a JSON
// object: body, the digest of the weights that it was trained on; images and held_out,
// how many it was trained and measured on; and steps. The BN statistics of its children are
// those that the file predicts: with statistics calibrated on other images, a child would not
// compute what the classifier was trained on.
const KeyTaught = "taught"

// replaced lists the metadata entries about the old classifier.
var replaced = []string{"measured", "statistics_error", "class_ids", KeyTaught, weights.DigestKey, weights.HeaderKey}

// Bundle returns b with this classifier and its class names, one for each class. What b says
// about confidence, accuracy and classes is left out, because it is about the old classifier.
func (c *Classifier) Bundle(b *weights.Bundle, labels []string, images, heldOut int) (*weights.Bundle, error) {
	out := *b
	out.Net = b.Net.WithClassifier(c.Matrix, c.Bias)
	if b.Statistics != nil {
		out.Statistics = b.Statistics.For(out.Net)
	}
	out.Confidence, out.Labels, out.Metadata = nil, labels, map[string]string{}
	for key, value := range b.Metadata {
		out.Metadata[key] = value
	}
	for _, key := range replaced {
		delete(out.Metadata, key)
	}
	record, err := plainjson.Append(nil, plainjson.Record{plainjson.Member("body", b.Metadata[weights.DigestKey]), plainjson.Member("images", images),
		plainjson.Member("held_out", heldOut), plainjson.Member("steps", c.Steps)})
	out.Metadata[KeyTaught] = string(record)
	return &out, err
}
