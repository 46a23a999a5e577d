// Making nodes. Text from outside only ever becomes a text node, so it cannot become markup.

export const $ = (id) => document.getElementById(id);

/** Makes an element; `children` are nodes or plain text. */
export function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key === "class") node.className = value;
    else if (key === "on") for (const [event, handler] of Object.entries(value)) node.addEventListener(event, handler);
    else node.setAttribute(key, value === true && !key.startsWith("aria-") ? "" : String(value));
  }
  node.append(...children);
  return node;
}

export function initials(name) { return [...(name ?? "?")][0]?.toUpperCase() ?? "?"; }

/** The number of one of the seven colours that names and avatars have. */
export function colour(id) { return Math.abs(Number(id) || 0) % 7; }

export function avatar(id, name, size = "") {
  return element("div", { class: `avatar c${colour(id)} ${size}`.trim(), "aria-hidden": "true" }, initials(name));
}
