// One upload by the tus protocol 1.0: created, sent in pieces, gone on with wherever the service has got to.

import { Failure, failureOf, key, keyHeaders, obtainKey } from "./api.js";
import { fingerprint, forget, recall, remember } from "./memory.js";

const VERSION = { "Tus-Resumable": "1.0.0" };
const PIECE = 16 * 1024 * 1024;
const LONGEST_SILENCE = 60_000;
const LONGEST_WAIT = 30_000;
// A store that cannot be gone on with takes whole files only.
const WITHOUT_TUS = [404, 405, 501];

const base64 = (text) => btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(""));

class Aborted extends Error {}

// One request, with its progress; fetch() tells none of what it sends. Answers whatever status it gets.
function exchange(method, url, { headers = {}, body = null, signal, onProgress = () => {} }) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(new Aborted());
      return;
    }
    const request = new XMLHttpRequest();
    let silence = 0;
    const settle = (action) => {
      clearTimeout(silence);
      signal?.removeEventListener("abort", stop);
      action();
    };
    const lost = () => settle(() => reject(failureOf(0)));
    const stop = () => {
      request.onerror = request.onabort = null;
      request.abort();
      settle(() => reject(new Aborted()));
    };
    const hear = () => {
      clearTimeout(silence);
      silence = setTimeout(() => request.abort(), LONGEST_SILENCE);
    };
    request.open(method, url);
    for (const [name, value] of Object.entries({ ...keyHeaders(), ...headers })) {
      request.setRequestHeader(name, value);
    }
    request.upload.onprogress = (event) => {
      hear();
      onProgress(event.loaded);
    };
    // The service may look at the whole file before it answers.
    request.upload.onload = () => clearTimeout(silence);
    request.onerror = request.onabort = lost;
    request.onload = () => settle(() => resolve(request));
    signal?.addEventListener("abort", stop);
    if (body !== null) {
      hear();
    }
    request.send(body);
  });
}

const isGood = (answer) => answer.status >= 200 && answer.status < 300;

// null where it never does.
const expiryOf = (answer) => Date.parse(answer.getResponseHeader("Upload-Expires") ?? "") || null;

function good(answer) {
  if (!isGood(answer)) {
    throw failureOf(answer.status, answer.responseText, answer.getResponseHeader("Retry-After"));
  }
  return answer;
}

// Nobody is asked twice whether there is tus.
let isWithoutTus = false;

export class Upload {
  // `onChange` is called whenever anything below has changed.
  constructor(file, name, onChange) {
    this.file = file;
    this.name = name;
    this.onChange = onChange;
    this.mark = fingerprint(file, name);
    // waiting, sending, paused, retrying, done, failed
    this.state = "waiting";
    this.sent = Math.min(recall(this.mark)?.sent ?? 0, file.size);
    this.bytesPerSecond = 0;
    this.failure = null;
    this.retryAt = 0;
    this.fileId = null;
    this.url = recall(this.mark)?.url ?? null;
    this.stopped = null;
  }

  get canResume() {
    return !isWithoutTus;
  }

  // Ends when the upload is stored, has failed or was paused.
  async start() {
    this.stopped = new AbortController();
    this.#become("sending");
    for (let wait = 1000; this.state === "sending"; wait = Math.min(wait * 2, LONGEST_WAIT)) {
      const before = this.sent;
      const used = key.get();
      try {
        await this.#send();
      } catch (error) {
        if (this.sent > before) {
          wait = 1000;
        }
        await this.#recover(error, used, wait);
      }
    }
  }

  pause() {
    this.#become("paused");
    this.stopped?.abort();
  }

  // Nothing of it stays.
  async cancel() {
    this.pause();
    const { url } = this;
    this.#forgetPlace();
    if (url) {
      await discard(url);
    }
  }

