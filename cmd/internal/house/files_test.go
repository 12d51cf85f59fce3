package house

import (
	"regexp"
	"strings"
	"testing"
)

// TestFilesAreBounded: what somebody names on a command line is read by package
// train/files, so that a pipe without a writer or a device without an end is
// refused and does not hang the command.
func TestFilesAreBounded(t *testing.T) {
	reads := regexp.MustCompile(`(?m)^.*(os\.ReadFile\(|io\.ReadAll\(stdin).*$`)
	for _, f := range sources(t) {
		if !strings.HasPrefix(f.path, "cmd/") || strings.HasPrefix(f.path, "cmd/internal/") && !strings.HasPrefix(f.path, "cmd/internal/cli/") || strings.HasSuffix(f.path, "_test.go") {
			continue
		}
		for _, line := range reads.FindAllString(string(f.text), -1) {
			if !strings.Contains(line, `"/proc/`) {
				t.Errorf("%s: read it with files.Read or cli.ReadFile: %s", f.path, strings.TrimSpace(line))
			}
		}
	}
}
