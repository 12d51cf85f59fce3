package supernet

// WithClassifier returns the same network with another classifier: the matrix
// [widest head, classes], row-major, and the bias [classes] at its end. Every other
// tensor is that of w, not a copy. The classifier of a narrower child is the first
// rows of the matrix.
func (w *WeightsOf[T]) WithClassifier(matrix, bias []T) *WeightsOf[T] {
	if len(matrix) != w.Biggest.Head.Out*len(bias) {
		panic("supernet: the classifier does not fit the widest head")
	}
	out := *w
	out.Classes = len(bias)
	last := len(w.Params) - 2 // the classifier's are the last two of the network
	out.Params = append(append([]*ParamOf[T](nil), w.Params[:last]...), &ParamOf[T]{}, &ParamOf[T]{})
	for i, of := range []struct {
		field  **ParamOf[T]
		values []T
	}{{&out.Classifier, matrix}, {&out.ClassBias, bias}} {
		p := out.Params[last+i]
		*p = *w.Params[last+i]
		p.Data, p.matrix = of.values, nil
		p.Shape = append(append([]int(nil), p.Shape[:len(p.Shape)-1]...), len(bias))
		*of.field = p
	}
	return &out
}
