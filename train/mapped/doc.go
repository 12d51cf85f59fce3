// Package mapped maps files into memory, so that what is not looked at takes none.
package mapped
