package test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// guarded serves the page as a host that sends a policy of its own with every file.
func guarded(t *testing.T, policy string) *httptest.Server {
	return tampered(t, func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Content-Security-Policy", policy)
		return false
	})
}

// documented is the header that the documents tell hosts to send.
func documented(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(site.root, "docs", "hosting.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "\nContent-Security-Policy: ")
	policy, _, _ := strings.Cut(rest, "\n")
	if !found || policy == "" {
		t.Fatal("docs/hosting.md gives no header")
	}
	return policy
}

// TestHostPolicy: the page starts, looks as it should and answers behind a host whose
// policy lets neither scripts nor styles within a document work.
func TestHostPolicy(t *testing.T) {
	t.Parallel()
	for _, policy := range []string{"script-src 'self' 'wasm-unsafe-eval'", "script-src 'self' 'wasm-unsafe-eval'; style-src 'self'", documented(t)} {
		t.Run(policy, func(t *testing.T) {
			var expect []string
			if strings.Contains(policy, "style-src") {
				expect = []string{"inline style"} // which is there for all other hosts
			}
			p := visit(t, guarded(t, policy), options{expect: expect})
			p.answered()
			if got := eval[string](p, `getComputedStyle(document.getElementById('explore')).display`); got != "grid" {
				t.Errorf("the page has no styles: its first part is laid out as %q", got)
			}
			p.near("#family", `document.querySelector("#strip li")`)
			if got := eval[string](p, `getComputedStyle(document.getElementById('start')).display`); got != "none" || p.text("notice") != "" {
				t.Errorf("it says that it needs JavaScript (%s), or %q", got, p.text("notice"))
			}
		})
	}
}

// TestPolicyWithoutWebAssembly: a host whose policy forbids WebAssembly is told what to allow.
func TestPolicyWithoutWebAssembly(t *testing.T) {
	t.Parallel()
	p := visit(t, guarded(t, "script-src 'self'"), options{expect: []string{"Security Policy", "unsafe-eval"}})
	p.wait("a notice", `document.querySelector('#notice div')`)
	if got := p.text("notice"); !strings.Contains(got, "wasm-unsafe-eval") {
		t.Errorf("the notice is %q", got)
	}
}
