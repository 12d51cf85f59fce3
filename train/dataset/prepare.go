package dataset

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"bignas/core/fault"
	"bignas/train/shards"
)

// PrepareOptions of Prepare.
type PrepareOptions struct {
	Options
	ShardBytes int64   // largest number of bytes of images in a file; 0: 1 GiB
	MaxCorrupt float64 // share of the images that may be unreadable, 0 to 1, where more than 10 are
	SkipEmpty  bool    // leave out classes without an image (Complete)
}

// Prepared is the result of Prepare.
type Prepared struct {
	Count   int       `json:"count"`   // images in the folder that have a class
	Seen    int       `json:"seen"`    // images of the source
	Resumed int       `json:"resumed"` // images of the source that an earlier call has done
	Shards  int       `json:"shards"`  // files
	Bytes   int64     `json:"bytes"`   // of the images
	Skipped []Skipped `json:"-"`       // images that could not be read or have no class
	Table   *Table    `json:"-"`       // of the folder
}

// fit says how images are made square, for the headers of shards.
const fitting = "centre square; Catmull-Rom, antialiased; 8 bits a channel, sRGB, not compressed"

const (
	defaultShard = 1 << 30
	fewCorrupt   = 10
)

// preparation is the state of Prepare.
type preparation struct {
	PrepareOptions
	out     string
	head    shards.Header
	each    int // source images in each shard
	writer  *shards.Writer
	done    Prepared
	entries [][]shards.Entry // of each complete shard
}

// Prepare decodes the data set at path and writes it to the folder out as shards (package shards) and an index. Open reads such a
// folder like its source, with the same names, order, classes and halves and, with the same Decoder, the same images.
//
// The index is written last. A call with the same arguments continues an interrupted one after the last complete shard.
// Unreadable images are skipped, up to o.MaxCorrupt.
func Prepare(ctx context.Context, path, out string, o PrepareOptions) (*Prepared, error) {
	if o.Side == 0 {
		o.Side = 224
	}
	if o.Side < 1 || o.Side > 4096 || !(o.MaxCorrupt >= 0 && o.MaxCorrupt <= 1) || o.ShardBytes < 0 {
		return nil, fault.New(CodeOptions, "", "data: side is %d, allowed are 1 to 4096; the share of corrupt images is %g, allowed are 0 to 1", o.Side, o.MaxCorrupt)
	}
	if path == Shapes || isPrepared(path) {
		return nil, fault.New(CodeOptions, "give it to train as it is", "data: %s needs no preparation", path)
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	src, err := openSource(path)
	if err != nil {
		return nil, err
	}
	defer src.close()
	p := &preparation{PrepareOptions: o, out: out}
	if p.ShardBytes == 0 {
		p.ShardBytes = defaultShard
	}
	p.each = int(max(1, p.ShardBytes/int64(3*o.Side*o.Side)))
	decoder := o.Decoder.Name
	if decoder == "" {
		decoder = "Go " + runtime.Version()
	}
	plan := fmt.Sprintf("%s|%d|%d|%d|%s|%s", src.id, o.Side, p.each, o.MaxPixels, decoder, fitting)
	p.head = shards.Header{Side: o.Side, Fit: fitting, Decoder: decoder, Source: filepath.Base(path), Plan: fmt.Sprintf("%x", sha256.Sum256([]byte(plan)))}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return nil, fault.New(CodePrepared, "", "data: %v", err)
	}
	if err := p.resume(); err != nil {
		return nil, err
	}
	if err := p.decode(ctx, src); err != nil {
		return nil, err
	}
	return &p.done, p.finish(path, src)
}

// shardName returns the name of shard i of a folder.
func shardName(i int) string { return fmt.Sprintf("shard-%05d.rgb", i) }

// resume reads the complete shards in the folder.
func (p *preparation) resume() error {
	if isPrepared(p.out) {
		return fault.New(CodePrepared, "use it as --data, or choose another folder", "data: %s is already prepared", p.out)
	}
	for {
		name := filepath.Join(p.out, shardName(len(p.entries)))
		s, err := shards.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			p.done.Resumed = p.done.Seen
			return nil
		}
		if err != nil {
			return fault.New(CodePrepared, "delete the file, or choose another folder", "data: %v", err)
		}
		entries, err := s.Entries()
		s.Close()
		if err != nil {
			return fault.New(CodePrepared, "delete the file, or choose another folder", "data: %v", err)
		}
		if s.Plan != p.head.Plan || s.First != p.done.Seen {
			return fault.New(CodePrepared, "choose another folder, or empty it first",
				"data: %s comes from another source (%s), side (%d), shard size or decoder (%s)", name, s.Source, s.Side, s.Decoder)
		}
		p.account(entries)
	}
}

