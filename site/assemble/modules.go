package main

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"bignas/core/fault"
)

var (
	remarks = regexp.MustCompile(`(?m)^[ \t]*(?://.*|/\*\*[^*]*(?:\*[^*/][^*]*)*\*+/)\n`)
	imports = regexp.MustCompile(`(?m)^import (?:[^'\n]* from )?'\./([a-z_]+\.js)';`)
	entry   = regexp.MustCompile(`<script type="module" src="site/main\.js"></script>\n(?:<link rel="modulepreload" href="site/[a-z]+\.js">\n)*`)
)

const scriptSource = "script-src 'self'"

// strip takes the comments out of a module that stand on lines of their own: a
// third of what is sent. Nothing else changes.
func strip(module []byte) []byte { return remarks.ReplaceAll(module, nil) }

// start lets the page ask for all modules that main.js needs at once, instead of
// one after another as they are found, and after the first paint: on a slow line
// they would come between a reader and the words and the picture, which need none
// of them. A page in the background is never painted and does not wait. They are
// asked for a few at a time, because that is work for a phone. at is where
// the modules lie; the policy allows the script by its hash.
func start(html []byte, page folder, at string) ([]byte, error) {
	place := entry.FindIndex(html)
	if place == nil || !bytes.Contains(html, []byte(scriptSource)) {
		return nil, fault.New("bad_page", "", "index.html does not load site/main.js, or has no policy with %s", scriptSource)
	}
	needed := []string{"main.js"}
	for i := 0; i < len(needed); i++ {
		for _, m := range imports.FindAllSubmatch(page["site/"+needed[i]], -1) {
			if name := string(m[1]); !slices.Contains(needed, name) {
				needed = append(needed, name)
			}
		}
	}
	script := `{const all='` + strings.Join(needed[1:], " ") + `'.split(' '),` +
		`add=(tag,is)=>document.head.append(Object.assign(document.createElement(tag),is)),` +
		`go=()=>{for(const m of all.splice(0,3))add('link',{rel:'modulepreload',href:'` + at + `'+m});` +
		`all.length?setTimeout(go):add('script',{type:'module',src:'` + at + `main.js'})};document.hidden?go():requestAnimationFrame(()=>setTimeout(go))}`
	return embed(html, place, "script", []byte(script), scriptSource), nil
}
