package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// note adds what a run left out to the notes.
func note(skips []skip) error {
	if err := os.MkdirAll(filepath.Dir(notes), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(notes, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(f)
	for _, s := range skips {
		if err = encoder.Encode(s); err != nil {
			break
		}
	}
	return errors.Join(err, f.Close())
}

// leftOut says what the runs since --begin left out, a line for each reason.
func leftOut(w io.Writer) error {
	data, err := os.ReadFile(notes)
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	if err != nil {
		return err
	}
	var reasons []string
	tests := map[string][]string{} // by reason
	for d := json.NewDecoder(bytes.NewReader(data)); ; {
		var s skip
		if err := d.Decode(&s); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return fmt.Errorf("%s: %w", notes, err)
		}
		name := strings.TrimPrefix(s.Package, "bignas/") + " " + s.Test
		if _, seen := tests[s.Reason]; !seen {
			reasons = append(reasons, s.Reason)
		}
		if !slices.Contains(tests[s.Reason], name) {
			tests[s.Reason] = append(tests[s.Reason], name)
		}
	}
	if len(reasons) == 0 {
		fmt.Fprintln(w, "no test was left out")
	}
	for _, r := range reasons {
		fmt.Fprintf(w, "left out: %s: %s\n", strings.Join(tests[r], ", "), r)
	}
	return nil
}
