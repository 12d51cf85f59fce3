package test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"github.com/chromedp/chromedp"
)

// axeSource is the accessibility checker, installed once with npm at the version
// that package.json pins.
var axeSource = sync.OnceValues(func() (string, error) {
	file := filepath.Join("node_modules", "axe-core", "axe.min.js")
	if _, err := os.Stat(file); err != nil {
		if out, err := exec.Command("npm", "ci", "--no-audit", "--no-fund").CombinedOutput(); err != nil {
			return "", &exec.Error{Name: "npm ci: " + string(out), Err: err}
		}
	}
	text, err := os.ReadFile(file)
	return string(text), err
})

// axe fails the test for every violation that axe-core finds in the page as it is now.
func (p *tab) axe() {
	p.t.Helper()
	source, err := axeSource()
	if err != nil {
		p.t.Fatalf("axe-core: %v", err)
	}
	p.do(chromedp.Evaluate(source, nil))
	found := eval[[]string](p, `axe.run(document, { resultTypes: ['violations'] }).then(r => r.violations.map(v =>
		v.id + ': ' + v.help + ' at ' + v.nodes.map(n => n.target.join(' ') + ' (' + n.any.concat(n.all, n.none).map(c => c.message).join('; ') + ')').join(', ')))`)
	if len(found) > 0 {
		p.t.Errorf("axe: %s", strings.Join(found, "\n"))
	}
}
