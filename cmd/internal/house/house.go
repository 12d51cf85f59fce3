// Package house holds the rules of this repository as tests: which package may
// import which, what every package and exported name must say about itself, and
// that the commands in the README exist. It has no code of its own to use.
package house
