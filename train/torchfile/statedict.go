package torchfile

import (
	"slices"
	"strings"

	"bignas/core/fault"
)

// Named is a tensor of a state dict.
type Named struct {
	Name string
	*Tensor
}

// conventional lists the names under which training programs store the state dict of a network
// beside other things, in order of preference.
var conventional = []string{"state_dict", "model_state_dict", "model", "net", "network"}

// wrapper is what DataParallel puts before every name.
const wrapper = "module."

// StateDict returns the tensors of the network's state dict in the file's order,
// without the "module." that DataParallel puts before all names. It is the value of the file, or
// its entry with a conventional name, or its only entry with tensors.
func (f *File) StateDict() ([]Named, error) {
	root, ok := f.root.(*object)
	if !ok {
		return nil, refuse("it holds %s, not a state dict", kind(f.root))
	}
	all := root.tensors()
	if len(all) == 0 {
		var err error
		if all, err = root.inner(); err != nil {
			return nil, err
		}
	}
	wrapped := !slices.ContainsFunc(all, func(n Named) bool { return !strings.HasPrefix(n.Name, wrapper) })
	seen := map[string]bool{}
	for i := range all {
		if wrapped {
			all[i].Name = all[i].Name[len(wrapper):]
		}
		if seen[all[i].Name] {
			return nil, refuse("its state dict has %.80q twice", all[i].Name)
		}
		seen[all[i].Name] = true
	}
	return all, nil
}

// tensors returns the tensors of a dictionary whose keys are names.
func (o *object) tensors() []Named {
	var all []Named
	for _, p := range o.pairs {
		name, ok := p.key.(string)
		t, is := p.value.(*Tensor)
		if ok && is {
			all = append(all, Named{name, t})
		}
	}
	return all
}

// inner finds the state dict among the values of a dictionary.
func (o *object) inner() ([]Named, error) {
	var names []string
	found := map[string][]Named{}
	for _, p := range o.pairs {
		name, ok := p.key.(string)
		d, is := p.value.(*object)
		if !ok || !is {
			continue
		}
		if all := d.tensors(); len(all) > 0 && found[name] == nil {
			names, found[name] = append(names, name), all
		}
	}
	for _, name := range append(slices.Clone(conventional), names...) {
		if all := found[name]; all != nil && (len(names) == 1 || slices.Contains(conventional, name)) {
			return all, nil
		}
	}
	if len(names) > 0 {
		return nil, fault.New(CodeFile, "write the right one alone with torch.save", "it has tensors under several names: %s", strings.Join(names, ", "))
	}
	return nil, refuse("it holds %s without a state dict", kind(o))
}
