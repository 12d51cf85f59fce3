package torchfile

import (
	"encoding/binary"
	"math/big"
	"strconv"
)

// The first two pickles of a file without a zip container (torch/serialization.py).
const (
	magicDigits = "119547037146038801333356" // 0x1950a86a20f9469cfc6c
	protocol    = 1001
)

// between is after how many bytes of storages memory is given back.
const between = 16 << 20

// legacy reads five pickles (the magic number, the protocol, the writer's machine,
// the value, the keys of its storages), and behind them the storages in the order
// of the keys, each after the number of its elements. They are little-endian on
// every machine.
func legacy(data []byte, release func()) any {
	u := &unpickler{data: data, left: mostMemory}
	magic, ok := u.load().(*big.Int)
	if !ok || magic.String() != magicDigits {
		panic(refuse("it is a pickle, but not one of torch.save"))
	}
	if v := u.load(); v != any(int64(protocol)) {
		panic(refuse("it has a protocol other than %d", protocol))
	}
	u.load()
	all := storages{}
	u.persistent = func(id tuple) any { return u.storage(id, len(data), all) }
	root := u.load()
	u.persistent = nil
	keys, ok := u.load().(*list)
	if !ok {
		panic(refuse("it has no list of its storages"))
	}
	released := u.at
	for _, k := range keys.items {
		if release != nil && u.at-released > between {
			release()
			released = u.at
		}
		s := all[keyText(k)]
		if s == nil || s.data != nil {
			panic(refuse("it lists the storage %.40q, which no tensor has or which was there before", keyText(k)))
		}
		if n := binary.LittleEndian.Uint64(u.take(8)); n != uint64(s.count) {
			panic(refuse("the storage %.40q has %d elements, and its tensors expect %d", keyText(k), n, s.count))
		}
		s.data = u.take(s.count * s.size)
	}
	for k, s := range all {
		if s.data == nil {
			panic(refuse("it lacks the storage %.40q", k))
		}
	}
	return root
}

// storages has the storages of a file by key.
type storages map[string]*storage

// keyText is a storage's key: text, a number in some files.
func keyText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	}
	panic(refuse("a storage has %s for its key", kind(v)))
}

// storage returns the value of a persistent identifier: ("storage", class, key, device,
// elements, view), where view is None or (key, offset, elements), or a module's class
// with its source code. The file has length bytes.
func (u *unpickler) storage(id tuple, length int, all storages) any {
	if len(id) >= 2 && id[0] == any("module") {
		return id[1]
	}
	if len(id) < 5 || id[0] != any("storage") {
		panic(refuse("its pickle refers to something that is no storage"))
	}
	e, key := storageClass(id[1]), keyText(id[2])
	device, named := id[3].(string)
	count, counted := id[4].(int64)
	if !named || !counted || count < 0 || count > int64(length/e.size) {
		panic(refuse("the storage %.40q has %v elements on %v, in a file of %d bytes", key, id[4], id[3], length))
	}
	s := all[key]
	if s == nil {
		u.spend(256 + len(key))
		s = &storage{element: e, count: int(count), device: device}
		all[key] = s
	}
	if s.element != e || s.count != int(count) {
		panic(refuse("the storage %.40q is %d %s and %d %s", key, s.count, s.name, count, e.name))
	}
	u.spend(48)
	whole := span{s, 0, s.count}
	if len(id) < 6 || id[5] == nil {
		return whole
	}
	view, ok := id[5].(tuple)
	if !ok || len(view) != 3 {
		panic(refuse("a view of the storage %.40q is %s", key, kind(id[5])))
	}
	from, isInt := view[1].(int64)
	n, sized := view[2].(int64)
	if !isInt || !sized || from < 0 || n < 0 || from > count || n > count-from {
		panic(refuse("a view of the storage %.40q has %v elements from %v on, of %d", key, view[2], view[1], count))
	}
	return span{s, int(from), int(from + n)}
}
