// The uploads of this page, each a row with its progress.

import { find, icon, iconButton, make, setIcon, show, shownName } from "./dom.js";
import { say } from "./dialogs.js";
import { countText, durationText, kindOf, sizeText } from "./format.js";
import { fingerprint, forget, recallAll } from "./memory.js";
import { discard, Upload } from "./tus.js";

const AT_ONCE = 3;

const rows = [];
let onStored = () => {};

const percent = (upload) => (upload.file.size === 0 ? 0 : Math.floor((100 * upload.sent) / upload.file.size));

function wordsOf(upload) {
  const size = sizeText(upload.file.size);
  const part = `${sizeText(upload.sent)} of ${size}`;
  switch (upload.state) {
    case "waiting":
      return `Waiting · ${size}`;
    case "paused":
      return upload.canResume ? `Paused · ${part}` : `Paused · ${size}, begins anew`;
    case "retrying":
      return `${upload.failure.status === 0 ? "Connection lost" : "The service is busy"} · trying again by itself`;
    case "done":
      return `Stored · ${size}`;
    case "failed":
      return upload.failure.message;
    default: {
      if (upload.sent === upload.file.size && upload.file.size > 0) {
        return `Finishing · ${size}`;
      }
      const left = upload.bytesPerSecond > 0 ? durationText((upload.file.size - upload.sent) / upload.bytesPerSecond) : "";
      const speed = upload.bytesPerSecond > 0 ? `${sizeText(upload.bytesPerSecond)}/s` : "";
      return [part, speed, left].filter(Boolean).join(" · ");
    }
  }
}

const isUnderWay = (state) => state === "sending" || state === "retrying";
const isOver = (state) => state === "done" || state === "failed";

class Row {
  constructor(upload, name, size, type) {
    this.upload = upload;
    this.bar = make("progress", { max: Math.max(size, 1), value: 0, "aria-label": `Upload of ${name}` });
    this.words = make("p", { class: "words" });
    this.mark = icon(kindOf(type, name).icon);
    this.toggle = iconButton("pause", `Pause: ${name}`, () => this.onToggle());
    this.close = iconButton("close", `Cancel: ${name}`, () => this.onClose());
    this.element = make(
      "li",
      { class: "upload" },
      make("span", { class: "mark" }, this.mark),
      make("div", { class: "upload-body" }, make("p", { class: "upload-name" }, shownName(name)), this.bar, this.words),
      make("div", { class: "actions" }, this.toggle, this.close),
    );
    this.name = name;
  }

  onToggle() {
    const { upload } = this;
    if (upload.state === "retrying") {
      upload.wake();
    } else if (upload.state === "sending") {
      upload.pause();
    } else if (upload.state === "waiting") {
      upload.pause();
    } else {
      queue(this);
    }
    startNext();
  }

  onClose() {
    if (!isOver(this.upload.state)) {
      this.upload.cancel();
      say(`Cancelled: ${this.name}`);
    } else if (this.upload.state === "failed") {
      this.upload.cancel();
    }
    remove(this);
    startNext();
  }

  show() {
    const { upload } = this;
    const { state } = upload;
    this.element.dataset.state = state;
    this.bar.value = state === "done" ? this.bar.max : upload.sent;
    this.words.textContent = wordsOf(upload);
    show(this.bar, !isOver(state));
    const label = { sending: "Pause", waiting: "Pause", retrying: "Try now", paused: "Resume", failed: "Try again" }[state];
    show(this.toggle, state !== "done" && !upload.failure?.isRefusal);
    if (label) {
      this.toggle.setAttribute("aria-label", `${label}: ${this.name}`);
      this.toggle.title = label;
      setIcon(this.toggle.firstChild, { Pause: "pause", Resume: "resume" }[label] ?? "again");
    }
    const end = isOver(state) ? "Dismiss" : "Cancel";
    this.close.setAttribute("aria-label", `${end}: ${this.name}`);
    this.close.title = end;
    setIcon(this.mark, { done: "done", failed: "warning" }[state] ?? kindOf(upload.file.type, this.name).icon);
  }
}

// An upload of which an earlier visit has left a part: the browser gives the file only to whom it is shown again.
class LeftRow {
  constructor(mark, left) {
    this.leftMark = mark;
    const part = left.size ? Math.floor((100 * left.sent) / left.size) : 0;
    this.element = make(
      "li",
      { class: "upload", "data-state": "left" },
      make("span", { class: "mark" }, icon("pause")),
      make(
        "div",
        { class: "upload-body" },
        make("p", { class: "upload-name" }, shownName(left.name)),
        make("progress", { max: Math.max(left.size, 1), value: left.sent, "aria-label": `Upload of ${left.name}` }),
        make("p", { class: "words" }, `Interrupted at ${part} % of ${sizeText(left.size)}. Choose the same file again to go on.`),
      ),
      make(
        "div",
        { class: "actions" },
        make("button", { type: "button", class: "plain", "aria-label": `Choose again: ${left.name}`, onclick: () => find("chosen").click() }, "Choose again"),
        iconButton("close", `Discard: ${left.name}`, () => {
          forget(mark);
          discard(left.url);
          remove(this);
        }),
      ),
    );
  }
}

