//go:build !js

package preprocess

import "golang.org/x/image/tiff"

// The engine in the browser reads no TIFF: it would be 20 KB of its download for
// files that phones and the web do not have. There Decode says what to do instead.
func init() { codecs[TIFF] = codec{tiff.DecodeConfig, tiff.Decode} }
