package report

import (
	"encoding/binary"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"bignas/train/files"
)

// Event is one record of a TensorBoard event file.
type Event struct {
	Time    float64 // seconds since 1970
	Step    int64
	Version string             // of the file, in its first record
	Scalars map[string]float32 // by tag
}

// ReadEvents reads an event file. An incomplete last record is ignored; a wrong checksum is an error.
func ReadEvents(path string) ([]Event, error) {
	data, err := files.Read(path)
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	var all []Event
	for at := 0; at < len(data); {
		ev, size, ok := nextEvent(data[at:])
		if !ok {
			if size > 0 {
				return all, fmt.Errorf("report: events %s: the record at byte %d is damaged", path, at)
			}
			break
		}
		all = append(all, ev)
		at += size
	}
	return all, nil
}

// nextEvent reads the first record of data, of size bytes. For a damaged record it returns its size and
// false, for an incomplete one 0 and false.
func nextEvent(data []byte) (ev Event, size int, ok bool) {
	const header, trailer = 12, 4
	if len(data) < header {
		return Event{}, 0, false
	}
	n := binary.LittleEndian.Uint64(data)
	if masked(data[:8]) != binary.LittleEndian.Uint32(data[8:]) {
		return Event{}, len(data), false
	}
	if n > uint64(len(data)-header) || int(n) > len(data)-header-trailer {
		return Event{}, 0, false
	}
	body, size := data[header:header+int(n)], header+int(n)+trailer
	if masked(body) != binary.LittleEndian.Uint32(data[header+int(n):]) {
		return Event{}, size, false
	}
	ev.Scalars = map[string]float32{}
	ok = fields(body, func(number protowire.Number, v uint64, bytes []byte) bool {
		switch number {
		case eventTime:
			ev.Time = math.Float64frombits(v)
		case eventStep:
			ev.Step = int64(v)
		case eventVersion:
			ev.Version = string(bytes)
		case eventSummary:
			return fields(bytes, ev.scalar)
		}
		return true
	})
	return ev, size, ok
}

// scalar reads one value of a summary.
func (e *Event) scalar(number protowire.Number, _ uint64, value []byte) bool {
	if number != summaryValue {
		return true
	}
	tag, simple := "", float32(0)
	ok := fields(value, func(number protowire.Number, v uint64, bytes []byte) bool {
		switch number {
		case valueTag:
			tag = string(bytes)
		case valueSimple:
			simple = math.Float32frombits(uint32(v))
		}
		return true
	})
	e.Scalars[tag] = simple
	return ok
}

// fields calls f for each field of a message with its number and its value, a number or bytes. It reports
// whether the message is valid and f always returned true.
func fields(message []byte, f func(number protowire.Number, v uint64, bytes []byte) bool) bool {
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return false
		}
		message = message[n:]
		var v uint64
		var bytes []byte
		switch kind {
		case protowire.VarintType:
			v, n = protowire.ConsumeVarint(message)
		case protowire.Fixed64Type:
			v, n = protowire.ConsumeFixed64(message)
		case protowire.Fixed32Type:
			var w uint32
			w, n = protowire.ConsumeFixed32(message)
			v = uint64(w)
		case protowire.BytesType:
			bytes, n = protowire.ConsumeBytes(message)
		default:
			return false
		}
		if n < 0 || !f(number, v, bytes) {
			return false
		}
		message = message[n:]
	}
	return true
}
