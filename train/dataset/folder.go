package dataset

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"bignas/core/fault"
)

// found is what lies below a folder, names with slashes from it.
type found struct {
	pictures, notes, archives []string
}

// Names under which ImageNet's archives are distributed.
const (
	imagenetTrain  = "ILSVRC2012_img_train.tar"
	imagenetVal    = "ILSVRC2012_img_val.tar"
	imagenetDevkit = "ILSVRC2012_devkit_t12.tar.gz"
)

// openFolder lists the pictures below a folder. Where there are none but tar
// archives, it is ImageNet as it is distributed, or WebDataset shards. Links are
// followed: data sets are often put together from them.
func openFolder(root string) (*source, error) {
	var all found
	if err := all.list(root, ""); err != nil {
		return nil, fault.New(CodeNoData, "", "data: %v", err)
	}
	s := &source{notes: newNotes(), total: len(all.pictures), close: func() {}}
	for _, name := range all.notes {
		if err := s.learnFile(filepath.Join(root, filepath.FromSlash(name))); err != nil {
			return nil, err
		}
	}
	if len(all.pictures) == 0 && len(all.archives) > 0 {
		return s, s.archives(root, all.archives)
	}
	s.id = fmt.Sprintf("%s %d %x", filepath.Base(root), len(all.pictures), sha256.Sum256([]byte(strings.Join(all.pictures, "\n"))))
	s.each = func(visit visitor) error {
		for _, name := range all.pictures {
			if !visit(name, func() ([]byte, error) { return os.ReadFile(filepath.Join(root, filepath.FromSlash(name))) }) {
				return nil
			}
		}
		return nil
	}
	return s, nil
}

// learnFile reads one of the files that say something about the pictures.
func (s *source) learnFile(file string) error {
	if filepath.Base(file) == imagenetDevkit {
		info, err := os.Stat(file)
		if err != nil {
			return fault.New(CodeNoData, "", "data: %v", err)
		}
		kit, err := openArchive(file, info)
		if err != nil {
			return err
		}
		defer kit.close()
		kit.notes = s.notes
		return kit.each(func(string, func() ([]byte, error)) bool { return true })
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return fault.New(CodeNoData, "", "data: %v", err)
	}
	return s.notes.learn(filepath.ToSlash(file), data)
}

// archives makes the source of a folder of tars: ImageNet's two if they are
// there, otherwise all of them, each a folder of its own in the pictures' names.
func (s *source) archives(root string, names []string) error {
	prefix := func(name string) string { return strings.TrimSuffix(name, ".tar") + "/" }
	base := func(name string) string { return path.Base(name) }
	if slices.ContainsFunc(names, func(n string) bool { return base(n) == imagenetTrain || base(n) == imagenetVal }) {
		names = slices.DeleteFunc(names, func(n string) bool { return base(n) != imagenetTrain && base(n) != imagenetVal })
		prefix = func(name string) string {
			if base(name) == imagenetTrain {
				return "train/"
			}
			return "val/"
		}
	}
	slices.Sort(names)
	small := true
	for _, name := range names {
		info, err := os.Stat(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			return fault.New(CodeNoData, "", "data: %v", err)
		}
		s.id += fmt.Sprintf("%s %d ", name, info.Size())
		small = small && info.Size() <= countable
	}
	walk := func(notes *notes, visit visitor) error {
		for _, name := range names {
			file := filepath.Join(root, filepath.FromSlash(name))
			f, err := os.Open(file)
			if err != nil {
				return fault.New(CodeNoData, "", "data: %v", err)
			}
			goOn, err := walkTar(file, f, prefix(name), notes, visit, 1)
			f.Close()
			if err != nil || !goOn {
				return err
			}
		}
		return nil
	}
	s.each = func(visit visitor) error { return walk(s.notes, visit) }
	if small {
		return walk(nil, func(string, func() ([]byte, error)) bool { s.total++; return true })
	}
	return nil
}

// list appends what is below root/below, at most maxDepth folders deep, so that a
// link to a folder above ends.
func (all *found) list(root, below string) error {
	const maxDepth = 8
	entries, err := os.ReadDir(filepath.Join(root, filepath.FromSlash(below)))
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := path.Join(below, e.Name())
		info, err := os.Stat(filepath.Join(root, filepath.FromSlash(name)))
		switch {
		case err == nil && info.IsDir():
			if strings.Count(name, "/") < maxDepth {
				if err := all.list(root, name); err != nil {
					return err
				}
			}
		case isPicture(name): // also a link to nothing: reading it will say so
			all.pictures = append(all.pictures, name)
		case err == nil && (isNote(name) || e.Name() == imagenetDevkit):
			all.notes = append(all.notes, name)
		case err == nil && strings.HasSuffix(name, ".tar") && !strings.HasPrefix(e.Name(), "."):
			all.archives = append(all.archives, name)
		}
	}
	return nil
}
