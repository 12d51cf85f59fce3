// Package house has the rules of this repository as tests: which packages may import which, that packages and exported
// names are documented, and that the commands in the documents exist. It has no other code.
package house
