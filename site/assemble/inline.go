package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"os"
	"path/filepath"
	"regexp"

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
// that is a round trip of a third of a second. The policy allows them by their hash.
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
	return embed(html, at, "style", css, styleSource), nil
}

// embed puts text into the page in an element of its own, in place of html[at[0]:at[1]];
// the policy, which has source, allows it by its hash.
func embed(html []byte, at []int, tag string, text []byte, source string) []byte {
	out := append(bytes.Clone(html[:at[0]]), "<"+tag+">"...)
	out = append(append(append(out, text...), "</"+tag+">\n"...), html[at[1]:]...)
	return bytes.Replace(out, []byte(source), []byte(source+" '"+integrity(text)+"'"), 1)
}

// integrity is the digest of a file as browsers compare it, "sha256-" and base64.
func integrity(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
