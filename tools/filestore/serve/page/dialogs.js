// What the page asks and says.

import { find, icon, make } from "./dom.js";

// Read out by screen readers, not seen.
export function say(text) {
  find("said").textContent = text;
}

// Seen for a while, and read out. `offer` is {label, run}: what can be done about it meanwhile.
export function toast(text, { isProblem = false, offer = null } = {}) {
  const shown = make(
    "div",
    { class: isProblem ? "toast problem" : "toast" },
    icon(isProblem ? "warning" : "done"),
    make("p", {}, text),
    offer && make("button", { type: "button", class: "offer", onclick: () => (shown.remove(), offer.run()) }, offer.label),
    make("button", { type: "button", class: "icon", "aria-label": "Dismiss", onclick: () => shown.remove() }, icon("close")),
  );
  find("toasts").append(shown);
  say(text);
  while (find("toasts").children.length > 3) {
    find("toasts").firstChild.remove();
  }
  setTimeout(() => shown.remove(), isProblem || offer ? 12_000 : 5_000);
}

// Whatever button closes it; null for Escape.
function ask(dialog) {
  return new Promise((resolve) => {
    const close = (event) => {
      const value = event.target.closest("button")?.value;
      if (value) {
        dialog.close(value);
      }
    };
    dialog.returnValue = "";
    dialog.addEventListener("click", close);
    dialog.addEventListener(
      "close",
      () => {
        dialog.removeEventListener("click", close);
        resolve(dialog.returnValue || null);
      },
      { once: true },
    );
    dialog.showModal();
  });
}

export async function confirmDeletion(name) {
  find("delete-name").textContent = name;
  return (await ask(find("delete-dialog"))) === "delete";
}

export async function offerLink(link) {
  find("link").value = link;
  const closed = ask(find("link-dialog"));
  find("link").select();
  await closed;
}

// The key that was given; null where the dialog was left.
export async function askForKey(wasRefused) {
  const [dialog, form, input, problem] = ["key-dialog", "key-form", "key", "key-problem"].map(find);
  problem.textContent = wasRefused ? "The service does not take that key. Check that it is whole, and try again." : "";
  input.setAttribute("aria-invalid", String(wasRefused));
  input.value = "";
  const submitted = (event) => {
    event.preventDefault();
    dialog.close("given");
  };
  form.addEventListener("submit", submitted);
  const closed = ask(dialog);
  input.focus();
  const answer = await closed;
  form.removeEventListener("submit", submitted);
  const given = input.value.trim();
  input.value = "";
  return answer === "given" && given ? given : null;
}

