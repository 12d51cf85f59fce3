// A file that the page has made, saved by the browser.

/** Saves bytes under a name. */
export function offer({ name, mime, bytes }) {
  const url = URL.createObjectURL(new Blob([bytes], { type: mime })), link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000); // the browser has begun to read it by then
}
