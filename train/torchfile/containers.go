package torchfile

// container runs the instructions that take values from the stack.
func (u *unpickler) container(op byte) bool {
	switch op {
	case '(': // MARK
		u.marks = extend(u, 8, u.marks, len(u.stack))
	case '0': // POP
		if n := len(u.marks); n > 0 && u.marks[n-1] == len(u.stack) {
			u.marks = u.marks[:n-1]
		} else {
			u.pop()
		}
	case '1': // POP_MARK
		u.since()
	case '2': // DUP
		u.push(u.top())
	case ')':
		u.push(tuple(nil))
	case 0x85, 0x86, 0x87: // TUPLE1 to TUPLE3
		t := u.tuple(int(op - 0x84))
		for i := len(t) - 1; i >= 0; i-- {
			t[i] = u.pop()
		}
		u.push(t)
	case 't':
		items := u.since()
		t := u.tuple(len(items))
		copy(t, items)
		u.push(t)
	case ']':
		u.spend(32)
		u.push(&list{})
	case 'l':
		items := u.since()
		l := &list{extend(u, anySize, nil, items...)}
		u.spend(32)
		u.push(l)
	case '}':
		u.push(u.object(global{}))
	case 'd':
		o := u.object(global{})
		u.setAll(o, u.since())
		u.push(o)
	case 'a': // APPEND
		v := u.pop()
		u.appendAll(u.top(), []any{v})
	case 'e': // APPENDS
		items := u.since()
		u.appendAll(u.top(), items)
	case 's': // SETITEM
		v, k := u.pop(), u.pop()
		u.setAll(u.top(), []any{k, v})
	case 'u': // SETITEMS
		items := u.since()
		u.setAll(u.top(), items)
	case 0x8f: // EMPTY_SET
		u.push(u.object(global{"builtins", "set"}))
	case 0x90: // ADDITEMS
		u.since()
		u.top()
	case 0x91: // FROZENSET
		u.since()
		u.push(u.object(global{"builtins", "frozenset"}))
	case 0x93: // STACK_GLOBAL
		name, module := u.pop(), u.pop()
		m, ok := module.(string)
		n, named := name.(string)
		if !ok || !named {
			panic(refuse("its pickle has a class whose name is %s", kind(name)))
		}
		u.global(m, n)
	case 'R': // REDUCE
		args, callee := u.pop(), u.pop()
		u.push(u.call(callee, args))
	case 0x81: // NEWOBJ
		args, class := u.pop(), u.pop()
		u.push(u.call(class, args))
	case 0x92: // NEWOBJ_EX
		u.pop()
		args, class := u.pop(), u.pop()
		u.push(u.call(class, args))
	case 'o': // OBJ
		items := u.since()
		if len(items) == 0 {
			panic(refuse("its pickle makes an object without a class, at byte %d", u.at))
		}
		u.push(u.call(items[0], nil))
	case 'i': // INST
		module := u.line()
		class := global{module, u.line()}
		u.since()
		u.push(u.call(class, nil))
	case 'b': // BUILD: attributes, which nothing here needs
		u.pop()
		u.top()
	case 'Q': // BINPERSID
		id, ok := u.pop().(tuple)
		if !ok || u.persistent == nil {
			panic(refuse("its pickle refers to something outside it at byte %d, where torch.save does not", u.at))
		}
		u.push(u.persistent(id))
	default:
		return false
	}
	return true
}

func (u *unpickler) tuple(n int) tuple {
	u.spend(24 + n*anySize)
	return make(tuple, n)
}

func (u *unpickler) object(class global) *object {
	u.spend(64)
	return &object{class: class}
}

// appendAll appends to a list; other objects with an append are opaque.
func (u *unpickler) appendAll(to any, items []any) {
	switch to := to.(type) {
	case *list:
		to.items = extend(u, anySize, to.items, items...)
	case *object:
	default:
		panic(refuse("its pickle appends to %s", kind(to)))
	}
}

// setAll sets alternating keys and values. Pickles set each key once.
func (u *unpickler) setAll(of any, items []any) {
	o, ok := of.(*object)
	if !ok || len(items)%2 != 0 {
		panic(refuse("its pickle sets %d keys and values of %s", len(items), kind(of)))
	}
	for i := 0; i < len(items); i += 2 {
		o.pairs = extend(u, pairSize, o.pairs, pair{items[i], items[i+1]})
	}
}

// call returns the value of callee(*args): an ordered dictionary, a tensor, or an opaque object.
func (u *unpickler) call(callee, args any) any {
	class, ok := callee.(global)
	if !ok {
		return u.object(global{"", kind(callee)})
	}
	given, _ := args.(tuple)
	switch class {
	case global{"collections", "OrderedDict"}:
		o := u.object(global{})
		if len(given) == 1 { // Python 2: a list of lists of a key and its value
			if l, ok := given[0].(*list); ok {
				u.spend(2 * len(l.items))
				for _, item := range l.items {
					if p, ok := item.(*list); ok {
						u.setAll(o, p.items)
					} else if p, ok := item.(tuple); ok {
						u.setAll(o, p)
					}
				}
			}
		}
		return o
	case global{"torch._utils", "_rebuild_parameter"}, global{"torch._utils", "_rebuild_parameter_with_state"}:
		if len(given) > 0 {
			return given[0]
		}
	case global{"torch._tensor", "_rebuild_from_type_v2"}: // (function, type, arguments, state)
		if len(given) == 4 && given[0] != any(class) {
			return u.call(given[0], given[2])
		}
	case global{"torch._utils", "_rebuild_tensor"}, global{"torch._utils", "_rebuild_tensor_v2"}, global{"torch._utils", "_rebuild_tensor_v3"}:
		if t := u.rebuild(given); t != nil {
			return t
		}
	}
	return u.object(class)
}
