// The stored files: listed page by page, found, sorted, and what can be done with each.

import { call, deleteFile, keepsDeleted, key, listFiles, showFile, signedLink, undeleteFile } from "./api.js";
import { confirmDeletion, offerLink, say, toast } from "./dialogs.js";
import { find, icon, iconButton, make, show, shownName } from "./dom.js";
import { ageText, countText, isThumbnail, kindOf, sizeText, timeText } from "./format.js";

const PAGE = 100;
// Of a large store the rest is loaded when it is asked for, or searched.
const LOADED_AT_FIRST = 1000;
const ROWS_AT_ONCE = 200;
const LIFE_OF_LINK = 24 * 3600;

const files = new Map();
const rows = new Map();
// What the next page begins after; null where there is none.
let next = null;
let isLoading = false;
// A load that has been overtaken by another ends.
let run = 0;
let rowsWanted = ROWS_AT_ONCE;
let sort = { by: "age", isReversed: false };
const isNew = new Set();

function fileOf(told) {
  const name = told.original_path || told.metadata?.filename || told.file_id;
  const type = told.content_type || "";
  const kind = kindOf(type, name);
  return { id: told.file_id, name, type, kind, size: told.size, time: Date.parse(told.last_modified), text: `${name}\n${kind.label}\n${type}\n${told.file_id}`.toLowerCase() };
}

const names = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
const ORDERS = {
  name: (a, b) => names.compare(a.name, b.name),
  type: (a, b) => names.compare(a.kind.label, b.kind.label) || names.compare(a.name, b.name),
  size: (a, b) => b.size - a.size,
  age: (a, b) => b.time - a.time,
};

const searched = () => find("search").value.trim().toLowerCase();

function matching() {
  const words = searched().split(/\s+/).filter(Boolean);
  const found = [...files.values()].filter((file) => words.every((word) => file.text.includes(word)));
  const order = ORDERS[sort.by];
  return found.sort(sort.isReversed ? (a, b) => order(b, a) : order);
}

// Rows

const contentPath = (file) => `/files/${file.id}/content`;

// A key cannot stand in a link, so without one the browser shows the file by itself, and with one it is only named.
function nameCell(file) {
  const shown = key.get() ? make("span", { class: "file-name" }, shownName(file.name)) : make("a", { class: "file-name", href: contentPath(file), target: "_blank", rel: "noopener" }, shownName(file.name));
  return make("td", { role: "cell", class: "of-name" }, make("div", { class: "named" }, markOf(file), shown));
}

function markOf(file) {
  const mark = make("span", { class: "mark", "data-kind": file.kind.icon }, icon(file.kind.icon));
  if (isThumbnail(file.type, file.size) && !key.get()) {
    const picture = make("img", { src: contentPath(file), alt: "", loading: "lazy", decoding: "async", width: 40, height: 40 });
    picture.addEventListener("load", () => mark.classList.add("pictured"));
    picture.addEventListener("error", () => picture.remove());
    mark.append(picture);
  }
  return mark;
}

function downloadButton(file) {
  const label = `Download: ${file.name}`;
  return key.get()
    ? iconButton("download", label, () => downloadWithKey(file))
    : make("a", { class: "icon", href: `/download/${file.id}`, download: true, "aria-label": label, title: "Download" }, icon("download"));
}

function rowOf(file) {
  const row = make(
    "tr",
    { role: "row", "data-id": file.id, class: isNew.has(file.id) ? "new" : null },
    nameCell(file),
    make("td", { role: "cell", class: "of-type", title: file.type }, file.kind.label),
    make("td", { role: "cell", class: "number of-size", title: countText(file.size, "byte") }, sizeText(file.size)),
    make("td", { role: "cell", class: "of-age" }, make("time", { datetime: new Date(file.time).toISOString(), title: timeText(file.time) }, ageText(file.time, Date.now()))),
    make(
      "td",
      { role: "cell", class: "of-actions" },
      make(
        "div",
        { class: "actions" },
        downloadButton(file),
        iconButton("link", `Copy link: ${file.name}`, () => copyLink(file)),
        iconButton("delete", `Delete: ${file.name}`, () => removeFile(file), { class: "icon deletes" }),
      ),
    ),
  );
  isNew.delete(file.id);
  rows.set(file.id, row);
  return row;
}

