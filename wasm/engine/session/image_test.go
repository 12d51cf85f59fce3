package session

import (
	"slices"
	"strconv"
	"testing"

	"bignas/core/preprocess"
	"bignas/core/preprocess/slowfiles"
)

// atYield runs f at the next yield, whoever yields.
func (p *page) atYield(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.onYield = func() {
		p.mu.Lock()
		p.onYield = nil
		p.mu.Unlock()
		f()
	}
}

// TestAnswersWhileDecoding: an image that takes long is decoded beside the questions to the last one.
func TestAnswersWhileDecoding(t *testing.T) {
	p := booted(t)
	answered := make(chan struct{})
	p.atYield(func() {
		p.send(`{"id":4,"type":"classify","child":` + childText(t, 96) + `}`)
		<-answered
	})
	p.send(`{"id":3,"type":"image"}`, slowfiles.JPEG(1000, 900, 3)...)
	p.next(4, "answer")
	close(answered)
	if r := p.next(3, "image"); r.Width != 1000 || r.Height != 900 {
		t.Errorf("the image is %d x %d", r.Width, r.Height)
	}
}

// TestNewestImage: an image that is being decoded, and one that waits for it, end when
// a newer one comes; a cancelled one ends too, and the last good one stays.
func TestNewestImage(t *testing.T) {
	p := booted(t)
	slow := slowfiles.JPEG(1000, 900, 3)
	p.atYield(func() {
		p.send(`{"id":4,"type":"image"}`, slow...)
		p.send(`{"id":5,"type":"image"}`, photo()...)
	})
	p.send(`{"id":3,"type":"image"}`, slow...)
	if r := p.next(3, "error"); r.Error.Code != CodeSuperseded {
		t.Errorf("the first image ends with %+v", r.Error)
	}
	ends := map[string]int64{}
	for len(ends) < 2 { // in either order
		r := <-p.replies
		ends[r.Type+r.Error.Code] = r.ID
	}
	if ends["error"+CodeSuperseded] != 4 || ends["image"] != 5 {
		t.Errorf("the others end as %v", ends)
	}
	p.atYield(func() { p.send(`{"id":7,"type":"cancel","target":6}`) })
	p.send(`{"id":6,"type":"image"}`, slow...)
	p.next(7, "cancelled")
	if r := p.next(6, "error"); r.Error.Code != CodeCancelled {
		t.Errorf("the cancelled image ends with %+v", r.Error)
	}
	p.send(`{"id":8,"type":"seen","resolution":96}`)
	p.next(8, "seen")
	if rgba := p.bytes[8]; rgba[0] != 255 || rgba[1] != 0 {
		t.Errorf("after a cancelled image, the view begins with %v", rgba[:4])
	}
}

// TestTooSlow: work without end is refused before it starts: nobody waits for it.
func TestTooSlow(t *testing.T) {
	p := booted(t)
	p.mu.Lock()
	before := p.yields
	p.mu.Unlock()
	p.send(`{"id":3,"type":"image"}`, slowfiles.JPEG(6000, 6000, 400)...)
	p.wantError(3, preprocess.CodeTooBig)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.yields > before {
		t.Error("its decoding began")
	}
}

// TestPhoto: an image is kept beside the present one and asked about by its number; the
// present one stays what it is.
func TestPhoto(t *testing.T) {
	p := booted(t)
	other := slowfiles.JPEG(300, 200, 3)
	ask := func(id, photo string) (top []float64) {
		t.Helper()
		p.send(`{"id":` + id + `,"type":"try"` + photo + `,"child":` + childText(t, 96) + `}`)
		n, _ := strconv.ParseInt(id, 10, 64)
		for _, s := range p.next(n, "answer").Answer.Top {
			top = append(top, s.P)
		}
		return top
	}
	p.send(`{"id":3,"type":"image"}`, photo()...)
	p.next(3, "image")
	first := ask("4", "")
	p.send(`{"id":5,"type":"photo","photo":10}`, other...)
	p.next(5, "photo")
	second := ask("6", `,"photo":10`)
	if slices.Equal(first, second) {
		t.Error("the photo has the answer of the present image")
	}
	if again := ask("7", ""); !slices.Equal(again, first) {
		t.Errorf("the present image has %v after a photo, %v before", again, first)
	}
	p.send(`{"id":8,"type":"image"}`, other...)
	p.next(8, "image")
	if same := ask("9", ""); !slices.Equal(same, second) {
		t.Errorf("the file has %v as the image, %v as a photo", same, second)
	}
	p.send(`{"id":10,"type":"try","photo":9,"child":` + childText(t, 96) + `}`)
	p.wantError(10, CodeNoImage)
	for _, bad := range []string{"0", "11", "-1"} {
		p.send(`{"id":11,"type":"photo","photo":`+bad+`}`, other...)
		p.wantError(11, CodeBadMessage)
	}
	p.send(`{"id":12,"type":"try","photo":11,"child":` + childText(t, 96) + `}`)
	p.wantError(12, CodeBadMessage)
	p.send(`{"id":13,"type":"photo","photo":1}`, []byte("no image")...)
	if r := p.next(13, "error"); r.Error.Message == "" {
		t.Error("a file that is no image is kept")
	}
}
