package estimate

import (
	"strings"
	"testing"

	"bignas/train/config"
)

// TestTooBig: the error of a run that does not fit names the micro-batch that would.
func TestTooBig(t *testing.T) {
	c, err := config.Load("nette")
	if err != nil {
		t.Fatal(err)
	}
	c.Batch = 1024
	need := MemoryOf(c, 10).Total()
	if err := tooBig(c, 10, need, need/3); !strings.Contains(err.Error(), "micro_batch = 256 would fit") {
		t.Errorf("too big: %v", err)
	}
}
