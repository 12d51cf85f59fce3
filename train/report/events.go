package report

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// EventsName is the file that TensorBoard finds in a run's folder.
const EventsName = "events.out.tfevents.0000000000.bignas"

// Events appends rows of type T, a struct of numbers, to an event file of TensorBoard: a scalar for each
// column but the first, which is the step. Negative values, which were not measured, are left out.
//
// The file is protocol buffers in TFRecord frames: tensorflow's
// core/lib/io/record_writer.h, core/util/event.proto and core/framework/summary.proto.
type Events[T any] struct {
	file    *os.File
	columns []string
	now     func() time.Time
}

// Numbers of the fields in event.proto and summary.proto.
const (
	eventTime, eventStep, eventVersion, eventSummary = 1, 2, 3, 5
	summaryValue, valueTag, valueSimple              = 1, 1, 2
)

// OpenEvents opens or creates the event file in a folder. It removes the records of steps above done, and
// an incomplete one with all that follow.
func OpenEvents[T any](folder string, done float64) (*Events[T], error) {
	columns, err := columnsOf(reflect.TypeFor[T]())
	if err != nil {
		return nil, err
	}
	path := filepath.Join(folder, EventsName)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	e := &Events[T]{file: f, columns: columns, now: time.Now}
	if err := e.prepare(done); err != nil {
		f.Close()
		return nil, fmt.Errorf("report: events %s: %w", path, err)
	}
	return e, nil
}

// prepare truncates the file to its version and the records up to done.
func (e *Events[T]) prepare(done float64) error {
	data, err := io.ReadAll(e.file)
	if err != nil {
		return err
	}
	keep := 0
	for {
		ev, size, ok := nextEvent(data[keep:])
		if !ok || keep == 0 && ev.Version == "" || float64(ev.Step) > done {
			break
		}
		keep += size
	}
	if err := e.file.Truncate(int64(keep)); err != nil {
		return err
	}
	if _, err := e.file.Seek(int64(keep), io.SeekStart); err != nil {
		return err
	}
	if keep > 0 {
		return nil
	}
	return e.write(protowire.AppendString(protowire.AppendTag(nil, eventVersion, protowire.BytesType), "brain.Event:2"), 0)
}

// Append writes one row to the file.
func (e *Events[T]) Append(row T) error {
	v := reflect.ValueOf(row)
	var summary []byte
	step := int64(0)
	for i, name := range e.columns {
		value := 0.0
		if f := v.Field(i); f.CanInt() {
			value = float64(f.Int())
		} else {
			value = f.Float()
		}
		if i == 0 {
			step = int64(value)
			continue
		}
		if value < 0 {
			continue
		}
		var one []byte
		one = protowire.AppendString(protowire.AppendTag(one, valueTag, protowire.BytesType), tagOf(name))
		one = protowire.AppendFixed32(protowire.AppendTag(one, valueSimple, protowire.Fixed32Type), math.Float32bits(float32(value)))
		summary = protowire.AppendBytes(protowire.AppendTag(summary, summaryValue, protowire.BytesType), one)
	}
	err := e.write(protowire.AppendBytes(protowire.AppendTag(nil, eventSummary, protowire.BytesType), summary), step)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// tagOf groups columns as TensorBoard shows them: "loss_biggest" is "loss/biggest".
func tagOf(column string) string {
	for _, group := range []string{"loss", "train", "val"} {
		if rest, ok := strings.CutPrefix(column, group+"_"); ok {
			return group + "/" + rest
		}
	}
	return column
}

// write appends an event with the encoded content what.
func (e *Events[T]) write(what []byte, step int64) error {
	seconds := float64(e.now().UnixMicro()) / 1e6
	ev := protowire.AppendFixed64(protowire.AppendTag(nil, eventTime, protowire.Fixed64Type), math.Float64bits(seconds))
	if step != 0 { // zero is the default
		ev = protowire.AppendVarint(protowire.AppendTag(ev, eventStep, protowire.VarintType), uint64(step))
	}
	_, err := e.file.Write(frame(append(ev, what...)))
	return err
}

// Close closes the file.
func (e *Events[T]) Close() error { return e.file.Close() }

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// masked returns the checksum of a TFRecord: a rotated CRC-32C plus a constant, so that checksums of data that
// contains checksums are still good.
func masked(data []byte) uint32 {
	c := crc32.Checksum(data, castagnoli)
	return (c>>15 | c<<17) + 0xa282ead8
}

// frame returns a TFRecord: length, its checksum, data, its checksum.
func frame(data []byte) []byte {
	var b []byte
	b = binary.LittleEndian.AppendUint64(b, uint64(len(data)))
	b = binary.LittleEndian.AppendUint32(b, masked(b))
	b = append(b, data...)
	return binary.LittleEndian.AppendUint32(b, masked(data))
}
