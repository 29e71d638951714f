// @ts-check
/** Small helpers for the DOM: make elements, keep lists in step with data. */

/**
 * Makes an element. Names that begin with "on" are event listeners, `null`, `undefined` and `false` are left out,
 * `true` is an attribute without a value. Children that are `null` or `false` are skipped; text becomes text.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Node | string | number | null | undefined | false)} children
 * @returns {HTMLElement}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children) {
    if (child !== null && child !== undefined && child !== false) element.append(/** @type {any} */ (child));
  }
  return element;
}

/** @param {string} name @returns {SVGElement} an icon of the page's sprite */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/**
 * A button that shows an icon and has a name.
 * @param {string} name @param {string} label @param {(event: Event) => void} onclick
 * @param {Record<string, any>} [more]
 */
export function iconButton(name, label, onclick, more = {}) {
  const button = h("button", { type: "button", class: "icon", "aria-label": label, title: label, onclick, ...more });
  button.append(icon(name));
  return button;
}

/**
 * Makes the children of `parent` these nodes, in this order, moving and removing as little as possible: nodes that
 * stay keep focus, selection and scroll position.
 * @param {Element} parent @param {Node[]} nodes
 */
export function arrange(parent, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...parent.childNodes]) if (!wanted.has(/** @type {any} */ (child))) child.remove();
  let next = parent.firstChild;
  for (const node of nodes) {
    if (node === next) next = next.nextSibling;
    else parent.insertBefore(node, next);
  }
}

/** @type {{createHTML: (html: string) => any}} */
const policy =
  /** @type {any} */ (globalThis).trustedTypes?.createPolicy("hubbub", { createHTML: (/** @type {string} */ s) => s }) ??
  { createHTML: (/** @type {string} */ s) => s };

/**
 * The one place where HTML becomes elements: what the server made from a message's markdown and cleaned.
 * @param {Element} element @param {string} html
 */
export function setMessageHtml(element, html) {
  element.innerHTML = policy.createHTML(html);
}

/** Keys that are also written, whatever gives them on a keyboard. */
export const SIGNS = ["?", "/"];

/** What is pressed, with what is held down: "Ctrl+Shift+F". @param {KeyboardEvent} event */
export function keyOf(event) {
  if (SIGNS.includes(event.key) && !event.ctrlKey && !event.metaKey) return event.key;
  const held = [(event.ctrlKey || event.metaKey) && "Ctrl", event.altKey && "Alt", event.shiftKey && "Shift"].filter(Boolean);
  return [...held, event.key.length === 1 ? event.key.toUpperCase() : event.key].join("+");
}
