package report

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// Progress shows the progress of long work: as a bar on a terminal, elsewhere as a plain line every ten
// seconds, so that logs stay readable. It must not be used concurrently.
type Progress struct {
	out   io.Writer
	title string
	total int
	bar   *progressbar.ProgressBar // nil for plain lines

	began, last time.Time
	done        int
	text        string
	shown       bool // the last state has been printed as a plain line
	now         func() time.Time
}

// plainEvery is the shortest time between two plain lines.
const plainEvery = 10 * time.Second

// IsTerminal reports whether w is a terminal.
func IsTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// NewProgress shows the progress of total parts of work on w. A total of 0 is unknown.
func NewProgress(w io.Writer, title string, total int) *Progress {
	p := &Progress{out: w, title: title, total: total, now: time.Now}
	p.began = p.now()
	p.last = p.began
	if IsTerminal(w) {
		most := total
		if most <= 0 {
			most = -1 // a spinner
		}
		p.bar = progressbar.NewOptions(most, progressbar.OptionSetWriter(w), progressbar.OptionSetDescription(title),
			progressbar.OptionShowCount(), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(),
			progressbar.OptionSetWidth(24))
	}
	return p
}

// Set sets the number of parts that are done, and a text to show with it. Errors of the output are ignored.
func (p *Progress) Set(done int, text string) {
	p.done, p.text, p.shown = done, text, false
	if p.bar != nil {
		if text != "" {
			p.bar.Describe(p.title + " " + text)
		}
		_ = p.bar.Set(done)
		return
	}
	if now := p.now(); now.Sub(p.last) >= plainEvery {
		p.last = now
		p.line()
	}
}

// Total sets the number of parts when it is known.
func (p *Progress) Total(total int) {
	if total == p.total || total <= 0 {
		return
	}
	p.total = total
	if p.bar != nil {
		p.bar.ChangeMax(total)
	}
}

// line prints the state as one line.
func (p *Progress) line() {
	of := ""
	if p.total > 0 {
		of = fmt.Sprintf("/%d", p.total)
	}
	if p.text != "" {
		of += " " + p.text
	}
	fmt.Fprintf(p.out, "%s %d%s, %s\n", p.title, p.done, of, p.now().Sub(p.began).Round(time.Second))
	p.shown = true
}

// Finish removes the bar, or prints the last state as a line.
func (p *Progress) Finish() {
	if p.bar != nil {
		_ = p.bar.Finish()
		return
	}
	if !p.shown {
		p.line()
	}
}
