package dataset

// words are the names of the ten classes of Imagenette
// (github.com/fastai/imagenette), by WordNet id.
var words = map[string]string{
	"n01440764": "tench",
	"n02102040": "English springer",
	"n02979186": "cassette player",
	"n03000684": "chain saw",
	"n03028079": "church",
	"n03394916": "French horn",
	"n03417042": "garbage truck",
	"n03425413": "gas pump",
	"n03445777": "golf ball",
	"n03888257": "parachute",
}

// labelOf is the name of a class for people: what the notes, which may be nil, or
// the table above have for it, otherwise the folder's name.
func labelOf(class string, notes *notes) string {
	if w, ok := words[class]; ok {
		return w
	}
	if notes != nil && notes.words[class] != "" {
		return notes.words[class]
	}
	return class
}
