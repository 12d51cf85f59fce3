//go:build unix

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// rankArgs has the arguments of train in a process that a test starts with a launcher.
const rankArgs = "BIGNAS_TRAIN_ARGS"

// TestRankOfTrain is train in such a process; by itself it does nothing.
func TestRankOfTrain(t *testing.T) {
	args := os.Getenv(rankArgs)
	if args == "" {
		t.Skip("it is a process of TestRanks and TestRanksKilled")
	}
	fmt.Fprintf(os.Stderr, "pid %d\n", os.Getpid())
	os.Exit(command(strings.Split(args, "\n"), os.Stdin, os.Stdout, os.Stderr))
}

// ranks is train under a launcher.
type ranks struct {
	cmd   *exec.Cmd
	ended chan error

	mu    sync.Mutex
	text  bytes.Buffer
	pids  []int
	begun bool // the run has
	news  chan struct{}
}

// start starts train in two processes, by Open MPI's launcher or MPICH's.
func startRanks(t *testing.T, args ...string) *ranks {
	t.Helper()
	launcher, flags := "", []string{"-n", "2"}
	for _, name := range []string{"mpirun.openmpi", "mpirun", "mpiexec"} {
		if path, err := exec.LookPath(name); err == nil {
			launcher = path
			break
		}
	}
	if launcher == "" {
		t.Skip("no mpirun is installed (Debian: openmpi-bin)")
	}
	if says, _ := exec.Command(launcher, "--version").CombinedOutput(); bytes.Contains(says, []byte("Open MPI")) || bytes.Contains(says, []byte("OpenRTE")) { // as mpirun.openmpi it calls itself that
		flags = append(flags, "--oversubscribe", "--bind-to", "none")
	}
	r := &ranks{cmd: exec.Command(launcher, append(flags, os.Args[0], "-test.run=^TestRankOfTrain$")...), ended: make(chan error, 1), news: make(chan struct{}, 1)}
	r.cmd.Env = append(os.Environ(), rankArgs+"="+strings.Join(args, "\n"), "OMPI_ALLOW_RUN_AS_ROOT=1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1")
	from, to := io.Pipe()
	r.cmd.Stdout, r.cmd.Stderr = to, to
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		for lines := bufio.NewScanner(from); lines.Scan(); {
			r.line(lines.Text())
		}
	}()
	go func() { r.ended <- r.cmd.Wait(); to.Close() }()
	return r
}

func (r *ranks) line(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintln(&r.text, text)
	if pid, ok := strings.CutPrefix(text, "pid "); ok {
		if n, err := strconv.Atoi(pid); err == nil {
			r.pids = append(r.pids, n)
		}
	}
	r.begun = r.begun || strings.Contains(text, "share each batch")
	select {
	case r.news <- struct{}{}:
	default:
	}
}

// said returns what has been printed.
func (r *ranks) said() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

// wait waits until ready holds, and reports false where the processes end before that.
func (r *ranks) wait(ready func() bool) bool {
	for {
		r.mu.Lock()
		ok := ready()
		r.mu.Unlock()
		if ok {
			return true
		}
		select {
		case <-r.news:
		case err := <-r.ended:
			r.ended <- err
			return false
		}
	}
}

// end returns how the launcher ended, after all ranks have.
func (r *ranks) end(t *testing.T) error {
	t.Helper()
	err := <-r.ended
	for _, pid := range r.pids {
		for began := time.Now(); syscall.Kill(pid, 0) == nil; time.Sleep(50 * time.Millisecond) {
			if time.Since(began) > 5*time.Minute { // hangs
				t.Fatalf("a rank outlives the launcher:\n%s", r.said())
			}
		}
	}
	return err
}

const ranksRecipe = `
space = "nette"
side = 32
val_fraction = 0.3
epochs = 4
batch = 4
lr = 0.01
warmup_epochs = 0.0
dropout = 0.1
random_children = 1
calibration_images = 4
eval_every = 2
[[phase]]
until = 4
resolution = 96
`

func ranksConfig(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ranks.toml")
	if err := os.WriteFile(file, []byte(ranksRecipe), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestRanks: what two ranks cannot do is said once, and both end.
func TestRanks(t *testing.T) {
	r := startRanks(t, "--config", ranksConfig(t), "--data", halves(t), "--out", filepath.Join(t.TempDir(), "none"), "--resume")
	if err := r.end(t); err == nil || strings.Count(r.said(), "nothing to resume") != 1 || strings.Contains(r.said(), "rank 1 of 2 on") {
		t.Errorf("%v:\n%s", err, r.said())
	}
}

// TestRanksKilled: a run of two ranks, of which one or the launcher is killed (kill -9) at
// random moments, three times or as often as BIGNAS_KILLS says, and which is resumed each
// time, ends with the same checkpoint, byte for byte, as an undisturbed one.
func TestRanksKilled(t *testing.T) {
	kills := 3
	if text := os.Getenv("BIGNAS_KILLS"); text != "" {
		var err error
		if kills, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	config, data, dir := ranksConfig(t), halves(t), t.TempDir()
	straight, killed := filepath.Join(dir, "straight"), filepath.Join(dir, "killed")
	began := time.Now()
	args := []string{"--config", config, "--data", data, "--out"}
	if r := startRanks(t, append(args, straight)...); r.end(t) != nil {
		t.Fatal(r.said())
	}
	most := time.Since(began) / 3 // which a life may last
	if kills > 5 {
		most /= 4 // so that there is something left to kill
	}
	seed := uint64(began.UnixNano())
	random := rand.New(rand.NewPCG(seed, 1))
	t.Logf("moments from seed %d", seed)
	for range kills {
		r := startRanks(t, resumed(append(args, killed), killed)...)
		at := func() bool { return len(r.pids) == 2 }
		if random.IntN(4) > 0 { // in most lives, in the run itself
			at = func() bool { return r.begun }
		}
		if !r.wait(at) {
			t.Fatalf("ended by itself:\n%s", r.said())
		}
		time.Sleep(time.Duration(random.Int64N(int64(most))))
		r.mu.Lock()
		victims := append([]int{r.cmd.Process.Pid}, r.pids...)
		who := random.IntN(len(victims))
		_ = syscall.Kill(victims[who], syscall.SIGKILL) // it may have come to its end
		r.mu.Unlock()
		err := r.end(t)
		t.Logf("killed process %d of %v: %v", who, victims, err)
		if err == nil {
			break // it had come to its end
		}
		if who > 0 && r.begun && !strings.Contains(r.said(), "go on with --resume") {
			t.Errorf("no word of how to go on:\n%s", r.said())
		}
	}
	if r := startRanks(t, resumed(append(args, killed), killed)...); r.end(t) != nil {
		t.Fatal(r.said())
	}
	for _, name := range []string{"last.safetensors", "best.safetensors"} {
		want, err := os.ReadFile(filepath.Join(straight, name))
		got, err2 := os.ReadFile(filepath.Join(killed, name))
		if err := errors.Join(err, err2); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s differs from that of the undisturbed run; %v", name, err)
		}
	}
	if rows, err := os.ReadFile(filepath.Join(killed, metricsName)); err != nil || bytes.Count(rows, []byte("\n")) != 5 {
		t.Errorf("%v; metrics:\n%s", err, rows)
	}
}

// resumed adds --resume where a run has begun.
func resumed(args []string, out string) []string {
	if _, err := os.Stat(filepath.Join(out, "last.safetensors")); err == nil {
		return append(args, "--resume")
	}
	return args
}
