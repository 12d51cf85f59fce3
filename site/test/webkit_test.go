package test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// webkit is a window of WebKitGTK's MiniBrowser, driven over WebDriver (w3.org/TR/webdriver2). It has the
// engine of Safari, which runs on Apple's systems only.
type webkit struct {
	t       *testing.T
	session string // its address
}

// openWebKit opens an address in a new WebKitGTK, on a display of its own. Where it is not installed, the test is
// left out.
func openWebKit(t *testing.T, address string) *webkit {
	t.Helper()
	browsers, _ := filepath.Glob("/usr/lib/*/webkit2gtk-4.*/MiniBrowser")
	driver, err1 := exec.LookPath("WebKitWebDriver")
	display, err2 := exec.LookPath("Xvfb")
	if len(browsers) == 0 || err1 != nil || err2 != nil {
		t.Skip("there is no WebKitGTK (Debian: apt-get install webkit2gtk-driver xvfb)")
	}
	start := func(c *exec.Cmd) {
		t.Helper()
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	}
	screen := exec.Command(display, "-displayfd", "1", "-screen", "0", "1280x900x24")
	says, err := screen.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	start(screen)
	number, err := bufio.NewReader(says).ReadString('\n')
	if err != nil {
		t.Fatalf("Xvfb: %v", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	c := exec.Command(driver, fmt.Sprintf("--port=%d", port))
	c.Env = append(os.Environ(), "DISPLAY=:"+strings.TrimSpace(number), "HOME="+t.TempDir())
	start(c)
	w := &webkit{t: t, session: fmt.Sprintf("http://127.0.0.1:%d/session", port)}
	for until := time.Now().Add(patient); ; time.Sleep(50 * time.Millisecond) {
		if c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			c.Close()
			break
		} else if time.Now().After(until) {
			t.Fatalf("WebKitWebDriver does not start: %v", err)
		}
	}
	var session struct{ SessionID string }
	w.ask("", map[string]any{"capabilities": map[string]any{"alwaysMatch": map[string]any{
		"webkitgtk:browserOptions": map[string]any{"binary": browsers[0], "args": []string{"--automation"}}}}}, &session)
	w.session += "/" + session.SessionID
	t.Cleanup(func() {
		if r, err := http.NewRequest(http.MethodDelete, w.session, nil); err == nil {
			if got, err := http.DefaultClient.Do(r); err == nil {
				got.Body.Close()
			}
		}
	})
	w.ask("/timeouts", map[string]any{"script": (2 * patient).Milliseconds()}, nil)
	w.ask("/url", map[string]any{"url": address}, nil)
	return w
}

// ask sends a command and reads its value.
func (w *webkit) ask(command string, body, value any) {
	w.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		w.t.Fatal(err)
	}
	r, err := http.Post(w.session+command, "application/json", bytes.NewReader(text))
	if err != nil {
		w.t.Fatalf("%s: %v", command, err)
	}
	defer r.Body.Close()
	var reply struct{ Value json.RawMessage }
	err = json.NewDecoder(r.Body).Decode(&reply)
	if err == nil && r.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %.300s", r.Status, reply.Value)
	}
	if err == nil && value != nil {
		err = json.Unmarshal(reply.Value, value)
	}
	if err != nil {
		w.t.Fatalf("%s: %v", command, err)
	}
}

// eval is the value of an expression as text; promises are awaited.
func (w *webkit) eval(expression string) string {
	w.t.Helper()
	var got struct{ Value, Error string }
	w.ask("/execute/async", map[string]any{"args": []any{}, "script": "const done = arguments[0]; (async () => String(await (" + expression +
		")))().then(value => done({ value }), e => done({ error: String(e) }))"}, &got)
	if got.Error != "" {
		w.t.Fatalf("%s: %s", expression, got.Error)
	}
	return got.Value
}
