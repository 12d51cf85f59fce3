//go:build !view

package main

import "bignas/core/fault"

// show says how to get the window.
func show(*desk) error {
	return fault.New("no_window", "run it with go run -tags view ./cmd/view; on Debian first apt-get install gcc libgl1-mesa-dev xorg-dev",
		"this program was built without its window")
}
