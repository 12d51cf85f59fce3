package run

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"bignas/train/config"
	"bignas/train/dataset"
)

// killOut names the folder of a run in a process that is there to be killed.
const killOut = "BIGNAS_KILL_OUT"

const killRecipe = `
space = "nette"
seed = 3
side = 24
train_images = 9
epochs = 5
batch = 4
micro_batch = 2
lr = 0.02
optimiser = "rmsprop"
ema = 0.9
warmup_epochs = 1.0
dropout = 0.1
random_children = 1
calibration_images = 4
eval_every = 2
[[phase]]
until = 5
resolution = 96
`

var drawn = sync.OnceValues(func() (*dataset.Dataset, error) {
	return dataset.Open(dataset.Shapes, dataset.Options{Side: 24, Seed: 3})
})

// drawnRun is a small run on the drawn shapes.
func drawnRun(t *testing.T, out string) *Run {
	t.Helper()
	c, err := config.Parse(killRecipe, "kill")
	if err != nil {
		t.Fatal(err)
	}
	data, err := drawn()
	if err != nil {
		t.Fatal(err)
	}
	_, err = os.Stat(filepath.Join(out, checkpointName))
	s, err := New(c, data, out, err == nil)
	if err != nil {
		t.Fatal(err)
	}
	s.Val = s.Val.Limit(10)
	return s
}

// TestVictim trains until TestKilled kills it; by itself it does nothing.
func TestVictim(t *testing.T) {
	out := os.Getenv(killOut)
	if out == "" {
		t.Skip("there is nobody to kill it")
	}
	s := drawnRun(t, out)
	s.OnStep = func(p Position) { fmt.Fprintf(os.Stderr, "update %d\n", p.Updates) }
	if err := s.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// TestKilled: a run on the drawn shapes that is killed (kill -9) at random
// moments, five times or as often as BIGNAS_KILLS says, and resumed each time,
// ends with the same checkpoint files, byte for byte, as an undisturbed one.
func TestKilled(t *testing.T) {
	t.Parallel()
	kills := 5
	if text := os.Getenv("BIGNAS_KILLS"); text != "" {
		var err error
		if kills, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	straight, killed := filepath.Join(dir, "straight"), filepath.Join(dir, "killed")
	if err := drawnRun(t, straight).Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	seed := uint64(time.Now().UnixNano())
	r := rand.New(rand.NewPCG(seed, 1))
	t.Logf("moments from seed %d", seed)
	alive := true
	for range kills {
		// Each life brings the run on by an epoch of two updates at most, and on
		// average by less than one, so that there is something left to kill.
		most := 3
		if kills > 5 {
			most = 2
		}
		if alive = victim(t, killed, 1+r.IntN(most), time.Duration(r.IntN(60))*time.Millisecond); !alive {
			break // it came to its end
		}
	}
	if alive {
		victim(t, killed, 0, 0)
	}
	for _, name := range []string{checkpointName, bestName} {
		want, err := os.ReadFile(filepath.Join(straight, name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(killed, name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s differs from that of the undisturbed run", name)
		}
	}
	if files, _ := os.ReadDir(killed); len(files) != 2 {
		t.Errorf("left in the folder: %v", files)
	}
}

// victim runs a process that is killed the given time after so many updates (0:
// never) and tells whether it had to be.
func victim(t *testing.T, out string, updates int, then time.Duration) (killed bool) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestVictim$")
	cmd.Env = append(os.Environ(), killOut+"="+out)
	progress, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := 0
	for lines := bufio.NewScanner(progress); lines.Scan(); {
		if done++; done == updates {
			time.Sleep(then)
			_ = cmd.Process.Kill() // it may have come to its end
			killed = true
			t.Logf("killed %v after %q", then, lines.Text())
		}
	}
	if err := cmd.Wait(); err != nil && !killed {
		t.Fatal(err)
	} else if err == nil {
		killed = false
	}
	return killed
}
