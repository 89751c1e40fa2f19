// Calls of the service. A failure says what went wrong and what to do about it.

const KEY = "filestore.key";

export class Failure extends Error {
  // `status` is 0 where there was no answer.
  constructor(status, message, { retryAfter = null } = {}) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
  }

  // By a rule, which will refuse it again.
  get isRefusal() {
    return [413, 415, 422].includes(this.status);
  }

  // Whether the same request may well succeed later.
  get isPassing() {
    return this.status === 0 || this.status === 408 || this.status === 423 || this.status === 429 || (this.status >= 500 && this.status !== 501 && this.status !== 507);
  }
}

// Only for this tab, and as long as it is there.
export const key = {
  get: () => sessionStorage.getItem(KEY),
  set: (value) => sessionStorage.setItem(KEY, value),
  forget: () => sessionStorage.removeItem(KEY),
};

export const keyHeaders = () => (key.get() ? { Authorization: `Bearer ${key.get()}` } : {});

const ADVICE = {
  413: "Choose a smaller file.",
  415: "Choose a file of another type, or check that its name fits what it holds.",
  422: "Choose another file.",
  429: "Wait a little, then try again.",
  503: "The store does not answer at the moment. Try again later.",
  504: "The store does not answer at the moment. Try again later.",
  507: "The store is full. Delete files that are no longer needed, then try again.",
};

// The reason that an answer gives, as a sentence, and what to do.
function reasonOf(status, body) {
  let told = "";
  try {
    const { detail } = JSON.parse(body);
    told = typeof detail === "string" ? detail : "";
  } catch {
    // Of something between us and the service.
  }
  const reason = told ? told[0].toUpperCase() + told.slice(1) : `The service answered with status ${status}.`;
  const ended = /[.!?]$/.test(reason) ? reason : `${reason}.`;
  return ADVICE[status] ? `${ended} ${ADVICE[status]}` : ended;
}

export function failureOf(status, body, retryAfter) {
  return status === 0 ? new Failure(0, "The service cannot be reached. Check that it runs, and the network.") : new Failure(status, reasonOf(status, body), { retryAfter: Number(retryAfter) || null });
}

let askForKey = async () => false;

// What is done where a key is missing or not taken: answers whether there is one now.
export function onKeyWanted(ask) {
  askForKey = ask;
}

// One dialog however many calls want the key; a call whose key has been replaced meanwhile just tries again.
let asking = null;
export async function obtainKey(usedKey) {
  if (key.get() && key.get() !== usedKey) {
    return true;
  }
  asking ??= askForKey(usedKey !== null).finally(() => (asking = null));
  return asking;
}

export async function call(method, path, { headers = {}, signal } = {}) {
  for (;;) {
    const used = key.get();
    let answer;
    try {
      answer = await fetch(path, { method, headers: { ...keyHeaders(), ...headers }, signal, cache: "no-store", credentials: "omit" });
    } catch (error) {
      if (error.name === "AbortError") {
        throw error;
      }
      throw failureOf(0);
    }
    if (answer.status === 401 && (await obtainKey(used))) {
      continue;
    }
    if (!answer.ok) {
      throw failureOf(answer.status, await answer.text(), answer.headers.get("Retry-After"));
    }
    return answer;
  }
}

export async function listFiles(after, limit) {
  const query = new URLSearchParams({ details: "true", limit });
  if (after) {
    query.set("after", after);
  }
  return (await call("GET", `/files?${query}`)).json();
}

export const showFile = async (id) => (await call("GET", `/files/${id}`)).json();

// Whether it was there.
export async function deleteFile(id) {
  try {
    await call("DELETE", `/delete/${id}`);
  } catch (failure) {
    if (failure.status !== 404) {
      throw failure;
    }
  }
}

// Whether the store keeps deleted files for a while: asked once one was deleted, for then there is one.
export async function keepsDeleted() {
  try {
    return (await (await call("GET", "/files?deleted=true&limit=1")).json()).files.length > 0;
  } catch {
    return false;
  }
}

export const undeleteFile = (id) => call("POST", `/files/${id}/undelete`);

// A link that anybody may use for a while; null where the store makes none.
export async function signedLink(id, seconds) {
  try {
    return await (await call("POST", `/files/${id}/link?expires=${seconds}`)).json();
  } catch (failure) {
    if (failure.status === 501) {
      return null;
    }
    throw failure;
  }
}
