package plainjson

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
)

// plain is v as encoding/json unmarshals it into an any, with UseNumber.
func (v Value) plain() any {
	switch v.Kind {
	case Bool:
		return v.Text == "true"
	case Number:
		return json.Number(v.Text)
	case String:
		return v.Text
	case Array:
		out := []any{}
		for _, i := range v.Items {
			out = append(out, i.plain())
		}
		return out
	case Object:
		out := map[string]any{}
		for i, n := range v.Names {
			out[n] = v.Items[i].plain()
		}
		return out
	}
	return nil
}

// agree compares Parse with encoding/json.
func agree(t *testing.T, text string) {
	t.Helper()
	v, err := Parse([]byte(text))
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var want any
	valid := json.Valid([]byte(text))
	if valid {
		if e := d.Decode(&want); e != nil {
			valid = false
		}
	}
	if !valid {
		if err == nil {
			t.Errorf("%q was read, encoding/json refuses it", text)
		}
		return
	}
	if err != nil {
		if strings.Contains(err.Error(), "deeply") {
			return // encoding/json allows more
		}
		t.Fatalf("%q: %v", text, err)
	}
	if got := v.plain(); !reflect.DeepEqual(got, want) {
		t.Errorf("%q was read as %#v, want %#v", text, got, want)
	}
}

var texts = []string{
	``, ` `, `null`, `nul`, `true`, `false`, `truefalse`, `0`, `-0`, `01`, `1.`, `.5`, `-`, `1e5`, `1E+05`, `1e`, `-12.50e-3`, `+1`, `NaN`, `1 2`,
	`""`, `"a`, `"\u00e4\n\/\\\""`, `"\ud83d\ude00"`, `"\ud83d"`, `"\ud83dx"`, `"\ud83d\u0041"`, `"\ude00"`, `"\x"`, `"\u12g4"`, `"\u12`, "\"\t\"", "\"\xff\xc3\"", `"ä€😀"`,
	`[]`, `[ ]`, `[1,2 , 3]`, `[1,]`, `[,1]`, `[1 2]`, `[`, `]`, `{}`, `{"a":1}`, `{"a":1,"a":2}`, `{"a":[{"b":null}]}`, `{"a"}`, `{"a":}`, `{a:1}`, `{"a":1,}`, `{"a":1`,
	"\ufeff1", `{"id":7,"type":"cost","child":{"resolution":96,"stages":[{"kernels":[3,5]}]}}`,
}

func TestParse(t *testing.T) {
	for _, s := range texts {
		agree(t, s)
	}
	if _, err := Parse([]byte(strings.Repeat("[", 1000) + strings.Repeat("]", 1000))); err == nil {
		t.Error("a thousand nested lists were read")
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range texts {
		f.Add(s)
	}
	f.Fuzz(agree)
}

func TestAppend(t *testing.T) {
	for _, v := range []any{nil, true, false, 0, -7, int64(1) << 60, uint64(math.MaxUint64), 0.0, -0.0, 1.5, 1e-6, 9.9e-7, 1e-9, 1.25e-10, 1e20, 1e21, -1e300, 5e-324,
		float32(0.1), float32(1e-7), float32(3e22), "", "a\"\\/b", "\x00\x1f\x7f\n\r\t\b\f<>&\u2028\u2029", "ä😀", []int{1, 2}, []int{}, []int64{1 << 40}, []float64{0.5, 1e-8},
		[]string{"a", "<"}, map[string]string{"b": "1", "a": "2"}} {
		want, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Append(nil, v); err != nil || string(got) != string(want) {
			t.Errorf("%#v is written as %s (%v), want %s", v, got, err, want)
		}
	}
	got, err := Append([]byte("x"), Record{{"a", List{1, "b", nil}}, {"c", Record{}}})
	if want := `x{"a":[1,"b",null],"c":{}}`; err != nil || string(got) != want {
		t.Errorf("%s (%v), want %s", got, err, want)
	}
	for _, v := range []any{math.NaN(), math.Inf(1), float32(math.Inf(-1)), []float64{1, math.NaN()}, Record{{"a", List{math.NaN()}}}} {
		if got, err := Append(nil, v); err == nil {
			t.Errorf("%v was written as %s", v, got)
		}
	}
}

func TestFill(t *testing.T) {
	var (
		b  bool
		n  int
		l  int64
		u  uint64
		x  float64
		y  float32
		s  = "kept"
		ns []int
		xs []float64
		ss []string
		m  map[string]string
		at int
	)
	fields := []Field{{"b", &b}, {"n", &n}, {"l", &l}, {"u", &u}, {"x", &x}, {"y", &y}, {"s", &s}, {"ns", &ns}, {"xs", &xs}, {"ss", &ss}, {"m", &m},
		{"o", func(v Value) error { return v.Fill(true, Field{"at", &at}) }}}
	v, err := Parse([]byte(`{"b":true,"n":-3,"l":4,"u":18446744073709551615,"x":1.5,"y":0.1,"s":null,"ns":[1,2],"xs":[1,0.5],"ss":["a"],"m":{"k":"v"},"o":{"at":9},"other":1}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Fill(false, fields...); err != nil {
		t.Fatal(err)
	}
	if !b || n != -3 || l != 4 || u != math.MaxUint64 || x != 1.5 || y != 0.1 || s != "kept" || len(ns) != 2 || xs[1] != 0.5 || ss[0] != "a" || m["k"] != "v" || at != 9 {
		t.Error("a member was stored wrongly:", b, n, l, u, x, y, s, ns, xs, ss, m, at)
	}
	if err := v.Fill(true, fields...); err == nil || !strings.Contains(err.Error(), `"other"`) {
		t.Errorf("an unknown member: %v", err)
	}
	if w, ok := v.Get("n"); !ok || w.Text != "-3" {
		t.Errorf("Get: %v %v", w, ok)
	}
	for _, text := range []string{`[]`, `{"b":1}`, `{"n":1.5}`, `{"n":"1"}`, `{"n":99999999999999999999}`, `{"u":-1}`, `{"x":"1"}`, `{"x":1e999}`, `{"s":1}`, `{"ns":1}`, `{"ns":["a"]}`,
		`{"ss":[1]}`, `{"xs":[null]}`, `{"m":[]}`, `{"m":{"a":1}}`, `{"o":{"at":true}}`, `{"o":{"other":1}}`} {
		v, err := Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := v.Fill(false, fields...); err == nil {
			t.Errorf("%s was stored", text)
		}
	}
}
