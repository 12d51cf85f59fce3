package estimate

import (
	"bufio"
	"os"
	"strconv"
	"strings"
)

// AvailableMemory returns the memory in bytes that a program may still allocate,
// according to the system and its control group; 0 where that is not known.
func AvailableMemory() int64 {
	have := meminfo("/proc/meminfo")
	// A container may have less than its machine. Only its limit counts: its usage
	// includes cached files, which can be dropped.
	if text, err := os.ReadFile("/sys/fs/cgroup/memory.max"); err == nil {
		if limit, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil && have > 0 {
			have = min(have, limit)
		}
	}
	return have
}

func meminfo(path string) int64 {
	f, err := os.Open(path)
	if err != nil {
		return 0
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) == 3 && fields[0] == "MemAvailable:" {
			kib, err := strconv.ParseInt(fields[1], 10, 64)
			if err != nil {
				return 0
			}
			return kib << 10
		}
	}
	return 0
}
