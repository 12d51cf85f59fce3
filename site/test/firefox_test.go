package test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"regexp"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
)

// fox is a tab of Firefox, driven over WebDriver BiDi (w3.org/TR/webdriver-bidi).
type fox struct {
	t       *testing.T
	socket  net.Conn
	context string // of the tab
	sent    int
}

var foxAddress = regexp.MustCompile(`WebDriver BiDi listening on (ws://\S+)`)

// firefox opens an address in a new Firefox with a profile of its own. Where there is no Firefox, the test is
// left out.
func firefox(t *testing.T, address string) *fox {
	t.Helper()
	path := ""
	for _, name := range []string{"firefox-esr", "firefox"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		t.Skip("there is no Firefox (Debian: apt-get install firefox-esr)")
	}
	c := exec.Command(path, "--headless", "--no-remote", "--profile", t.TempDir(), "--remote-debugging-port", "0", "--window-size", "1280,900")
	c.Env = append(os.Environ(), "HOME="+t.TempDir())
	says, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	listening := make(chan string, 1)
	go func() {
		defer close(listening)
		for lines := bufio.NewScanner(says); lines.Scan(); { // all of them: it waits for who does not read
			if m := foxAddress.FindStringSubmatch(lines.Text()); m != nil {
				listening <- m[1]
			}
		}
	}()
	var there string
	select {
	case there = <-listening:
	case <-time.After(patient):
	}
	if there == "" {
		t.Fatal("Firefox does not start")
	}
	ctx, cancel := context.WithTimeout(context.Background(), patient)
	defer cancel()
	socket, _, _, err := ws.Dial(ctx, there+"/session")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = socket.Close() })
	f := &fox{t: t, socket: socket}
	f.ask("session.new", map[string]any{"capabilities": map[string]any{}})
	var tree struct{ Contexts []struct{ Context string } }
	f.read(f.ask("browsingContext.getTree", map[string]any{}), &tree)
	f.context = tree.Contexts[0].Context
	f.ask("browsingContext.navigate", map[string]any{"context": f.context, "url": address, "wait": "complete"})
	return f
}

// ask sends a command and returns its result.
func (f *fox) ask(method string, params map[string]any) json.RawMessage {
	f.t.Helper()
	f.sent++
	text, err := json.Marshal(map[string]any{"id": f.sent, "method": method, "params": params})
	if err == nil {
		err = f.socket.SetDeadline(time.Now().Add(2 * patient))
	}
	if err == nil {
		err = wsutil.WriteClientText(f.socket, text)
	}
	for err == nil {
		var reply struct {
			ID             int
			Type           string
			Result         json.RawMessage
			Error, Message string
		}
		if text, err = wsutil.ReadServerText(f.socket); err == nil {
			err = json.Unmarshal(text, &reply)
		}
		if err == nil && reply.ID == f.sent {
			if reply.Type == "error" {
				f.t.Fatalf("%s: %s: %s", method, reply.Error, reply.Message)
			}
			return reply.Result
		}
	}
	f.t.Fatalf("%s: %v", method, err)
	return nil
}

func (f *fox) read(text json.RawMessage, to any) {
	f.t.Helper()
	if err := json.Unmarshal(text, to); err != nil {
		f.t.Fatalf("%s: %v", text, err)
	}
}

// eval is the value of an expression as text; promises are awaited.
func (f *fox) eval(expression string) string {
	f.t.Helper()
	var got struct {
		Type   string
		Result struct {
			Value string
		}
		ExceptionDetails struct{ Text string }
	}
	f.read(f.ask("script.evaluate", map[string]any{"expression": "(async () => String(await (" + expression + ")))()", "target": map[string]any{"context": f.context}, "awaitPromise": true}), &got)
	if got.Type != "success" {
		f.t.Fatalf("%s: %s", expression, got.ExceptionDetails.Text)
	}
	return got.Result.Value
}

// wait polls until the condition is true.
func (f *fox) wait(what, condition string) {
	f.t.Helper()
	if f.eval(fmt.Sprintf(`new Promise(done => { const until = performance.now() + %d, look = () => %s ? done(true) : performance.now() > until ? done(document.getElementById('notice')?.textContent) : setTimeout(look, 50); look() })`, patient.Milliseconds(), condition)) != "true" {
		f.t.Fatalf("waiting for %s; the notice is %q", what, f.eval(`document.getElementById('notice')?.textContent`))
	}
}