// A row that stays where it is keeps the focus.
function placeRows(wanted) {
  const kept = new Set(wanted);
  const body = find("rows");
  [...body.children].filter((row) => !kept.has(row)).forEach((row) => row.remove());
  wanted.forEach((row, place) => {
    if (body.children[place] !== row) {
      body.insertBefore(row, body.children[place] ?? null);
    }
  });
}

function render() {
  const found = matching();
  const shown = found.slice(0, rowsWanted);
  const failed = !find("failed").hidden;
  const isEmpty = files.size === 0 && next === null && !isLoading;
  placeRows(shown.map((file) => rows.get(file.id) ?? rowOf(file)));
  show(find("table"), shown.length > 0);
  show(find("tools"), files.size > 0 || searched() !== "");
  show(find("loading"), isLoading && files.size === 0);
  show(find("empty"), isEmpty && !failed);
  show(find("hint"), !isEmpty);
  show(find("unmatched"), found.length === 0 && files.size > 0 && !isLoading);
  find("unmatched-words").textContent = `Nothing is named, typed or numbered like “${find("search").value.trim()}”.`;
  renderFoot(found.length, shown.length);
  renderSort();
}

function renderFoot(found, shown) {
  let words = "";
  if (isLoading && files.size > 0) {
    words = `${countText(files.size, "file")} looked at so far…`;
  } else if (shown < found) {
    words = `${shown.toLocaleString()} of ${countText(found, "file")} shown`;
  } else if (next !== null) {
    words = `${countText(files.size, "file")} loaded, more are stored. The order is that of those.`;
  } else if (searched()) {
    words = `${found.toLocaleString()} of ${countText(files.size, "file")} ${found === 1 ? "matches" : "match"}`;
  }
  find("shown").textContent = words;
  show(find("more"), !isLoading && (shown < found || next !== null));
  show(find("foot"), words !== "");
  const total = [...files.values()].reduce((sum, file) => sum + file.size, 0);
  find("totals").textContent = files.size === 0 ? "" : `${countText(files.size, "file")}${next !== null ? " and more" : ""} · ${sizeText(total)}`;
}

function renderSort() {
  for (const head of document.querySelectorAll("th[data-sort]")) {
    const isIt = head.dataset.sort === sort.by;
    const isDescending = (sort.by === "size" || sort.by === "age") !== sort.isReversed;
    head.setAttribute("aria-sort", !isIt ? "none" : isDescending ? "descending" : "ascending");
  }
  find("sort").value = sort.by;
}

// Loading

function showFailure(failure) {
  find("failed-words").textContent = failure.message;
  show(find("failed"), true);
  say(failure.message);
}

// Loads on until there are so many files, or all.
async function load(wanted) {
  run += 1;
  const mine = run;
  isLoading = true;
  show(find("failed"), false);
  render();
  try {
    do {
      const page = await listFiles(next, PAGE);
      if (mine !== run) {
        return;
      }
      page.files.map(fileOf).forEach((file) => files.set(file.id, file));
      next = page.next;
      render();
    } while (next !== null && files.size < wanted());
  } catch (failure) {
    if (mine === run) {
      showFailure(failure);
    }
  } finally {
    if (mine === run) {
      isLoading = false;
      render();
    }
  }
}

const wantedNow = () => (searched() ? Infinity : LOADED_AT_FIRST);

export async function reload() {
  files.clear();
  rows.clear();
  next = null;
  rowsWanted = ROWS_AT_ONCE;
  await load(wantedNow);
}

async function showMore() {
  rowsWanted += ROWS_AT_ONCE;
  if (next !== null && matching().length < rowsWanted) {
    const wanted = files.size + LOADED_AT_FIRST;
    // A search that is begun meanwhile needs all of them.
    await load(() => Math.max(wanted, wantedNow()));
  } else {
    render();
  }
}

