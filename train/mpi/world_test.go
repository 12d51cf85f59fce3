//go:build linux && (amd64 || arm64)

package mpi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// asRank is set in the processes that a test starts with a launcher.
const asRank = "BIGNAS_MPI_RANK"

// launchers are the commands of Open MPI and MPICH, as Debian and as others call them, and
// what the text of their version has.
var launchers = []struct{ name, says string }{
	{"mpirun.openmpi", "Open MPI"}, {"mpirun.mpich", "HYDRA"}, {"mpirun", "Open MPI"}, {"mpirun", "HYDRA"}, {"mpiexec.hydra", "HYDRA"},
}

// launch runs a test of this program in so many processes, by a launcher that says says of
// itself. It returns what they have printed.
func launch(t *testing.T, says string, ranks int, test string, env ...string) (string, error) {
	t.Helper()
	for _, l := range launchers {
		path, err := exec.LookPath(l.name)
		if err != nil || l.says != says {
			continue
		}
		if version, _ := exec.Command(path, "--version").CombinedOutput(); !strings.Contains(string(version), says) {
			continue
		}
		args := []string{"-n", fmt.Sprint(ranks)}
		if says == "Open MPI" {
			args = append(args, "--oversubscribe", "--bind-to", "none")
		}
		ctx, stop := context.WithTimeout(context.Background(), 5*time.Minute) // for what hangs
		defer stop()
		c := exec.CommandContext(ctx, path, append(args, os.Args[0], "-test.run=^"+test+"$", "-test.v")...)
		c.Env = append(append(os.Environ(), asRank+"=1", "OMPI_ALLOW_RUN_AS_ROOT=1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1"), env...)
		var out bytes.Buffer
		c.Stdout, c.Stderr = &out, &out
		err = c.Run()
		return out.String(), err
	}
	t.Skipf("no launcher of %s is installed (Debian: openmpi-bin, mpich)", map[string]string{"Open MPI": "Open MPI", "HYDRA": "MPICH"}[says])
	return "", nil
}

// TestRank is what a process does that TestWorld starts; by itself it does nothing.
func TestRank(t *testing.T) {
	if os.Getenv(asRank) == "" {
		t.Skip("it is a process of TestWorld")
	}
	w, err := Join()
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	// Several sums at once, big ones and small ones, of which some wait while others do not.
	big := [][]float32{make([]float32, 3<<20), make([]float32, 5), nil, make([]float32, 1<<20)}
	var waits []func(context.Context) error
	for k, x := range big {
		for i := range x {
			x[i] = float32((w.Rank() + 1) * (i%100 + k))
		}
		waits = append(waits, w.StartSum(x))
		small := []float64{float64(w.Rank()), 0.5}
		if err := w.Sum(ctx, small); err != nil {
			t.Fatal(err)
		}
		if want := float64(w.Size()*(w.Size()-1)) / 2; small[0] != want || small[1] != 0.5*float64(w.Size()) {
			t.Errorf("rank %d: sums %v", w.Rank(), small)
		}
	}
	for _, wait := range waits {
		if err := wait(ctx); err != nil {
			t.Fatal(err)
		}
	}
	all := float32(w.Size() * (w.Size() + 1) / 2)
	for k, x := range big {
		for i := range x {
			if want := all * float32(i%100+k); x[i] != want {
				t.Fatalf("rank %d: sum %d has %v at %d, want %v", w.Rank(), k, x[i], i, want)
			}
		}
	}
	text := []byte("from rank 0")
	if w.Rank() > 0 {
		text = make([]byte, len(text))
	}
	if err := w.Broadcast(ctx, text); err != nil || string(text) != "from rank 0" {
		t.Errorf("rank %d: %q, %v", w.Rank(), text, err)
	}
	if os.Getenv("BIGNAS_MPI_DIES") != "" && w.Rank() == 1 {
		w.Abort(7)
	}
	if os.Getenv("BIGNAS_MPI_DIES") != "" { // a sum that never ends can be given up
		short, stop := context.WithTimeout(ctx, 100*time.Millisecond)
		defer stop()
		if err := w.Sum(short, []float64{1}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a sum without rank 1: %v", err)
		}
		select {} // until Abort
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	fmt.Printf("rank %d of %d with %s\n", w.Rank(), w.Size(), w.Name())
}

// TestWorld: sums and broadcasts over processes, by each MPI that is installed, whichever
// libraries there are besides.
func TestWorld(t *testing.T) {
	for _, says := range []string{"Open MPI", "HYDRA"} {
		t.Run(says, func(t *testing.T) {
			const ranks = 3
			out, err := launch(t, says, ranks, "TestRank")
			for rank := range ranks {
				if line := fmt.Sprintf("rank %d of %d with libmpi", rank, ranks); err != nil || !strings.Contains(out, line) {
					t.Fatalf("%v; want %q in\n%s", err, line, out)
				}
			}
		})
	}
}

// TestStandard: the binary interface of the MPI 5.0 standard, for which no library was at hand:
// one that is built here keeps its handles and constants, and calls MPICH.
func TestStandard(t *testing.T) {
	const ranks = 2
	cc, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("no C compiler, which builds a library with the interface of MPI 5.0")
	}
	if _, err := load("libmpich.so.12"); err != nil {
		t.Skip("libmpich.so.12 is not installed (Debian: mpich)")
	}
	library := filepath.Join(t.TempDir(), "libmpi_abi.so.0")
	if text, err := exec.Command(cc, "-shared", "-fPIC", "-o", library, filepath.Join("testdata", "standard.c"), "-ldl").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	out, err := launch(t, "HYDRA", ranks, "TestRank", Library+"="+library)
	for rank := range ranks {
		if line := fmt.Sprintf("rank %d of %d with %s", rank, ranks, library); err != nil || !strings.Contains(out, line) {
			t.Fatalf("%v; want %q in\n%s", err, line, out)
		}
	}
}

// TestAbort: one process ends all of them.
func TestAbort(t *testing.T) {
	for _, says := range []string{"Open MPI", "HYDRA"} {
		t.Run(says, func(t *testing.T) {
			if out, err := launch(t, says, 2, "TestRank", "BIGNAS_MPI_DIES=1"); err == nil || strings.Contains(out, "context deadline exceeded") {
				t.Errorf("%v:\n%s", err, out)
			}
		})
	}
}

// TestForeign: another MPI's library, which takes each process for the only one, is refused.
func TestForeign(t *testing.T) {
	for _, c := range []struct{ says, library string }{{"Open MPI", "libmpich.so.12"}, {"HYDRA", "libmpi.so.40"}, {"Open MPI", "libmpi_abi.so.99"}} {
		t.Run(c.says, func(t *testing.T) {
			_, missing := load(c.library)
			want := "the library does not belong to the launcher"
			if strings.Contains(c.library, "99") {
				want = "has started 2 processes, and no MPI library can be loaded"
			} else if missing != nil {
				t.Skipf("%s is not installed", c.library)
			}
			if out, err := launch(t, c.says, 2, "TestRank", Library+"="+c.library); err == nil || !strings.Contains(out, want) {
				t.Errorf("%v; want %q in\n%s", err, want, out)
			}
		})
	}
}
