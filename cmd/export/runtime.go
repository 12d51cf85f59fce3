package main

import (
	"bufio"
	"cmp"
	_ "embed"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"bignas/core/fault"
)

//go:embed onnxruntime.mjs
var onnxruntimeScript string

//go:embed opencv.mjs
var opencvScript string

//go:embed opencv.py
var opencvPython string

// codeNoRuntime is the code of the errors of other runtimes.
const codeNoRuntime = "no_runtime"

// installed is a runtime that reads ONNX files: an npm package or a module of Debian's Python.
type installed struct {
	title, pack, script string
	batch               int // images at once of a graph whose batch is free
}

// runtimes is the runtimes that make peers installs, by the names of --runtime. OpenCV runs one image at a time: 4.6 does
// not broadcast the gates of squeeze-and-excitation along a symbolic batch, and in JavaScript there is no other way to
// make a tensor of four dimensions.
var runtimes = map[string]installed{
	"node":      {"onnxruntime-node", "onnxruntime-node", onnxruntimeScript, 16},
	"web":       {"onnxruntime-web", "onnxruntime-web", onnxruntimeScript, 16},
	"oldest":    {"onnxruntime-node", "onnxruntime-oldest", onnxruntimeScript, 16},
	"opencv":    {"OpenCV", "", opencvPython, 1},
	"opencv4js": {"opencv.js", "opencv4js", opencvScript, 1},
	"opencv5js": {"opencv.js", "opencv5js", opencvScript, 1},
}

// peer is a runtime in its own process.
type peer struct {
	installed
	process *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Scanner
	dir     string // of files that are passed
}

// request is a line to the runtime.
type request struct {
	Op    string `json:"op"`
	File  string `json:"file,omitempty"`
	Input string `json:"input,omitempty"`
	Name  string `json:"name,omitempty"`
	Type  string `json:"type,omitempty"`
	Dims  []int  `json:"dims,omitempty"`
}

// command returns the command that starts the runtime, from folder or with python.
func (r installed) command(folder, python string) (*exec.Cmd, error) {
	if r.pack == "" {
		if err := exec.Command(python, "-c", "import cv2").Run(); err != nil {
			return nil, fault.New(codeNoRuntime, "install it (Debian: sudo apt-get install python3-opencv)", "there is no %s for %s", r.title, python)
		}
		return exec.Command(python, "-c", r.script), nil
	}
	folder, err := filepath.Abs(folder)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(folder, "node_modules", r.pack)); err != nil {
		return nil, fault.New(codeNoRuntime, "run make peers in the root folder of the repository", "there is no %s in %s", r.pack, folder)
	}
	if _, err := exec.LookPath("node"); err != nil {
		return nil, fault.New(codeNoRuntime, "install Node 18 or later", "there is no program node to run %s in", r.pack)
	}
	return exec.Command("node", "--input-type=module", "-e", r.script, folder, r.pack), nil
}

// start starts a runtime; dir is for files that it reads.
func (r installed) start(folder, python, dir string, stderr io.Writer) (*peer, error) {
	command, err := r.command(folder, python)
	if err != nil {
		return nil, err
	}
	p := &peer{installed: r, process: command, dir: dir}
	p.process.Stderr = stderr
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

// ask sends a line and reads the answer into reply.
func (p *peer) ask(q request, reply any) error {
	line, err := json.Marshal(q)
	if err != nil {
		return err
	}
	if _, err := p.in.Write(append(line, '\n')); err != nil || !p.out.Scan() {
		err = cmp.Or(err, p.out.Err(), errors.New("it ended"))
		return fault.New(codeNoRuntime, "what it said stands above", "%s does not answer to %s: %v", p.title, q.Op, err)
	}
	var failed struct{ Error string }
	if err := json.Unmarshal(p.out.Bytes(), &failed); err != nil {
		return err
	}
	if failed.Error != "" {
		return fault.New(codeNoRuntime, "", "%s cannot %s: %s", p.title, q.Op, failed.Error)
	}
	return json.Unmarshal(p.out.Bytes(), reply)
}

// load opens an ONNX file and returns the version of the runtime.
func (p *peer) load(file string) (version string, err error) {
	var reply struct{ Version string }
	err = p.ask(request{Op: "load", File: file}, &reply)
	return reply.Version, err
}

// run returns the logits for values with those dimensions, uint8 or float32.
func (p *peer) run(name, kind string, values []float32, dims []int) ([]float32, error) {
	raw := make([]byte, 0, 4*len(values))
	for _, v := range values {
		if kind == "uint8" {
			raw = append(raw, uint8(v))
		} else {
			raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
		}
	}
	input := filepath.Join(p.dir, "input")
	if err := os.WriteFile(input, raw, 0o600); err != nil {
		return nil, err
	}
	var reply struct{ Logits []float32 }
	err := p.ask(request{Op: "run", Input: input, Name: name, Type: kind, Dims: dims}, &reply)
	return reply.Logits, err
}

// stop ends the process by closing its input.
func (p *peer) stop() error { return errors.Join(p.in.Close(), p.process.Wait()) }

// checkerScript runs ONNX's checker on a file: the rules of the format and, with full_check, the inferred shapes.
const checkerScript = `
import sys, onnx
onnx.checker.check_model(sys.argv[1], full_check=True)
print(onnx.__version__)`

// checker returns the version of the ONNX checker that has accepted the file, or "" where python does not have it.
func checker(python, file string) (version string, err error) {
	if exec.Command(python, "-c", "import onnx").Run() != nil {
		return "", nil
	}
	out, err := exec.Command(python, "-c", checkerScript, file).CombinedOutput()
	said := strings.TrimSpace(string(out))
	if err != nil {
		lines := strings.Split(said, "\n")
		return "", fault.New("onnx_checker", "look at core/onnx", "the ONNX checker refuses the graph: %s", lines[len(lines)-1])
	}
	return said, nil
}
