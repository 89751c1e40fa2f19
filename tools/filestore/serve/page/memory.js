// Uploads that have begun and not ended, across reloads of the page.

const PLACE = "filestore.uploads";

// Nothing of a file's content: name, size and time are what a browser tells at once.
export const fingerprint = (file, name) => [name, file.size, file.lastModified, file.type].join("|");

function read() {
  try {
    const known = JSON.parse(localStorage.getItem(PLACE));
    return known && typeof known === "object" ? known : {};
  } catch {
    return {};
  }
}

function write(known) {
  try {
    localStorage.setItem(PLACE, JSON.stringify(known));
  } catch {
    // Without room uploads still go on after a lost connection, only not after a reload.
  }
}

// {url, name, size, sent, expires}; what has expired at the service is forgotten here, too.
export const recall = (mark) => read()[mark] || null;

export function recallAll() {
  const known = Object.entries(read()).filter(([, upload]) => !(upload.expires < Date.now()));
  write(Object.fromEntries(known));
  return known;
}

export function remember(mark, upload) {
  write({ ...read(), [mark]: upload });
}

export function forget(mark) {
  const known = read();
  delete known[mark];
  write(known);
}