  #rememberPlace(answer) {
    remember(this.mark, { url: this.url, name: this.name, size: this.file.size, sent: this.sent, expires: expiryOf(answer) });
  }

  #forgetPlace() {
    forget(this.mark);
    this.url = null;
    this.sent = 0;
  }

  #become(state) {
    this.state = state;
    this.bytesPerSecond = 0;
    this.measured = null;
    this.onChange(this);
  }

  async #send() {
    if (isWithoutTus) {
      return this.#sendWhole();
    }
    if (!(await this.#findPlace())) {
      return;
    }
    do {
      await this.#sendPiece();
    } while (this.fileId === null && this.sent < this.file.size);
    this.#finish();
  }

  // To where the service has got; false where nothing is left to send.
  async #findPlace() {
    const answer = this.url ? await this.#exchange("HEAD", this.url, { headers: VERSION }) : null;
    if (answer && isGood(answer)) {
      this.#progress(Number(answer.getResponseHeader("Upload-Offset")));
      return !this.#isStoredBy(answer);
    }
    if (answer && answer.status !== 404 && answer.status !== 410) {
      good(answer);
    }
    return this.#create();
  }

  async #create() {
    const metadata = [`filename ${base64(this.name)}`];
    if (this.file.type) {
      metadata.push(`filetype ${base64(this.file.type)}`);
    }
    const headers = { ...VERSION, "Upload-Length": String(this.file.size), "Upload-Metadata": metadata.join(",") };
    const answer = await this.#exchange("POST", "/uploads", { headers });
    if (WITHOUT_TUS.includes(answer.status)) {
      isWithoutTus = true;
      await this.#sendWhole();
      return false;
    }
    this.url = new URL(good(answer).getResponseHeader("Location"), location.href).pathname;
    this.#progress(0);
    this.#rememberPlace(answer);
    return !this.#isStoredBy(answer);
  }

  async #sendPiece() {
    const from = this.sent;
    const answer = good(
      await this.#exchange("PATCH", this.url, {
        headers: { ...VERSION, "Upload-Offset": String(from), "Content-Type": "application/offset+octet-stream" },
        body: this.file.slice(from, from + PIECE),
        onProgress: (loaded) => this.#progress(Math.min(from + loaded, this.file.size)),
      }),
    );
    const reached = Number(answer.getResponseHeader("Upload-Offset"));
    this.#progress(reached);
    this.#isStoredBy(answer);
    if (reached <= from && this.fileId === null) {
      throw new Failure(502, "The service has taken nothing of what was sent.");
    }
    if (this.fileId === null) {
      this.#rememberPlace(answer);
    }
  }

  async #sendWhole() {
    this.#progress(0);
    const headers = this.file.type ? { "Content-Type": this.file.type } : {};
    const answer = good(
      await this.#exchange("PUT", `/files?filename=${encodeURIComponent(this.name)}`, {
        headers,
        body: this.file,
        onProgress: (loaded) => this.#progress(Math.min(loaded, this.file.size)),
      }),
    );
    this.fileId = JSON.parse(answer.responseText).file_id;
    this.#finish();
  }

  // An answer that names the file says that it is stored.
  #isStoredBy(answer) {
    const place = answer.getResponseHeader("Content-Location");
    if (place === null) {
      return false;
    }
    this.fileId = place.split("/").pop();
    this.#finish();
    return true;
  }

  #finish() {
    if (this.state === "done") {
      return;
    }
    forget(this.mark);
    this.url = null;
    this.sent = this.file.size;
    this.#become("done");
  }

  #exchange(method, url, options) {
    return exchange(method, url, { ...options, signal: this.stopped.signal });
  }

  async #recover(error, used, wait) {
    if (error instanceof Aborted) {
      return;
    }
    if (error.status === 401 && (await obtainKey(used))) {
      return;
    }
    // 409: it has got elsewhere than we thought, which the next look tells. 404, 410: the next one begins anew.
    const isKnownWorse = error.status === 409 || ((error.status === 404 || error.status === 410) && this.url);
    if (!(error instanceof Failure) || !(error.isPassing || isKnownWorse)) {
      this.#fail(error);
      return;
    }
    this.failure = error;
    this.retryAt = Date.now() + Math.max(wait, (error.retryAfter ?? 0) * 1000);
    this.#become("retrying");
    await this.#sleepUntil(this.retryAt);
    if (this.state === "retrying") {
      this.failure = null;
      this.#become("sending");
    }
  }

  #fail(error) {
    this.failure = error;
    // The service keeps nothing of what it refuses.
    if (error.status >= 400 && error.status < 500 && error.status !== 401 && error.status !== 403) {
      this.#forgetPlace();
    }
    this.#become("failed");
  }

  // Shorter where the browser finds the network again, or somebody asks for it.
  #sleepUntil(time) {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        removeEventListener("online", end);
        resolve();
      };
      const timer = setTimeout(end, time - Date.now());
      this.wake = end;
      addEventListener("online", end);
      this.stopped.signal.addEventListener("abort", end);
    });
  }

  #progress(sent) {
    const now = performance.now();
    this.sent = sent;
    this.measured ??= { sent, now };
    const seconds = (now - this.measured.now) / 1000;
    if (seconds >= 0.5) {
      const speed = Math.max(0, sent - this.measured.sent) / seconds;
      this.bytesPerSecond = this.bytesPerSecond ? this.bytesPerSecond * 0.7 + speed * 0.3 : speed;
      this.measured = { sent, now };
    }
    this.onChange(this);
  }
}

// Gives up what the service keeps of an upload; what cannot be reached now expires there by itself.
export async function discard(url) {
  try {
    await exchange("DELETE", url, { headers: VERSION });
  } catch {
    // See above.
  }
}
