package dataset

const (
	// heldOutOf60 are the numbers i below 60 for which the first 8 bytes of
	// `printf n01440764_i.JPEG | sha256sum` are below 0x1999999999999999.
	heldOutOf60 = "13 18 19 26 27 41 50 59 "
	// shapesDigest is of the drawn data set at 16 pixels, seed 0.
	shapesDigest = "a4c7f6b8dd53a15a"
)
