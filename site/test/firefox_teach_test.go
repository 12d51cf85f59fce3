package test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestTeachInFirefox: Firefox teaches classes too, shows their answers and goes back.
func TestTeachInFirefox(t *testing.T) {
	t.Parallel()
	f := firefox(t, site.url)
	f.wait("an answer", answeredPage)
	f.eval(`document.getElementById('teach').scrollIntoView()`)
	f.wait("the section", `document.querySelectorAll('.card').length === 2 && document.querySelector('.lesson').checkVisibility()`)
	names := []string{"a disc", "my ring"}
	folder := drawn(t, names, 8)
	for i, name := range names {
		files, err := filepath.Glob(filepath.Join(folder, name, "*.png"))
		if err != nil || len(files) != 8 {
			t.Fatal(files, err)
		}
		data := "["
		for _, file := range files {
			image, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			data += numbers(image) + ","
		}
		f.eval(fmt.Sprintf(`(() => { const name = document.querySelectorAll('.card input')[%d], files = new DataTransfer(); name.dispatchEvent(new FocusEvent('focusin', { bubbles: true })); name.value = %q; name.dispatchEvent(new Event('input', { bubbles: true }));
			%s].forEach((bytes, i) => files.items.add(new File([new Uint8Array(bytes)], i + '.png', { type: 'image/png' })));
			const input = document.querySelector('#teach [data-is=files]'); input.files = files.files; input.dispatchEvent(new Event('change')); return true })()`, i, name, data))
		f.wait("the images of "+name, fmt.Sprintf(`document.querySelectorAll('.card')[%d].querySelectorAll('canvas').length === 8`, i))
	}
	f.eval(`document.querySelector('#teach [data-do=teach]').click()`)
	f.wait("the classifier", taught)
	t.Log(f.eval(says))
	f.wait("the own classes", `document.getElementById('knows').textContent.includes('2 classes') && document.querySelector('#answer[aria-busy=false]')`)
	if got := f.eval(`document.querySelector('#bars li span').textContent`); !slices.Contains(names, got) {
		t.Errorf("the page says %q", got)
	}
	if got := f.eval(`document.querySelectorAll('#gallery img').length`); got == "0" {
		t.Error("there is no sample of the images held back")
	}
	f.eval(`document.querySelector('#teach [data-do=back]').click()`)
	f.wait("the shipped classes", onFirst+` && document.querySelector('#answer[aria-busy=false]')`)
}
