// Files of a drop, of a picker or of the clipboard, by the folder that they are in.

const hidden = name => name.startsWith('.');

// entries reads a folder, which browsers give a hundred entries at a time.
async function entries(folder) {
  const reader = folder.createReader(), all = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return all;
    all.push(...some);
  }
}

async function* walk(entry, folder) {
  if (hidden(entry.name)) return;
  if (entry.isFile) {
    yield { folder, file: await new Promise((resolve, reject) => entry.file(resolve, reject)) };
    return;
  }
  const inside = await entries(entry);
  inside.sort((a, b) => a.name < b.name ? -1 : 1);
  for (const e of inside) yield* walk(e, entry.name);
}

/** The files of a drop: [{folder, file}]; folder is the name of the innermost folder, empty for a file by itself. */
export async function dropped(transfer) {
  const items = [...transfer.items].filter(i => i.kind === 'file'), loose = [...transfer.files].map(file => ({ folder: '', file }));
  const roots = items.map(i => i.webkitGetAsEntry?.()); // only now, before anything is awaited
  if (!roots.length || !roots.every(Boolean)) return loose;
  const all = [];
  for (const root of roots) for await (const found of walk(root, '')) all.push(found);
  return all;
}

/** The files of an input that takes a folder, likewise. */
export const picked = files => [...files].filter(f => !hidden(f.name)).map(file => ({ folder: file.webkitRelativePath.split('/').at(-2) ?? '', file }));