function search() {
  rowsWanted = ROWS_AT_ONCE;
  render();
  if (searched() && next !== null && !isLoading) {
    load(wantedNow);
  }
}

// Actions

export async function addStored(id) {
  try {
    const file = fileOf(await showFile(id));
    files.set(file.id, file);
    isNew.add(file.id);
    render();
  } catch {
    // It is stored; only its row has to wait for the next look.
  }
}

async function removeFile(file) {
  if (!(await confirmDeletion(file.name))) {
    return;
  }
  const row = find("rows").querySelector(`[data-id="${file.id}"]`);
  row?.classList.add("going");
  try {
    await deleteFile(file.id);
  } catch (failure) {
    row?.classList.remove("going");
    toast(`Not deleted: ${file.name}. ${failure.message}`, { isProblem: true });
    return;
  }
  const place = [...find("rows").children].findIndex((one) => one.dataset.id === file.id);
  files.delete(file.id);
  rows.delete(file.id);
  render();
  const left = find("rows").children;
  (left[Math.min(place, left.length - 1)]?.querySelector(".deletes") ?? find("files-title")).focus();
  const offer = (await keepsDeleted()) ? { label: "Undo", run: () => bringBack(file) } : null;
  toast(`Deleted: ${file.name}`, { offer });
}

async function bringBack(file) {
  try {
    await undeleteFile(file.id);
  } catch (failure) {
    toast(`Not brought back: ${file.name}. ${failure.message}`, { isProblem: true });
    return;
  }
  await addStored(file.id);
  find("rows").querySelector(`[data-id="${file.id}"] .deletes`)?.focus();
  toast(`Brought back: ${file.name}`);
}

async function copyLink(file) {
  let words = "Link copied. It leads to the file on this service.";
  let link = new URL(`/download/${file.id}`, location.href).href;
  try {
    const signed = await signedLink(file.id, LIFE_OF_LINK);
    if (signed) {
      link = signed.url;
      words = `Link copied. Whoever has it can read the file until ${timeText(Date.parse(signed.expires_at))}.`;
    } else if (key.get()) {
      words = "Link copied. It works only for programs that send a key.";
    }
    await navigator.clipboard.writeText(link);
    toast(words);
  } catch (failure) {
    if (failure.status !== undefined) {
      toast(`No link: ${failure.message}`, { isProblem: true });
    } else {
      await offerLink(link);
    }
  }
}

// The key goes with the request only, so the page takes the bytes and gives them to the browser to save.
async function downloadWithKey(file) {
  try {
    toast(`Downloading: ${file.name}`);
    const answer = await call("GET", `/download/${file.id}`);
    const place = URL.createObjectURL(await answer.blob());
    make("a", { href: place, download: file.name.split(/[\\/]/).pop() }).click();
    setTimeout(() => URL.revokeObjectURL(place), 60_000);
  } catch (failure) {
    toast(`Not downloaded: ${file.name}. ${failure.message}`, { isProblem: true });
  }
}

function sortBy(by) {
  sort = { by, isReversed: sort.by === by && !sort.isReversed };
  render();
  say(`Sorted by ${by}`);
}

function renewAges() {
  for (const time of find("rows").querySelectorAll("time")) {
    time.textContent = ageText(Date.parse(time.dateTime), Date.now());
  }
}

export function startFiles() {
  find("search").addEventListener("input", search);
  find("clear-search").addEventListener("click", () => {
    find("search").value = "";
    search();
    find("search").focus();
  });
  for (const head of document.querySelectorAll("th[data-sort]")) {
    head.firstChild.addEventListener("click", () => sortBy(head.dataset.sort));
  }
  find("sort").addEventListener("change", () => {
    sort = { by: find("sort").value, isReversed: false };
    render();
  });
  find("refresh").addEventListener("click", reload);
  find("try-again").addEventListener("click", reload);
  find("more").addEventListener("click", showMore);
  setInterval(renewAges, 30_000);
  return reload();
}
