package main

import (
	"encoding/json"
	"path"
	"regexp"
	"slices"

	"bignas/core/fault"
)

var (
	remarks     = regexp.MustCompile(`(?m)^[ \t]*(?://.*|/\*\*[^*]*(?:\*[^*/][^*]*)*\*+/)\n`)
	indentation = regexp.MustCompile(`(?m)^[ \t]+`)
	trailing    = regexp.MustCompile("(?m)([;{}(),\\]]) // [^'\"`\n]*$")
	imports     = regexp.MustCompile(`(?m)^import (?:[^'\n]* from )?'(\.\.?/[a-z_./]+\.js)';`)
	entry       = regexp.MustCompile(`<script type="module" src="site/main\.js"></script>\n(?:<link rel="modulepreload" href="site/[a-z/]+\.js">\n)*`)
)

// rooms are the folders of site whose modules and styles make the page, in the order in
// which one may import another: what they share, the engine's worker and its end in the
// page, what explores a child, what teaches other classes, the story of why it works, the
// sections below and, apart from them, the network view. What starts all of it is beside them.
var rooms = []string{"shared", "worker", "explore", "teach", "story", "sections", "inside"}

// starter takes the place of entry. It is small, and nothing else starts before it.
const starter = `<script async fetchpriority="high" src="site/start.js"></script>` + "\n"

// strip takes the comments out of a module, more than a third of what is sent, and the
// indentation: those that stand on lines of their own, and those at the end of a line that
// have no quotes, which might be of a text with two slashes. Nothing else changes.
func strip(module []byte) []byte {
	return indentation.ReplaceAll(trailing.ReplaceAll(remarks.ReplaceAll(module, nil), []byte("$1")), nil)
}

// start is site/start.js with what it needs to know: the modules that main.js
// imports, the styles of html that inline puts into the page, and the engine.
func start(html []byte, page folder, engine string) ([]byte, error) {
	if !entry.Match(html) {
		return nil, fault.New("bad_page", "", "index.html does not load site/main.js")
	}
	needed := []string{"main.js"}
	for i := 0; i < len(needed); i++ {
		for _, m := range imports.FindAllSubmatch(page["site/"+needed[i]], -1) {
			if name := path.Join(path.Dir(needed[i]), string(m[1])); !slices.Contains(needed, name) {
				needed = append(needed, name)
			}
		}
	}
	var styles []string
	for _, m := range sheet.FindAllSubmatch(sheets.Find(html), -1) {
		styles = append(styles, path.Base(string(m[1])))
	}
	known, err := json.Marshal(map[string]any{"modules": needed[1:], "sheets": styles, "engine": engine})
	return slices.Concat([]byte("self.start = "), known, []byte(";\n"), page["site/start.js"]), err
}
