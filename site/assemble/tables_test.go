package main

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// tables are those of n functions, as the linker writes them.
func tables(n int) []byte {
	const tab, first = 80, 4096
	out := append(bytes.Clone(tablesMagic), make([]byte, tab-len(tablesMagic))...)
	binary.LittleEndian.PutUint64(out[functionsAt:], uint64(n))
	binary.LittleEndian.PutUint64(out[tabAt:], tab)
	put := func(v ...int) {
		for _, x := range v {
			out = binary.LittleEndian.AppendUint32(out, uint32(x))
		}
	}
	for k := range n {
		put(first+k, n*entryLen+k*56)
	}
	for k := range n { // two tables for the instructions of one, none for those of the next
		put(first+k, 1, 2, 3, 4, 5, 6, 2-k%2*2, 8, 100+k, 10, 200+k, 201, 202)
	}
	for k := range n - 1 {
		for range 16 {
			put(k, 0, 0, 0, 0)
		}
	}
	put(n-1, 0)
	return out
}

// TestShareTables: of the tables only that becomes alike which the runtime does without.
func TestShareTables(t *testing.T) {
	const n, tab = 20, 80
	data := append([]byte("before"), tables(n)...)
	want := bytes.Clone(data)
	for k := range n {
		f := want[6+tab+n*entryLen+k*56:]
		binary.LittleEndian.PutUint32(f[36:], 0)
		if k%2 == 0 {
			binary.LittleEndian.PutUint32(f[44:], 0)
		}
		for j := range 16 * min(1, n-1-k) {
			binary.LittleEndian.PutUint32(want[6+tab+n*(entryLen+56)+k*320+j*20:], uint32(k/8*8))
		}
	}
	if shareTables(data); !bytes.Equal(data, want) {
		for i := range data {
			if data[i] != want[i] {
				t.Fatalf("byte %d of %d is %d, want %d", i, len(data), data[i], want[i])
			}
		}
	}
	other := map[string]func([]byte){
		"too many":      func(b []byte) { b[functionsAt+2] = 1 },
		"far away":      func(b []byte) { b[tabAt+6] = 1 },
		"not in turn":   func(b []byte) { b[tab+entryLen]++ },
		"elsewhere":     func(b []byte) { b[tab+entryLen+4]++ },
		"past the end":  func(b []byte) { b[tab+entryLen+6] = 1 },
		"another magic": func(b []byte) { b[0]-- },
	}
	for name, change := range other {
		data := tables(n)
		change(data)
		same := bytes.Clone(data)
		if shareTables(data); !bytes.Equal(data, same) {
			t.Errorf("%s: changed", name)
		}
	}
	for n := range tables(3) {
		shareTables(tables(3)[:n:n]) // reads nothing beyond its end
	}
}

// program has what a packed one could lose: where it is, what a stack holds while
// it grows and is collected, goroutines that wait, and what panics say.
const program = `package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
)

// sum adds up to depth, with a stack that grows and that a collection looks through.
func sum(depth int) int {
	here := []int{depth}
	if depth%50 == 1 {
		runtime.GC()
	}
	if depth > 0 {
		here = append(here, sum(depth-1))
	}
	n := 0
	for _, v := range here {
		n += v
	}
	return n
}

func fails(i int) (err error) {
	defer func() { err = fmt.Errorf("%v in\n%s", recover(), debug.Stack()) }()
	var none []int
	return fmt.Errorf("%v", none[i])
}

func main() {
	fmt.Println(sum(500))
	var w sync.WaitGroup
	c := make(chan int)
	for i := range 20 {
		w.Go(func() { runtime.Gosched(); c <- sum(i) })
	}
	go func() { w.Wait(); close(c) }()
	total := 0
	for n := range c {
		total += n
	}
	fmt.Println(total, strings.Split(fails(3).Error(), " +0x"))
	pc, file, line, _ := runtime.Caller(0)
	fmt.Println(runtime.FuncForPC(pc).Name(), file, line)
	fmt.Fprintln(os.Stderr, "the end")
	panic(total)
}
`

// onHeap is where a value is in memory, which differs from run to run.
var onHeap = regexp.MustCompile(`panic\(\{[^)]*\}\)`)

// TestPacked: a program of Go says the same packed, down to the traces of its panics.
func TestPacked(t *testing.T) {
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("not compared: there is no node to run WebAssembly in")
	}
	folder := t.TempDir()
	source, plain, packed := filepath.Join(folder, "main.go"), filepath.Join(folder, "plain.wasm"), filepath.Join(folder, "packed.wasm")
	if err := os.WriteFile(source, []byte(program), 0o644); err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "build", "-ldflags=-s -w", "-o", plain, source)
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	module, err := os.ReadFile(plain)
	if err != nil {
		t.Fatal(err)
	}
	small, err := pack(module)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(packed, small, 0o644); err != nil {
		t.Fatal(err)
	}
	run := func(file string) string {
		c := exec.Command("node", "--stack-size=8192", filepath.Join(runtime.GOROOT(), "lib", "wasm", "wasm_exec_node.js"), file)
		c.Env = []string{"PATH=" + os.Getenv("PATH")}
		out, err := c.CombinedOutput()
		if c.ProcessState == nil || c.ProcessState.ExitCode() != 2 {
			t.Fatalf("%v, want exit 2\n%s", err, out)
		}
		return onHeap.ReplaceAllString(string(out), "panic(...)")
	}
	want, got := run(plain), run(packed)
	if got != want {
		t.Errorf("packed it says:\n%s\nand said:\n%s", got, want)
	}
	for _, part := range []string{"125250\n", "index out of range [3]", "main.fails(", "main.go:31", "the end", "panic: ", "goroutine 1 [running]:"} {
		if !strings.Contains(got, part) {
			t.Errorf("there is no %q in:\n%s", part, got)
		}
	}
}
