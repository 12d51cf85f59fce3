package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
)

// folder is files that lie together and link to each other with relative
// addresses. Published, its name is a hash of everything in it: what lies under
// an address never changes, so that browsers may keep it for ever, and files of
// two versions cannot meet.
type folder map[string][]byte

// names in a fixed order.
func (f folder) names() []string {
	var names []string
	for name := range f {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// hash of the names and the contents.
func (f folder) hash() string {
	h := sha256.New()
	for _, name := range f.names() {
		sum := sha256.Sum256(f[name])
		h.Write(append([]byte(name), 0))
		h.Write(sum[:])
	}
	return hex.EncodeToString(h.Sum(nil))[:hashLength]
}

// hashLength is the length of the names of folders, of which cmd/serve knows that
// their files do not change.
const hashLength = 12

// add takes the files that match the patterns, under their names in the repository.
func (f folder) add(root string, patterns ...string) error {
	for _, pattern := range patterns {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			return err
		}
		for _, file := range found {
			name, err := filepath.Rel(root, file)
			if err != nil {
				return err
			}
			if f[filepath.ToSlash(name)], err = os.ReadFile(file); err != nil {
				return err
			}
		}
	}
	return nil
}

// publish writes the folder as kind/hash and returns that name. Other versions
// of it are removed; files that stand there already are right by their name.
func (b *builder) publish(kind string, f folder) (string, error) {
	name := kind + "/" + f.hash()
	return name, b.publishAs(name, f)
}

// publishAs is publish under a name that is known before the files are.
func (b *builder) publishAs(name string, f folder) error {
	old, err := filepath.Glob(filepath.Join(b.out, filepath.Dir(name), "*"))
	if err != nil {
		return err
	}
	for _, o := range old {
		if filepath.Base(o) != filepath.Base(name) {
			if err := os.RemoveAll(o); err != nil {
				return err
			}
		}
	}
	for _, n := range f.names() {
		if err := b.write(name+"/"+n, f[n]); err != nil {
			return err
		}
	}
	return nil
}

// write puts a file into the page, whole or not at all, as a server may read it at
// the same time, and remembers it for the service worker. Compressed forms of other
// content are removed.
func (b *builder) write(name string, data []byte) error {
	to := filepath.Join(b.out, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	b.files = append(b.files, [3]any{name, integrity(data), len(data)})
	if now, err := os.ReadFile(to); err == nil && bytes.Equal(now, data) {
		return nil
	}
	for _, form := range []string{".br", ".gz"} { // of site/compress
		if err := os.Remove(to + form); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	part := filepath.Join(filepath.Dir(to), "."+filepath.Base(to)+".part")
	if err := os.WriteFile(part, data, 0o644); err != nil {
		return err
	}
	return os.Rename(part, to)
}
