// The page: where files come in, and what belongs to no part alone.

import { key, onKeyWanted } from "./api.js";
import { askForKey, toast } from "./dialogs.js";
import { find, show } from "./dom.js";
import { addStored, reload, startFiles } from "./files.js";
import { addFiles, hasOpenUploads, startUploads } from "./uploads.js";

// Keys

function showKeyState() {
  show(find("forget-key"), key.get() !== null);
}

onKeyWanted(async (wasRefused) => {
  const given = await askForKey(wasRefused);
  if (given === null) {
    return false;
  }
  key.set(given);
  showKeyState();
  return true;
});

find("forget-key").addEventListener("click", () => {
  key.forget();
  showKeyState();
  find("choose").focus();
  reload();
});

// Files that are chosen

for (const id of ["choose", "choose-first"]) {
  find(id).addEventListener("click", () => find("chosen").click());
}
find("chosen").addEventListener("change", () => {
  addFiles([...find("chosen").files].map((file) => ({ file, name: file.name })));
  // So that the same file can be chosen again.
  find("chosen").value = "";
});

// Files that are dropped, with what is in folders among them

const fileOf = (entry) => new Promise((resolve, reject) => entry.file(resolve, reject));
const someOf = (reader) => new Promise((resolve, reject) => reader.readEntries(resolve, reject));

async function filesBelow(entry) {
  if (entry.isFile) {
    return [{ file: await fileOf(entry), name: entry.fullPath.slice(1) }];
  }
  const reader = entry.createReader();
  const found = [];
  // It tells of a hundred at a time.
  for (let some = await someOf(reader); some.length > 0; some = await someOf(reader)) {
    for (const child of some) {
      found.push(...(await filesBelow(child)));
    }
  }
  return found;
}

async function takeDropped(transfer) {
  // The list is empty once this function has waited.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const plain = [...transfer.files].map((file) => ({ file, name: file.name }));
  try {
    addFiles(entries.length > 0 ? (await Promise.all(entries.map(filesBelow))).flat() : plain);
  } catch {
    toast("What was dropped cannot be read. Choose the files with “Upload files” instead.", { isProblem: true });
  }
}

const bringsFiles = (event) => event.dataTransfer?.types.includes("Files");
// Each element that is crossed tells of coming and going.
let depth = 0;
const showVeil = () => document.documentElement.classList.toggle("dropping", depth > 0);

addEventListener("dragenter", (event) => {
  if (bringsFiles(event)) {
    event.preventDefault();
    depth += 1;
    showVeil();
  }
});
addEventListener("dragleave", (event) => {
  if (bringsFiles(event)) {
    depth = Math.max(0, depth - 1);
    showVeil();
  }
});
addEventListener("dragover", (event) => {
  if (bringsFiles(event)) {
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
  }
});
addEventListener("drop", (event) => {
  if (bringsFiles(event)) {
    event.preventDefault();
    depth = 0;
    showVeil();
    takeDropped(event.dataTransfer);
  }
});
addEventListener("paste", (event) => {
  const pasted = [...(event.clipboardData?.files ?? [])];
  if (pasted.length > 0) {
    addFiles(pasted.map((file) => ({ file, name: file.name })));
  }
});

addEventListener("beforeunload", (event) => {
  if (hasOpenUploads()) {
    event.preventDefault();
  }
});

showKeyState();
startUploads(addStored);
startFiles();
