// Command randomweights writes a weights file with seeded random numbers in it,
// for tests and for working on the page before a training run has finished. Its
// answers are arbitrary but they depend on the picture and on the child:
//
//	go run ./site/test/randomweights --out build/random/random.safetensors
//
// The file says that it is random in its metadata.
package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
)

func main() {
	out := flag.String("out", "build/random/random.safetensors", "file to write")
	space := flag.String("space", "nette", "search space")
	seed := flag.Uint64("seed", 1, "seed of the random numbers")
	flag.Parse()
	if err := write(*out, *space, *seed); err != nil {
		fmt.Fprintln(os.Stderr, "randomweights:", err)
		os.Exit(1)
	}
}

func write(out, space string, seed uint64) error {
	data, err := Random(space, rand.New(rand.NewPCG(seed, 0)))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return err
	}
	return os.WriteFile(out, data, 0o644)
}
