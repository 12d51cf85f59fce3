package main

import (
	"bytes"
	"regexp"
	"slices"
)

var (
	remarks  = regexp.MustCompile(`(?m)^[ \t]*(?://.*|/\*\*[^*]*(?:\*[^*/][^*]*)*\*+/)\n`)
	imports  = regexp.MustCompile(`(?m)^import (?:[^'\n]* from )?'\./([a-z_]+\.js)';`)
	preloads = regexp.MustCompile(`(?:<link rel="modulepreload" href="site/[a-z]+\.js">\n)+`)
)

// strip takes the comments out of a module that stand on lines of their own: a
// third of what is sent. Nothing else changes.
func strip(module []byte) []byte { return remarks.ReplaceAll(module, nil) }

// preload lets the page ask for all modules that main.js needs at once, instead of
// one after another as they are found.
func preload(html []byte, page folder) []byte {
	needed := []string{"main.js"}
	for i := 0; i < len(needed); i++ {
		for _, m := range imports.FindAllSubmatch(page["site/"+needed[i]], -1) {
			if name := string(m[1]); !slices.Contains(needed, name) {
				needed = append(needed, name)
			}
		}
	}
	var links bytes.Buffer
	for _, name := range needed[1:] {
		links.WriteString(`<link rel="modulepreload" href="site/` + name + "\">\n")
	}
	return preloads.ReplaceAllLiteral(html, links.Bytes())
}
