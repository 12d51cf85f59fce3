package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"bignas/core/fault"
)

var (
	// sheets are the styles that the first paint waits for; one with a medium loads later.
	sheets   = regexp.MustCompile(`(?:<link rel="stylesheet" href="site/[a-z]+\.css">\n)+`)
	sheet    = regexp.MustCompile(`href="(site/[a-z]+\.css)"`)
	comments = regexp.MustCompile(`(?s)/\*.*?\*/`)
	indents  = regexp.MustCompile(`\n\s*`)
)

const styleSource = "style-src 'self'"

// inline puts the styles that the first paint waits for into the page: on a phone
// that is a round trip of a third of a second. The policy allows them by their hash;
// where a host sends a stricter one, site/start.js loads them as files.
func (b *builder) inline(html []byte) ([]byte, error) {
	at := sheets.FindIndex(html)
	if at == nil || !bytes.Contains(html, []byte(styleSource)) {
		return nil, fault.New("bad_page", "", "index.html has no styles, or no policy with %s", styleSource)
	}
	var css []byte
	for _, m := range sheet.FindAllSubmatch(html[at[0]:at[1]], -1) {
		text, err := os.ReadFile(filepath.Join(b.root, string(m[1])))
		if err != nil {
			return nil, err
		}
		css = append(css, indents.ReplaceAll(comments.ReplaceAll(text, nil), nil)...)
	}
	out := slices.Concat(html[:at[0]], []byte("<style>"), css, []byte("</style>\n"), html[at[1]:])
	return bytes.Replace(out, []byte(styleSource), []byte(styleSource+" '"+integrity(css)+"'"), 1), nil
}

// integrity is the digest of a file as browsers compare it, "sha256-" and base64.
func integrity(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
