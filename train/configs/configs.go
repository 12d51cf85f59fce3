// Package configs holds the training configurations that come with the program.
package configs

import "embed"

// Files are the TOML files of this folder.
//
//go:embed *.toml
var Files embed.FS
