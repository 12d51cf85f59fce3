package test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"bignas/core/classify"
)

// readout is everything that must move when a slider does.
type readout struct{ MACs, Params, Bytes, Tried, Bars, Arch string }

func (p *tab) readout() readout {
	p.t.Helper()
	return eval[readout](p, `(() => { const t = id => document.getElementById(id).textContent; return {
		MACs: t('cost-macs'), Params: t('cost-params'), Bytes: t('cost-bytes'), Tried: t('proof-tried'),
		Bars: [...document.querySelectorAll('#bars li')].map(li => li.textContent).join(), Arch: location.hash } })()`)
}

// TestSampleOnLoad: an image is classified with no click, and what the page
// shows is what the engine says natively.
func TestSampleOnLoad(t *testing.T) {
	t.Parallel()
	p := open(t, "", options{})
	p.answered()
	want := native(t, p, filepath.Join(site.root, "assets/samples/parachute.jpg"))
	if got := p.bars(); got != shown(want) {
		t.Errorf("the page shows %s, the native engine says %s", got, shown(want))
	}
	if got := eval[string](p, `document.querySelector('#gallery [aria-pressed=true]').getAttribute('aria-label')`); got != "parachute" {
		t.Errorf("the marked image is %q", got)
	}
	verdict := p.text("verdict")
	if right := want.Top[0].Label == "parachute"; right != strings.Contains(verdict, "right") {
		t.Errorf("the verdict is %q, the answer %q", verdict, want.Top[0].Label)
	}
	p.wait("the answer to be announced", `document.getElementById('say').textContent.startsWith(document.querySelector('#bars li span').textContent)`)
	p.wait("the weights to be checked", `document.getElementById('proof-changed').textContent === '0'`)
	if got, want := p.text("cost-accuracy"), measured(want.Text); !strings.Contains(got, want) {
		t.Errorf("the accuracy is %q, the manifest has %q", got, want)
	}
	// Until then the page shows the image itself, as much of it.
	crop := engineOf(t).Info().Preprocessing.Crop
	if scale := eval[float64](p, `new DOMMatrix(getComputedStyle(Object.assign(document.getElementById('sample'), { hidden: false })).transform).a`); math.Abs(scale*crop-1) > 0.01 {
		t.Errorf("the first image is shown %.3f times as big, the crop is %v", scale, crop)
	}
}

// measured is the accuracy that the page must show for a child.
func measured(arch string) string {
	for _, c := range site.manifest.Children {
		if c.Arch == arch {
			return fmt.Sprintf("%.1f %%", 100*c.Top1)
		}
	}
	return "not measured"
}

