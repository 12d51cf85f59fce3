// Package display ends a program that is to open a window where there is no
// screen, with a sentence. It does so while packages are initialised, in the
// order of their names: before ebiten's are, which would panic.
package display
