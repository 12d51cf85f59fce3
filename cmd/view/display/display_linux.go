//go:build view

package display

import (
	"fmt"
	"os"
)

func init() {
	if os.Getenv("DISPLAY") == "" {
		fmt.Fprintln(os.Stderr, "view: there is no screen: the variable DISPLAY is empty\n  hint: run it on a desktop, or under xvfb-run")
		os.Exit(1)
	}
}
