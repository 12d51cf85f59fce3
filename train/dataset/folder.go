package dataset

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"bignas/core/fault"
	"bignas/train/files"
)

// found is the content of a folder, with names relative to it, with slashes.
type found struct {
	root                             string
	images, notes, samples, archives []string
	others                           inventory
	folderLinks                      []string          // not followed yet
	fileLinks                        map[string]string // names of images that are links -> their files
}

// The names of ImageNet's archives.
const (
	imagenetTrain  = "ILSVRC2012_img_train.tar"
	imagenetVal    = "ILSVRC2012_img_val.tar"
	imagenetDevkit = "ILSVRC2012_devkit_t12.tar.gz"
)

// openFolder lists the images below a folder. A folder of tar archives only is ImageNet as it is distributed, or WebDataset
// shards. Links are followed, because data sets are often assembled from them, but nothing is listed twice.
func openFolder(root string) (*source, error) {
	all := &found{root: root, others: inventory{}, fileLinks: map[string]string{}}
	err := all.list("")
	if err == nil {
		err = all.follow()
	}
	if err != nil {
		return nil, fault.New(CodeNoData, "", "data: %v", err)
	}
	s := newSource()
	s.total, s.others, s.links = len(all.images), all.others, all.fileLinks
	for _, name := range all.notes {
		if err := s.learnFile(all.path(name)); err != nil {
			return nil, err
		}
	}
	if len(all.images) == 0 && len(all.archives) > 0 {
		return s, s.archives(root, all.archives)
	}
	for _, name := range all.archives {
		s.others.file(name)
	}
	for _, name := range s.samplesOf(all.images, all.samples) {
		data, err := files.Read(all.path(name))
		if err != nil {
			return nil, fault.New(CodeNoData, "", "data: %v", err)
		}
		if err := s.notes.learn(name, data); err != nil {
			return nil, err
		}
	}
	s.id = fmt.Sprintf("%s %d %x", filepath.Base(root), len(all.images), sha256.Sum256([]byte(strings.Join(all.images, "\n"))))
	s.each = func(visit visitor) error {
		for _, name := range all.images {
			if !visit(name, func() ([]byte, error) { return files.Read(all.path(name)) }) {
				return nil
			}
		}
		return nil
	}
	return s, nil
}

// samplesOf returns the files with the class of a sample that belong to one of the images.
func (s *source) samplesOf(images, samples []string) (belong []string) {
	if len(samples) == 0 {
		return nil
	}
	keys := make(map[string]bool, len(images))
	for _, name := range images {
		keys[sampleKey(name)] = true
	}
	for _, name := range samples {
		if keys[sampleKey(name)] {
			belong = append(belong, name)
		} else {
			s.others.file(name)
		}
	}
	return belong
}

// learnFile reads a file with information about the images.
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
	data, err := files.Read(file)
	if err != nil {
		return fault.New(CodeNoData, "", "data: %v", err)
	}
	return s.notes.learn(filepath.ToSlash(file), data)
}

// archives returns the source of a folder of tars: ImageNet's two if they are there, otherwise all of them, each of which is a
// folder in the names of the images.
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
	walk := func(src *source, visit visitor) error {
		for _, name := range names {
			file := filepath.Join(root, filepath.FromSlash(name))
			err := files.Regular(file)
			var f *os.File
			if err == nil {
				f, err = os.Open(file)
			}
			if err != nil {
				return fault.New(CodeNoData, "", "data: %v", err)
			}
			goOn, err := src.walkTar(file, f, prefix(name), visit, 1)
			f.Close()
			if err != nil || !goOn {
				return err
			}
		}
		return nil
	}
	s.each = func(visit visitor) error { return walk(s, visit) }
	if small {
		return walk(nil, func(string, func() ([]byte, error)) bool { s.total++; return true })
	}
	return nil
}

// path returns the path of a file.
func (all *found) path(name string) string {
	return filepath.Join(all.root, filepath.FromSlash(name))
}

// list appends the content of a folder. Links to folders are left to follow.
func (all *found) list(below string) error {
	entries, err := os.ReadDir(all.path(below))
	if err != nil {
		return err
	}
	all.others.folder(below)
	for _, e := range entries {
		name := path.Join(below, e.Name())
		dir, there := e.IsDir(), true
		if e.Type()&fs.ModeSymlink != 0 {
			info, err := os.Stat(all.path(name))
			there = err == nil
			if dir = there && info.IsDir(); dir {
				all.folderLinks = append(all.folderLinks, name)
				continue
			}
		}
		switch {
		case dir && !isHidden(e.Name()):
			if err := all.list(name); err != nil {
				return err
			}
		case dir:
		case isImage(name): // also a broken link, which fails when it is read
			all.images = append(all.images, name)
			if e.Type()&fs.ModeSymlink != 0 && there {
				if all.fileLinks[name], err = filepath.EvalSymlinks(all.path(name)); err != nil {
					return err
				}
			}
		case !there || strings.HasPrefix(e.Name(), "."):
		case isNote(name) || e.Name() == imagenetDevkit:
			all.notes = append(all.notes, name)
		case isSampleNote(name) && all.isSmall(e):
			all.samples = append(all.samples, name)
		case strings.HasSuffix(name, ".tar"):
			all.archives = append(all.archives, name)
		case !isUnlabelled(name):
			all.others.file(name)
		}
	}
	return nil
}

func (all *found) isSmall(e fs.DirEntry) bool {
	info, err := e.Info()
	return err == nil && info.Size() <= maxNote
}

// follow lists the folders that links lead to, each once: a link to a folder that is listed, or to one above, would invent
// classes and count images twice. Targets of links to files are replaced by their names in the data set.
func (all *found) follow() error {
	top, err := filepath.EvalSymlinks(all.root)
	if err != nil {
		return err
	}
	here := map[string]string{top: ""} // listed folders -> their names in the data set
	for len(all.folderLinks) > 0 {
		name := all.folderLinks[0]
		all.folderLinks = all.folderLinks[1:]
		target, err := filepath.EvalSymlinks(all.path(name))
		if err != nil {
			return err
		}
		known := false
		for folder := range here {
			known = known || within(target, folder) || within(folder, target)
		}
		if known {
			all.others.leave(name, errLink)
			continue
		}
		here[target] = name
		if err := all.list(name); err != nil {
			return err
		}
	}
	for name, target := range all.fileLinks {
		for folder, as := range here {
			if within(target, folder) {
				all.fileLinks[name] = path.Join(as, filepath.ToSlash(strings.TrimPrefix(target[len(folder):], string(filepath.Separator))))
			}
		}
	}
	return nil
}

// within reports whether a path is the folder or in it.
func within(file, folder string) bool {
	rest, ok := strings.CutPrefix(file, folder)
	return ok && (rest == "" || rest[0] == filepath.Separator || folder == string(filepath.Separator))
}
