package plainjson

import (
	"errors"
	"slices"
	"strconv"
)

// Field is a member of an object: a name and a value for Append, or a pointer to where the value
// is stored for Fill.
type Field struct {
	Name  string
	Value any
}

// Member returns a Field.
func Member(name string, value any) Field { return Field{name, value} }

// Get returns the member of that name of an object, the last one where there are several. It
// returns false where there is none.
func (v Value) Get(name string) (Value, bool) {
	for i := len(v.Names) - 1; i >= 0; i-- {
		if v.Names[i] == name {
			return v.Items[i], true
		}
	}
	return Value{}, false
}

// Fill stores the members of an object. A Value of fields is a *bool, *int,
// *int64, *uint64, *float64, *float32, *string, *[]int, *[]int64, *[]float64,
// *[]string, *map[string]string, or a func(Value) error. Members that are absent
// or null change nothing. With strict, members that are not in fields are an error. Errors name
// the member.
func (v Value) Fill(strict bool, fields ...Field) error {
	if v.Kind != Object {
		return errors.New("an object is expected")
	}
	for i, name := range v.Names {
		at := slices.IndexFunc(fields, func(f Field) bool { return f.Name == name })
		if at < 0 {
			if strict {
				return errors.New("there is an unknown member " + strconv.Quote(name))
			}
			continue
		}
		if v.Items[i].Kind == Null {
			continue
		}
		if err := v.Items[i].Into(fields[at].Value); err != nil {
			return errors.New(name + ": " + err.Error())
		}
	}
	return nil
}

// Into stores the value in *to, which is of a type that Fill knows.
func (v Value) Into(to any) error {
	var err error
	switch to := to.(type) {
	case *bool:
		*to = v.Text == "true"
		err = v.want(Bool, "true or false")
	case *string:
		*to = v.Text
		err = v.want(String, "a text")
	case *int:
		*to, err = v.integer()
	case *int64:
		var n int
		n, err = v.integer()
		*to = int64(n)
	case *uint64:
		if *to, err = strconv.ParseUint(v.Text, 10, 64); err != nil || v.Kind != Number {
			err = errors.New("a whole number is expected")
		}
	case *float64:
		*to, err = v.float()
	case *float32:
		var x float64
		x, err = v.float()
		*to = float32(x)
	case *[]int:
		*to, err = list(v, Value.integer)
	case *[]int64:
		*to, err = list(v, func(v Value) (int64, error) { n, err := v.integer(); return int64(n), err })
	case *[]float64:
		*to, err = v.Floats()
	case *[]string:
		*to, err = v.Texts()
	case *map[string]string:
		*to, err = v.Table()
	case func(Value) error:
		err = to(v)
	default:
		panic("plainjson: Fill does not know this type")
	}
	return err
}

// Floats returns an Array of Numbers.
func (v Value) Floats() ([]float64, error) { return list(v, Value.float) }

// Texts returns an Array of Strings.
func (v Value) Texts() ([]string, error) { return list(v, Value.string) }

// Table returns an Object of Strings.
func (v Value) Table() (map[string]string, error) {
	if err := v.want(Object, "an object"); err != nil {
		return nil, err
	}
	m := make(map[string]string, len(v.Names))
	for i, name := range v.Names {
		var err error
		if m[name], err = v.Items[i].string(); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// Each calls do for each item of an Array, until it returns an error.
func (v Value) Each(do func(Value) error) error {
	if err := v.want(Array, "a list"); err != nil {
		return err
	}
	for _, item := range v.Items {
		if err := do(item); err != nil {
			return err
		}
	}
	return nil
}

func (v Value) want(k Kind, what string) error {
	if v.Kind != k {
		return errors.New(what + " is expected")
	}
	return nil
}

func (v Value) string() (string, error) { return v.Text, v.want(String, "a text") }

func (v Value) integer() (int, error) {
	n, err := strconv.Atoi(v.Text)
	if err != nil || v.Kind != Number {
		return 0, errors.New("a whole number is expected")
	}
	return n, nil
}

func (v Value) float() (float64, error) {
	x, err := strconv.ParseFloat(v.Text, 64)
	if err != nil || v.Kind != Number {
		return 0, errors.New("a number is expected")
	}
	return x, nil
}

func list[T any](v Value, of func(Value) (T, error)) ([]T, error) {
	if err := v.want(Array, "a list"); err != nil {
		return nil, err
	}
	out := make([]T, len(v.Items))
	for i, item := range v.Items {
		var err error
		if out[i], err = of(item); err != nil {
			return nil, err
		}
	}
	return out, nil
}
