// Package cli holds what the commands have in common: how arguments are read, how
// errors are shown, the exit statuses, JSON lines and the default weights file.
//
// A command is a function command(args, stdin, stdout, stderr) int, so that tests call
// it as the shell does; main is one line over it, and the work is in the Run methods of
// its grammar (Main).
package cli

import (
	"encoding/json"
	"fmt"
	"io"

	"bignas/core/fault"
)

// maxClasses is several times the classes of any data set; counts of costs stay far from
// overflowing.
const maxClasses = 1_000_000

// CheckClasses reports a value of --classes that is out of range.
func CheckClasses(n int) error {
	if n < 1 || n > maxClasses {
		return Usage("--classes is %d, allowed is 1 to %d", n, maxClasses)
	}
	return nil
}

// Fail shows err on stderr, with its hint on a line of its own.
func Fail(stderr io.Writer, name string, err error) {
	f := fault.Of(err)
	fmt.Fprintf(stderr, "%s: %s\n", name, f.Message)
	if f.Hint != "" {
		fmt.Fprintf(stderr, "  hint: %s\n", f.Hint)
	}
}

// Line writes v as JSON on one line.
func Line(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}

// Show writes v as a line of JSON, or text for people where asJSON is false.
func Show(w io.Writer, asJSON bool, v any, text string) error {
	if asJSON {
		return Line(w, v)
	}
	_, err := io.WriteString(w, text)
	return err
}
