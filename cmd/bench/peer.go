package main

import (
	"bufio"
	"cmp"
	_ "embed"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"bignas/core/fault"
)

// peersFolder is the folder in which make peers installs other runtimes, relative to the root of the repository.
const peersFolder = "build/peers"

//go:embed peers/onnxruntime.mjs
var onnxruntimeScript string

// codeNoPeer is the code of the error when a peer is not installed.
const codeNoPeer = "no_peer"

// peer is another runtime in its own process, which answers each JSON line with another one. It runs for the whole
// comparison, so that both sides are warm.
type peer struct {
	process *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Scanner
}

// request is a line to a peer, without the fields that an operation does not need.
type request struct {
	Op      string `json:"op"`
	Model   string `json:"model,omitempty"`
	Input   string `json:"input,omitempty"`
	Dims    []int  `json:"dims,omitempty"`
	Threads int    `json:"threads,omitempty"`
	Session int    `json:"session"`
	Runs    int    `json:"runs,omitempty"`
}

// reply is a line from a peer.
type reply struct {
	Version string    `json:"version"`
	Session int       `json:"session"`
	MS      []float64 `json:"ms"`
	Logits  []float32 `json:"logits"`
}

// startPeer starts a command that reads requests and writes replies.
func startPeer(stderr io.Writer, name string, args ...string) (*peer, error) {
	p := &peer{process: exec.Command(name, args...)}
	p.process.Stderr = stderr
	var err error
	if p.in, err = p.process.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = bufio.NewScanner(out)
	p.out.Buffer(nil, 1<<24)
	return p, p.process.Start()
}

// startOnnxruntime starts onnxruntime-node from folder.
func startOnnxruntime(folder string, stderr io.Writer) (*peer, error) {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(folder, "node_modules/onnxruntime-node")); err != nil {
		return nil, fault.New(codeNoPeer, "run make peers in the root folder of the repository", "there is no onnxruntime-node in %s", folder)
	}
	if _, err := exec.LookPath("node"); err != nil {
		return nil, fault.New(codeNoPeer, "install Node 18 or later", "there is no program node to run onnxruntime in")
	}
	return startPeer(stderr, "node", "--input-type=module", "-e", onnxruntimeScript, folder)
}

// ask sends one request and waits for its answer.
func (p *peer) ask(q request) (r reply, err error) {
	err = p.say(q.Op, q, &r)
	return r, err
}

// say sends the line q, for op, and reads the answer into r.
func (p *peer) say(op string, q, r any) error {
	line, err := json.Marshal(q)
	if err != nil {
		return err
	}
	if _, err := p.in.Write(append(line, '\n')); err != nil || !p.out.Scan() {
		err = cmp.Or(err, p.out.Err(), errors.New("it ended"))
		return fault.New(codeNoPeer, "what it said stands above", "the peer does not answer to %s: %v", op, err)
	}
	var failed struct{ Error string }
	if err := json.Unmarshal(p.out.Bytes(), &failed); err != nil {
		return err
	}
	if failed.Error != "" {
		return fault.New(codeNoPeer, "", "the peer cannot %s: %s", op, failed.Error)
	}
	return json.Unmarshal(p.out.Bytes(), r)
}

// runner runs a loaded session.
func (p *peer) runner(session int) runner {
	return func(n int) ([]float64, error) {
		r, err := p.ask(request{Op: "run", Session: session, Runs: n})
		return r.MS, err
	}
}

// stop ends the process by closing its input.
func (p *peer) stop() error { return errors.Join(p.in.Close(), p.process.Wait()) }