function insert(row) {
  rows.push(row);
  find("upload-list").append(row.element);
}

// What is still under way is seen first.
function sink(row) {
  if (!row.element.contains(document.activeElement)) {
    find("upload-list").append(row.element);
  }
}

// The focus stays near, for who has no pointer.
function remove(row) {
  const place = rows.indexOf(row);
  const hadFocus = row.element.contains(document.activeElement);
  rows.splice(place, 1);
  row.element.remove();
  showHead();
  if (hadFocus) {
    const neighbour = rows[Math.min(place, rows.length - 1)];
    (neighbour?.element.querySelector("button:not([hidden])") ?? find("choose")).focus();
  }
}

function queue(row) {
  row.upload.state = "waiting";
  row.show();
}

const uploadRows = () => rows.filter((row) => row.upload);

function showHead() {
  const states = uploadRows().map((row) => row.upload.state);
  const count = (...wanted) => states.filter((state) => wanted.includes(state)).length;
  const open = count("sending", "retrying", "waiting");
  const [done, failed, paused] = [count("done"), count("failed"), count("paused")];
  const words = [open && `${countText(open, "file")} to go`, paused && `${paused} paused`, failed && `${failed} not stored`];
  show(find("uploads"), rows.length > 0);
  find("uploads-title").textContent = words.some(Boolean) ? `Uploads: ${words.filter(Boolean).join(", ")}` : done ? `${countText(done, "file")} stored` : "Uploads";
  show(find("pause-all"), open > 1);
  show(find("resume-all"), paused > 1);
  show(find("clear-done"), done + failed > 0 && open === 0);
}

// Each start tells of itself, and so comes here again.
function startNext() {
  const underWay = () => uploadRows().filter((row) => isUnderWay(row.upload.state)).length;
  const waiting = () => uploadRows().find((row) => row.upload.state === "waiting");
  while (underWay() < AT_ONCE && waiting()) {
    waiting().upload.start();
  }
  showHead();
}

function changed(row) {
  const { state } = row.upload;
  const isNews = row.shown !== state;
  row.shown = state;
  row.show();
  if (!isNews) {
    return;
  }
  if (state === "done") {
    say(`Stored: ${row.name}`);
    sink(row);
    onStored(row.upload.fileId);
  } else if (state === "failed") {
    say(`Not stored: ${row.name}. ${row.upload.failure.message}`);
  } else if (state === "retrying") {
    say(`Interrupted, trying again: ${row.name}`);
  }
  startNext();
}

function add(file, name) {
  const mark = fingerprint(file, name);
  const left = rows.find((row) => row.leftMark === mark);
  if (left) {
    remove(left);
  }
  // Twice the same file is once, as long as it is under way.
  if (uploadRows().some((row) => row.upload.mark === mark && !isOver(row.upload.state))) {
    return;
  }
  const upload = new Upload(file, name, () => changed(row));
  const row = new Row(upload, name, file.size, file.type);
  insert(row);
  queue(row);
}

// [{file, name}]
export function addFiles(files) {
  for (const { file, name } of files) {
    add(file, name);
  }
  startNext();
  if (files.length > 0) {
    say(`${countText(files.length, "file")} added`);
  }
}

export const hasOpenUploads = () => uploadRows().some((row) => !isOver(row.upload.state));

export function startUploads(whenStored) {
  onStored = whenStored;
  for (const [mark, left] of recallAll()) {
    insert(new LeftRow(mark, left));
  }
  find("pause-all").addEventListener("click", () => {
    uploadRows().filter((row) => ["waiting", "sending", "retrying"].includes(row.upload.state)).forEach((row) => row.upload.pause());
    showHead();
    (find("resume-all").hidden ? find("choose") : find("resume-all")).focus();
  });
  find("resume-all").addEventListener("click", () => {
    uploadRows().filter((row) => row.upload.state === "paused").forEach(queue);
    startNext();
    (find("pause-all").hidden ? find("choose") : find("pause-all")).focus();
  });
  find("clear-done").addEventListener("click", () => {
    for (const row of uploadRows().filter((one) => isOver(one.upload.state))) {
      row.upload.cancel();
      remove(row);
    }
    find("choose").focus();
  });
  showHead();
}
