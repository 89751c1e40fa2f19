// Elements, made so that text stays text: nothing here, or anywhere in the page, writes markup.

export const find = (id) => document.getElementById(id);

// make("p", {class: "quiet", onclick: f}, "text", element, ...)
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) {
      element.addEventListener(key.slice(2), value);
    } else if (value === true) {
      element.setAttribute(key, "");
    } else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(key, value);
    }
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

export function setIcon(svg, name) {
  svg.firstChild.setAttribute("href", `#i-${name}`);
}

// A button that shows an icon and is called by its label.
export function iconButton(name, label, action, attributes = {}) {
  return make("button", { type: "button", class: "icon", "aria-label": label, title: label.split(":")[0], onclick: action, ...attributes }, icon(name));
}

// A long name is shortened in its middle, so that its end, with the extension, is seen.
export function shownName(name) {
  const end = name.length > 20 ? name.slice(-9) : "";
  return make("span", { class: "shown-name", title: name, dir: "auto" }, make("span", { class: "shown-begin" }, name.slice(0, name.length - end.length)), end && make("span", {}, end));
}

export function show(element, isShown) {
  element.hidden = !isShown;
}
