package torchfile

import "math/big"

// The values of a pickle become nil, bool, int64, *big.Int, float64, string,
// raw, tuple, *list, *object, global, span or *Tensor.
type (
	raw   []byte // bytes and byte arrays, in the mapped file
	tuple []any
	list  struct{ items []any }
	pair  struct{ key, value any }

	// global is the name of a class or a function, which nothing here looks up.
	global struct{ module, name string }
)

// object is a dictionary, or an object of another class, of which only the contents as a
// dictionary are kept.
type object struct {
	class global // zero for a dictionary
	pairs []pair
}

// get returns the value of a dictionary for a name.
func (o *object) get(name string) any {
	for _, p := range o.pairs {
		if p.key == any(name) {
			return p.value
		}
	}
	return nil
}

// kind names a value in an error.
func kind(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		return "a bool"
	case int64, *big.Int:
		return "an integer"
	case float64:
		return "a number"
	case string:
		return "text"
	case raw:
		return "bytes"
	case tuple:
		return "a tuple"
	case *list:
		return "a list"
	case *Tensor:
		return "a tensor"
	case global:
		return "the class " + v.module + "." + v.name
	case *object:
		if v.class != (global{}) {
			return "an object of " + v.class.module + "." + v.class.name
		}
		return "a dictionary"
	}
	return "a storage"
}
