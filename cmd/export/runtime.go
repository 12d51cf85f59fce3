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
var script string

// codeNoRuntime is the code of the errors of other people's programs.
const codeNoRuntime = "no_runtime"

// runtimes are the packages that make peers installs, by the names of --runtime.
var runtimes = map[string]string{"node": "onnxruntime-node", "web": "onnxruntime-web"}

// onnxruntime is one of them in a process of its own.
type onnxruntime struct {
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

// startRuntime starts a package out of folder; dir is for files that it reads.
func startRuntime(folder, pack, dir string, stderr io.Writer) (*onnxruntime, error) {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(folder, "node_modules", pack)); err != nil {
		return nil, fault.New(codeNoRuntime, "run make peers in the root folder of the repository", "there is no %s in %s", pack, folder)
	}
	if _, err := exec.LookPath("node"); err != nil {
		return nil, fault.New(codeNoRuntime, "install Node 18 or later", "there is no program node to run %s in", pack)
	}
	r := &onnxruntime{process: exec.Command("node", "--input-type=module", "-e", script, folder, pack), dir: dir}
	r.process.Stderr = stderr
	if r.in, err = r.process.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := r.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	r.out = bufio.NewScanner(out)
	r.out.Buffer(nil, 1<<24)
	return r, r.process.Start()
}

// ask sends a line and reads the answer into reply.
func (r *onnxruntime) ask(q request, reply any) error {
	line, err := json.Marshal(q)
	if err != nil {
		return err
	}
	if _, err := r.in.Write(append(line, '\n')); err != nil || !r.out.Scan() {
		err = cmp.Or(err, r.out.Err(), errors.New("it ended"))
		return fault.New(codeNoRuntime, "what it said stands above", "onnxruntime does not answer to %s: %v", q.Op, err)
	}
	var failed struct{ Error string }
	if err := json.Unmarshal(r.out.Bytes(), &failed); err != nil {
		return err
	}
	if failed.Error != "" {
		return fault.New(codeNoRuntime, "", "onnxruntime cannot %s: %s", q.Op, failed.Error)
	}
	return json.Unmarshal(r.out.Bytes(), reply)
}

// load opens an ONNX file and returns the version of the runtime.
func (r *onnxruntime) load(file string) (version string, err error) {
	var reply struct{ Version string }
	err = r.ask(request{Op: "load", File: file}, &reply)
	return reply.Version, err
}

// run gives the logits of values with those dimensions: uint8 or float32.
func (r *onnxruntime) run(name, kind string, values []float32, dims []int) ([]float32, error) {
	raw := make([]byte, 0, 4*len(values))
	for _, v := range values {
		if kind == "uint8" {
			raw = append(raw, uint8(v))
		} else {
			raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
		}
	}
	input := filepath.Join(r.dir, "input")
	if err := os.WriteFile(input, raw, 0o600); err != nil {
		return nil, err
	}
	var reply struct{ Logits []float32 }
	err := r.ask(request{Op: "run", Input: input, Name: name, Type: kind, Dims: dims}, &reply)
	return reply.Logits, err
}

// stop ends the process: it does when there are no more lines.
func (r *onnxruntime) stop() error { return errors.Join(r.in.Close(), r.process.Wait()) }

// checkerScript is what ONNX itself says about a file: every rule of the format
// and, with full_check, the shapes of everything in between.
const checkerScript = `
import sys, onnx
onnx.checker.check_model(sys.argv[1], full_check=True)
print(onnx.__version__)`

// checker returns the version of the ONNX checker that has accepted the file, or
// "" where python has none.
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
