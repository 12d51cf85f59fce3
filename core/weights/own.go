package weights

import (
	"encoding/base64"

	"bignas/core/arch"
	"bignas/core/bnstats"
	"bignas/core/plainjson"
	"bignas/core/supernet"
)

// appendOwn formats the statistics that children have of their own: for each its text and, in
// base64, the means of all layers and then the variances, float32 little endian, or float16
// where that holds each of them exactly.
func appendOwn(own map[string]*supernet.Statistics) (string, error) {
	table := map[string]string{}
	for name, st := range own {
		var values []float32
		for _, layers := range [][][]float32{st.Mean, st.Variance} {
			for _, l := range layers {
				values = append(values, l...)
			}
		}
		if err := checkStorable(KeyOwn+" "+name, values, Float32); err != nil {
			return "", err
		}
		dtype := Float16
		for _, v := range values {
			if Single(Half(v)) != v {
				dtype = Float32
				break
			}
		}
		table[name] = base64.StdEncoding.EncodeToString(encode(nil, values, dtype))
	}
	text, err := plainjson.Append(nil, table)
	return string(text), err
}

// readOwn reads what appendOwn has written.
func readOwn(m *bnstats.Model, space *arch.Space, text string) error {
	v, err := plainjson.Parse([]byte(text))
	var table map[string]string
	if err == nil {
		table, err = v.Table()
	}
	if err != nil {
		return damaged("its %s is not a table of texts", KeyOwn)
	}
	m.Own = map[string]*supernet.Statistics{}
	for name, coded := range table {
		a, err := space.Parse(name)
		if err != nil {
			return damaged("its %s names an impossible child: %v", KeyOwn, err)
		}
		st, numbers := supernet.NewStatistics(supernet.BNLayers(a)), 0
		for _, l := range st.Mean {
			numbers += 2 * len(l)
		}
		data, err := base64.StdEncoding.DecodeString(coded)
		dtype := Float32
		if len(data) == numbers*Float16.size() {
			dtype = Float16
		}
		values := decode(nil, data, dtype)
		for k, layers := range [][][]float32{st.Mean, st.Variance} {
			for _, l := range layers {
				n := copy(l, values)
				for _, v := range values[:n] {
					if !storable(v, Float32) || k == 1 && v < 0 {
						return damaged("its %s of %s have the value %v", KeyOwn, name, v)
					}
				}
				if values = values[n:]; n < len(l) {
					err = base64.CorruptInputError(len(data))
				}
			}
		}
		if err != nil || len(values) > 0 || len(data)%dtype.size() > 0 {
			return damaged("its %s of %s have %d bytes, which are not those of that child", KeyOwn, name, len(data))
		}
		m.Own[a.String()] = st
	}
	return nil
}