// native classifies a file as the page should have, for the child in its address.
func native(t *testing.T, p *tab, file string) *classify.Result {
	t.Helper()
	p.wait("the address to name the child", `location.hash.includes('arch=')`)
	text := eval[string](p, `new URLSearchParams(location.hash.slice(1)).get('arch')`)
	data, err := os.ReadFile(site.weights)
	if err != nil {
		t.Fatal(err)
	}
	e, err := classify.New(data)
	if err != nil {
		t.Fatal(err)
	}
	image, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	im, err := e.OpenImage(image)
	if err != nil {
		t.Fatal(err)
	}
	a, err := e.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	r, err := e.Classify(im, a, classify.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// shown writes an answer as the page does.
func shown(r *classify.Result) string {
	var rows []string
	for _, s := range r.Top {
		format := "%s %.0f %%"
		if s.P < 0.0995 {
			format = "%s %.1f %%"
		}
		rows = append(rows, fmt.Sprintf(format, s.Label, 100*s.P))
	}
	return strings.Join(rows, ", ")
}

// TestSliders: each slider, by mouse and by keyboard, changes the costs, the
// answer and the address, and says how long it took.
func TestSliders(t *testing.T) {
	t.Parallel()
	p := open(t, "", options{})
	p.answered()
	for _, slider := range []string{"width", "depth", "kernel", "resolution"} {
		for _, by := range []string{"mouse", "keyboard"} {
			t.Run(slider+" by "+by, func(t *testing.T) {
				p.t = t
				p.steady()
				before := p.readout()
				if by == "mouse" {
					p.drag(slider)
				} else {
					key := kb.End
					if eval[bool](p, fmt.Sprintf(`document.getElementById(%q).value === document.getElementById(%[1]q).max`, slider)) {
						key = kb.Home
					}
					p.do(chromedp.Focus("#"+slider, chromedp.ByQuery), chromedp.KeyEvent(key))
				}
				quoted, err := json.Marshal(before.Bars)
				if err != nil {
					t.Fatal(err)
				}
				p.wait("another answer", fmt.Sprintf(`[...document.querySelectorAll('#bars li')].map(li => li.textContent).join() !== %s`, quoted))
				p.wait("the time of it", `/^\d/.test(document.getElementById('proof-time').textContent)`)
				p.wait("another address", fmt.Sprintf(`location.hash !== %q`, before.Arch))
				after := p.readout()
				if after.MACs == before.MACs || after.Tried == before.Tried && by == "mouse" {
					t.Errorf("costs or count did not change: %+v, then %+v", before, after)
				}
				if slider != "resolution" && (after.Params == before.Params || after.Bytes == before.Bytes) {
					t.Errorf("parameters did not change: %+v, then %+v", before, after)
				}
			})
		}
	}
}

// drag moves the thumb with the mouse to the other end of its track.
func (p *tab) drag(slider string) {
	p.t.Helper()
	p.do(chromedp.ScrollIntoView("#"+slider, chromedp.ByQuery))
	r := eval[struct{ X, Y, W, H, At float64 }](p, fmt.Sprintf(`(() => { const i = document.getElementById(%q), r = i.getBoundingClientRect();
		return { X: r.x, Y: r.y, W: r.width, H: r.height, At: (i.value - i.min) / (i.max - i.min) } })()`, slider))
	x := func(at float64) float64 { return r.X + 13 + (r.W-26)*at }
	y, to := r.Y+r.H/2, 0.0
	if r.At < 0.5 {
		to = 1
	}
	press := func(kind input.MouseType, at float64) chromedp.Action {
		return input.DispatchMouseEvent(kind, x(at), y).WithButton(input.Left).WithButtons(1).WithClickCount(1)
	}
	p.do(press(input.MousePressed, r.At))
	for i := 1; i <= 8; i++ {
		p.do(press(input.MouseMoved, r.At+(to-r.At)*float64(i)/8))
	}
	p.do(input.DispatchMouseEvent(input.MouseReleased, x(to), y).WithButton(input.Left).WithClickCount(1))
}

// TestStage: with a stage chosen the sliders move that stage only.
func TestStage(t *testing.T) {
	t.Parallel()
	p := open(t, "", options{})
	p.answered()
	p.wait("costs", `location.hash.includes('arch=')`)
	before := eval[[]string](p, `[...document.querySelectorAll('#scope label > span')].map(e => e.textContent)`)
	p.do(chromedp.Focus("#stage--1", chromedp.ByQuery), chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.ArrowRight))
	p.wait("stage S3", `document.querySelector('[name=stage]:checked').value === '2' && location.hash.includes('stage=S3')`)
	p.do(chromedp.Focus("#width", chromedp.ByQuery), chromedp.KeyEvent(kb.End))
	p.wait("the widest S3", `document.getElementById('width').getAttribute('aria-valuetext') === '32 channels'`)
	after := eval[[]string](p, `[...document.querySelectorAll('#scope label > span')].map(e => e.textContent)`)
	p.shot("stage")
	for i := range after {
		if changed := after[i] != before[i]; changed != (i == 3) { // 0 is "All"
			t.Errorf("column %d went from %q to %q", i, before[i], after[i])
		}
	}
}

// TestBlocks: a click on a block selects its stage; dragged up it gets deeper.
func TestBlocks(t *testing.T) {
	t.Parallel()
	p := open(t, "", options{})
	p.answered()
	at := eval[struct{ X, Y float64 }](p, `(() => { const r = document.querySelector('.hit[data-stage="5"]').getBoundingClientRect(); return { X: r.x + r.width / 2, Y: r.bottom - 60 } })()`)
	mouse := func(kind input.MouseType, dy float64) chromedp.Action {
		return input.DispatchMouseEvent(kind, at.X, at.Y+dy).WithButton(input.Left).WithButtons(1).WithClickCount(1)
	}
	p.do(mouse(input.MousePressed, 0), mouse(input.MouseReleased, 0))
	p.wait("S6 to be selected", `document.getElementById('stage-5').checked && document.getElementById('depth').getAttribute('aria-valuetext') === '3 layers'`)
	p.do(mouse(input.MousePressed, 0), mouse(input.MouseMoved, -25), mouse(input.MouseMoved, -50), mouse(input.MouseReleased, -50))
	p.wait("another layer", `document.getElementById('depth').getAttribute('aria-valuetext') === '4 layers' && document.getElementById('stage-5').checked`)
}

// TestAddress: a link reproduces the state, and nonsense in it does no harm.
func TestAddress(t *testing.T) {
	t.Parallel()
	const arch = "r128-c12-12x1k3-16x2k3-24x3k353-40x2k5-64x2k3-104x3k3-128x1k5-h384"
	p := open(t, "?picture=church#arch="+arch+"&stage=S5&unknown=1&image=gas-pump", options{})
	p.answered()
	p.wait("the costs", `!document.getElementById('costs').classList.contains('pending')`)
	first, bars := p.readout(), p.bars()
	if got := eval[string](p, `[resolution.getAttribute('aria-valuetext'), document.querySelector('[name=stage]:checked').value, document.querySelector('#gallery [aria-pressed=true]').ariaLabel].join()`); got != "128 px,4,gas pump" {
		t.Errorf("the page opened as %s", got)
	}
	link := eval[string](p, `location.href`)
	q := open(t, link, options{})
	q.answered()
	q.wait("the costs", `!document.getElementById('costs').classList.contains('pending')`)
	if again := q.readout(); again.MACs != first.MACs || q.bars() != bars {
		t.Errorf("after a reload %+v, before %+v", again, first)
	}
	// Names as on the command line.
	for _, name := range []string{"S", "XL", "random:1", "min"} {
		want, err := engineOf(t).Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		n := open(t, "#arch="+name, options{})
		n.wait(name+" in the address as an architecture", fmt.Sprintf(`new URLSearchParams(location.hash.slice(1)).get('arch') === %q`, want.String()))
		if said := n.text("notice"); strings.Contains(said, "link") {
			t.Errorf("#arch=%s: the page says %q", name, said)
		}
	}
	bad := open(t, "#arch=r999-nonsense&stage=S99&image=%3Cb%3E", options{})
	bad.answered()
	if got := bad.text("notice"); !strings.Contains(got, "link") {
		t.Errorf("the notice about a damaged link is %q", got)
	}
	if got := bad.text("verdict"); !strings.Contains(got, "parachute") && !strings.Contains(got, "right") {
		t.Errorf("a nonsense image gives the verdict %q", got)
	}
}

// choose puts a file into the page's file input, as the dialog does.
func (p *tab) choose(file string) {
	p.t.Helper()
	var nodes []*cdp.Node
	p.do(chromedp.Nodes("#file", &nodes, chromedp.ByQuery))
	p.do(dom.SetFileInputFiles([]string{file}).WithNodeID(nodes[0].NodeID))
}

// TestUpload: a JPEG from the disk gives the same top 5 as the native engine, to 1e-4, and both say
// whether it is like what the weights know: waves of colour are not.
func TestUpload(t *testing.T) {
	t.Parallel()
	p := open(t, "", options{})
	p.answered()
	file := photo(t, 900, 600)
	p.choose(file)
	p.wait("the own image", `document.querySelector('#gallery .own').getAttribute('aria-pressed') === 'true'`)
	p.wait("no verdict", `document.getElementById('verdict').textContent === ''`)
	want := native(t, p, file)
	widths := eval[[]float64](p, `[...document.querySelectorAll('#bars li i')].map(i => Number(i.style.getPropertyValue('--v')))`)
	labels := eval[[]string](p, `[...document.querySelectorAll('#bars li span:first-child')].map(e => e.textContent)`)
	if none := eval[bool](p, `document.getElementById('none').checkVisibility()`); none == want.Confidence.Known || !none {
		t.Errorf("the page says that it is probably none of the classes: %v; the native engine has %+v", none, *want.Confidence)
	}
	for i, s := range want.Top {
		if labels[i] != s.Label || math.Abs(widths[i]-s.P) > 1e-4 {
			t.Errorf("place %d: the page says %s %.5f, the native engine %s %.5f", i+1, labels[i], widths[i], s.Label, s.P)
		}
	}
}

// TestBadFiles: what is no image, or too big, gives a sentence with a next
// step; the last image and its answer stay.
func TestBadFiles(t *testing.T) {
	t.Parallel()
	p := open(t, "", options{})
	p.answered()
	bars := p.bars()
	for name, c := range map[string]struct {
		data []byte
		want []string
	}{
		"notes.txt":     {[]byte("Dear diary, this is not an image.\n"), []string{"notes.txt", "JPEG"}},
		"huge.png":      {hugePNG(), []string{"huge.png", "megapixels", "smaller"}},
		"holiday.heic":  {append([]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), make([]byte, 64)...), []string{"holiday.heic", "HEIC", "JPEG"}},
		"broken.jpg":    {append([]byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00"), make([]byte, 80)...), []string{"broken.jpg", "JPEG"}},
		"truncated.jpg": {truncated(t), []string{"truncated.jpg", "again"}},
	} {
		t.Run(name, func(t *testing.T) {
			p.t = t
			file := filepath.Join(t.TempDir(), name)
			if err := os.WriteFile(file, c.data, 0o644); err != nil {
				t.Fatal(err)
			}
			if name == "notes.txt" || name == "huge.png" { // these two are dropped on the page
				p.drop(file, c.data)
			} else {
				p.choose(file)
			}
			p.wait("a notice", fmt.Sprintf(`document.getElementById('notice').textContent.includes(%q)`, name))
			text := p.text("notice")
			if name == "holiday.heic" {
				p.shot("unreadable")
			}
			for _, w := range c.want {
				if !strings.Contains(text, w) {
					t.Errorf("the notice %q does not say %q", text, w)
				}
			}
			if got := p.bars(); got != bars {
				t.Errorf("the answer changed to %s", got)
			}
		})
	}
	p.t = t
	p.do(chromedp.Click("#gallery [aria-label=church]", chromedp.ByQuery))
	p.wait("the page to go on", `document.getElementById('notice').textContent === '' && document.querySelector('#gallery [aria-label=church]').getAttribute('aria-pressed') === 'true'`)
}

// drop drops a file on the page as a person would, from another program.
func (p *tab) drop(file string, data []byte) {
	p.t.Helper()
	bytes, err := json.Marshal(toInts(data))
	if err != nil {
		p.t.Fatal(err)
	}
	eval[bool](p, fmt.Sprintf(`(() => { const t = new DataTransfer(); t.items.add(new File([new Uint8Array(%s)], %q));
		for (const type of ['dragenter', 'dragover', 'drop']) document.body.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: t }));
		return true })()`, bytes, filepath.Base(file)))
}

// TestKeepsUp: while a slider is dragged as fast as events come, the costs are
// always those of the last position, and one answer to it arrives.
func TestKeepsUp(t *testing.T) {
	p := open(t, "", options{full: true})
	p.answered()
	eval[bool](p, `(() => { const i = document.getElementById('width'); let n = 0;
		const turn = () => { i.value = n % 2 ? i.max : i.min; i.dispatchEvent(new Event('input', { bubbles: true })); if (++n < 60) setTimeout(turn, 4); };
		turn(); return true })()`)
	p.wait("the last position", `document.getElementById('width').value === document.getElementById('width').max`)
	time.Sleep(300 * time.Millisecond)
	p.wait("the answer to it", `location.hash.includes('-h640')`)
	want := native(t, p, filepath.Join(site.root, "assets/samples/parachute.jpg"))
	quoted, err := json.Marshal(strings.ReplaceAll(shown(want), ", ", ""))
	if err != nil {
		t.Fatal(err)
	}
	p.wait("the right answer", fmt.Sprintf(`[...document.querySelectorAll('#bars li')].map(li => li.children[0].textContent + ' ' + li.children[1].textContent).join('') === %s`, quoted))
	type reply struct {
		Moves  []float64
		Answer float64
	}
	got := eval[reply](p, `(async () => {
		const i = document.getElementById('depth'), macs = document.getElementById('cost-macs'), answer = document.getElementById('answer');
		const frame = () => new Promise(done => requestAnimationFrame(done)), until = async f => { while (!f()) await new Promise(done => setTimeout(done)); };
		const move = to => { const start = performance.now(); i.value = to; i.dispatchEvent(new Event('input', { bubbles: true })); return performance.now() - start; };
		const moves = [];
		for (let n = 0; n < 40; n++) { await frame(); moves.push(move(n % 9)); }
		await until(() => answer.getAttribute('aria-busy') === 'false');
		const before = macs.textContent, start = performance.now();
		move(i.value === i.max ? i.min : i.max);
		await until(() => macs.textContent !== before);
		await until(() => answer.getAttribute('aria-busy') === 'false');
		return { moves, answer: performance.now() - start };
	})()`)
	move := median(got.Moves)
	t.Logf("a move kept the page for %.1f ms in the median of 40; its answer took %.1f ms", move, got.Answer)
	if move > got.Answer/2 { // make budgets holds it against a clock
		t.Errorf("a move of a slider keeps the page for %.1f ms, its answer takes %.1f ms", move, got.Answer)
	}
}