// account adds a complete shard to the result.
func (p *preparation) account(entries []shards.Entry) {
	p.entries = append(p.entries, entries)
	for _, e := range entries {
		p.done.Seen++
		if e.Err != "" {
			p.done.Skipped = append(p.done.Skipped, Skipped{e.Name, errors.New(e.Err)})
			continue
		}
		p.done.Count++
		p.done.Bytes += int64(3 * p.Side * p.Side)
	}
	p.done.Shards++
}

// decode writes the missing shards.
func (p *preparation) decode(ctx context.Context, src *source) error {
	var failed error
	n := p.done.Seen
	var entries []shards.Entry
	finish := func() error {
		if p.writer == nil {
			return nil
		}
		err := p.writer.Close()
		p.writer = nil
		if err != nil {
			return fault.New(CodePrepared, "make room on the disk and run the same command again: whole files are kept", "data: %v", err)
		}
		p.account(entries)
		entries = nil
		return p.tooManyCorrupt()
	}
	err := decodeInOrder(src, p.Options, p.done.Seen, func(d decoded) bool {
		if failed = ctx.Err(); failed != nil {
			return false
		}
		if p.writer == nil {
			p.head.First = p.done.Seen
			p.writer, failed = shards.Create(filepath.Join(p.out, shardName(len(p.entries))), p.head)
		}
		if e := (shards.Entry{Name: d.name}); failed == nil {
			if d.err != nil {
				e.Err = d.err.Error()
				failed = p.writer.Skip(d.name, d.err)
			} else {
				e.Sum = fmt.Sprintf("%016x", d.sum)
				failed = p.writer.Add(d.name, e.Sum, d.pix)
			}
			entries = append(entries, e)
		}
		if failed == nil && p.writer.Seen() == p.each {
			failed = finish()
		}
		if n++; p.Progress != nil {
			p.Progress(n, src.total)
		}
		return failed == nil
	})
	if failed == nil && err == nil {
		failed = finish()
	}
	if p.writer != nil {
		p.writer.Abort()
	}
	if failed != nil {
		return failed
	}
	return err
}

// tooManyCorrupt returns an error above the limit of skipped images.
func (p *preparation) tooManyCorrupt() error {
	bad := len(p.done.Skipped)
	if bad <= fewCorrupt && p.done.Count > 0 || float64(bad) <= math.Floor(p.MaxCorrupt*float64(p.done.Seen)) && p.done.Count > 0 {
		return nil
	}
	return fault.New(CodeCorrupt, "look at the first: "+p.done.Skipped[0].Err.Error()+"; or allow more with --max-corrupt",
		"data: %d of the first %d images cannot be read, more than the limit of %g %% (and of %d); the first is %s",
		bad, p.done.Seen, 100*p.MaxCorrupt, fewCorrupt, p.done.Skipped[0].Name)
}

// finish determines the class and the half of each image and writes the index.
func (p *preparation) finish(path string, src *source) error {
	var items []item
	var order []string
	for _, entries := range p.entries {
		for _, e := range entries {
			if e.Err == "" {
				items = append(items, item{name: e.Name, sum: sumIn(e)})
				order = append(order, e.Name)
			}
		}
	}
	if i := slices.IndexFunc(order, func(n string) bool { return strings.ContainsAny(n, "\n\t") }); i >= 0 {
		return fault.New(CodePrepared, "rename it", "data: the name %q has a tab or a new line", order[i])
	}
	d, err := assemble(path, p.Side, items, slices.Clone(p.done.Skipped), src)
	if err == nil && p.Names != "" {
		err = d.NameClasses(p.Names)
	}
	if err == nil {
		err = d.Complete(p.SkipEmpty)
	}
	if err != nil {
		return err
	}
	p.done.Count, p.done.Skipped = len(d.items), d.Skipped
	if p.done.Table, err = d.Halves(); err != nil {
		return err
	}
	return d.writeIndex(p.out, p.head, order, len(p.entries))
}

// sumIn returns the digest in a line of a shard's table, or 0 where there is none.
func sumIn(e shards.Entry) uint64 {
	sum, err := strconv.ParseUint(e.Sum, 16, 64)
	if err != nil {
		return 0
	}
	return sum
}
