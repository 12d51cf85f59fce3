package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// warnIfBusy warns where other programs use the processors: times on both sides are
// then too long, most of all those on all threads.
func warnIfBusy(stderr io.Writer) {
	const most = 0.1
	busy, err := busyFor(200 * time.Millisecond)
	if err == nil && busy > most {
		fmt.Fprintf(stderr, "bench: the machine is busy: other programs use %.0f %% of its processors; measure again when they have ended\n", 100*busy)
	}
}

// busyFor measures for a while which share of all processors is in use, while this
// program sleeps. It fails where there is no /proc/stat.
func busyFor(d time.Duration) (float64, error) {
	var idle, all [2]float64
	for i := range 2 {
		text, err := os.ReadFile("/proc/stat")
		if err != nil {
			return 0, err
		}
		if idle[i], all[i], err = processorTime(string(text)); err != nil {
			return 0, err
		}
		if i == 0 {
			time.Sleep(d)
		}
	}
	if all[1] == all[0] {
		return 0, nil
	}
	return 1 - (idle[1]-idle[0])/(all[1]-all[0]), nil
}

// processorTime reads the first line of /proc/stat (man 5 proc_stat): since the
// start of the machine, the idle time of all processors, waiting for disks
// included, and their whole time.
func processorTime(stat string) (idle, all float64, err error) {
	line, _, _ := strings.Cut(stat, "\n")
	fields := strings.Fields(line)
	if len(fields) < 6 || fields[0] != "cpu" {
		return 0, 0, fmt.Errorf("no line of all processors: %q", line)
	}
	for i, f := range fields[1:] {
		v, err := strconv.ParseFloat(f, 64)
		if err != nil {
			return 0, 0, err
		}
		all += v
		if i == 3 || i == 4 {
			idle += v
		}
	}
	return idle, all, nil
}
