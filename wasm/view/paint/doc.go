// Package paint draws a scene with ebiten. It is built for the browser and, with
// the tag "view", natively: ebiten needs a C compiler and the headers of X there,
// which nothing else of this repository does.
package paint
