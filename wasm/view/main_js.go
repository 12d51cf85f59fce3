// Command view is the network view of the page: the scene of package scene, drawn
// by ebiten in a document of its own, which the page holds in an iframe. Built
// with GOOS=js GOARCH=wasm; site/inside/frame.js starts it and carries the messages
// of package message between it and the page.
package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"

	"github.com/syumai/tinyutil/httputil"

	"bignas/core/arch"
	"bignas/core/fault"
	"bignas/core/scene"
	"bignas/wasm/jsbridge"
	"bignas/wasm/view/message"
	"bignas/wasm/view/paint"
)

func main() {
	host := jsbridge.Connect()
	s, err := load(os.Args[1], os.Args[2])
	if err != nil {
		host.Post(message.Encode(message.Outgoing{Type: "failed", Error: fault.Of(err)}), nil)
		return
	}
	v := paint.New(s)
	v.Output = func(events []scene.Event) {
		for _, e := range events {
			host.Post(message.Encode(message.Of(e)), nil)
		}
	}
	host.Listen(func(text string, data []byte) {
		v.Do(func(s *scene.Scene) {
			if err := message.Receive(s, text, data); err != nil {
				host.Post(message.Encode(message.Outgoing{Type: "refused", Error: fault.Of(err)}), nil)
			}
		})
	})
	listen(v)
	host.Post(message.Encode(message.Outgoing{Type: "ready"}), nil)
	if err := v.Run(); err != nil {
		host.Post(message.Encode(message.Outgoing{Type: "failed", Error: fault.Of(err)}), nil)
	}
}

// load makes the scene of the weights with that id in a manifest, or of the first: their
// space and number of labels.
func load(address, id string) (*scene.Scene, error) {
	offline := func(err error) error {
		return fault.New("offline", "check the connection and open the view again", "the list of weights did not arrive: %v", err)
	}
	response, err := httputil.DefaultClient.Get(address)
	if err != nil {
		return nil, offline(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fault.New("not_found", "build the page with make site", "the server answered %s to %s", response.Status, address)
	}
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, offline(err)
	}
	var m struct {
		Weights []struct {
			ID     string      `json:"id"`
			Space  *arch.Space `json:"space"`
			Labels []string    `json:"labels"`
		} `json:"weights"`
	}
	if err := json.Unmarshal(text, &m); err != nil || len(m.Weights) == 0 {
		return nil, fault.New("bad_manifest", "build the page with make site", "assets/manifest.json, %d weights: %v", len(m.Weights), err)
	}
	w := m.Weights[0]
	for _, other := range m.Weights {
		if other.ID == id {
			w = other
		}
	}
	return scene.New(w.Space, len(w.Labels))
}
