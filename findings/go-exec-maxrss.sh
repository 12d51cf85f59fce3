#!/usr/bin/env bash
# os.ProcessState.SysUsage().(*syscall.Rusage).Maxrss of a child that os/exec has started is not the child's memory alone: it is at
# least what the parent itself has had resident. A test that measures a command that way measures itself.
#
# Why: on Linux os/exec starts a child with clone(CLONE_VFORK|CLONE_VM), so that it has the parent's memory until it calls execve, and
# there the kernel takes the high-water mark of the memory that it leaves into the child's signal_struct.maxrss (setmax_mm_hiwater_rss in
# exec_mmap, fs/exec.c), which is what wait4 reports. The child's own mark is VmHWM in its /proc/self/status, which begins anew at execve.
#
# Seen on 2026-11-29 on linux/amd64 6.18.44 with Go 1.26.8; the child does nothing but print its VmHWM:
#
#   a small parent: VmHWM 2 MB, Maxrss 2 MB
#   a parent of 300 MB more: VmHWM 2 MB, Maxrss 303 MB
#
# Exits with 0 while that is so, with 1 when it changes.
set -euo pipefail
export GOTOOLCHAIN=go1.26.8 GOFLAGS= GOWORK=off CGO_ENABLED=0
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat >main.go <<'GO'
package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// own returns the VmHWM of this process in KB.
func own() (kb int64) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		panic(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	if _, err := fmt.Sscan(rest, &kb); err != nil {
		panic(err)
	}
	return kb
}

// child returns what a child says of itself and what its parent is told, in KB.
func child() (says, told int64) {
	cmd := exec.Command("/proc/self/exe", "child")
	out, err := cmd.Output()
	if err != nil {
		panic(err)
	}
	if _, err := fmt.Sscan(string(out), &says); err != nil {
		panic(err)
	}
	return says, cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss
}

func main() {
	if len(os.Args) > 1 {
		fmt.Println(own())
		return
	}
	says, told := child()
	fmt.Printf("a small parent: VmHWM %d MB, Maxrss %d MB\n", says>>10, told>>10)
	big := make([]byte, 300<<20)
	for i := 0; i < len(big); i += 4096 {
		big[i] = 1
	}
	says2, told2 := child()
	fmt.Printf("a parent of %d MB more: VmHWM %d MB, Maxrss %d MB\n", len(big)>>20, says2>>10, told2>>10)
	if told > 100<<10 || says > 100<<10 || says2 > 100<<10 || told2 < 300<<10 {
		fmt.Println("this has changed")
		os.Exit(1)
	}
}
GO
cat >go.mod <<'MOD'
module maxrss

go 1.26
MOD
go build -o maxrss .
./maxrss
