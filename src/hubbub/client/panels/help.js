// @ts-check
/** The keys of the page, from the same table as their handlers. */

import { h } from "../lib/dom.js";
import { openDialog } from "./dialogs.js";

const NAMES = { ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc", PageUp: "Page up" };

/** @param {{keys: string[], words: string}[]} keys */
export function showKeys(keys) {
  const rows = keys.map(({ keys: names, words }) =>
    h("li", {}, h("span", { class: "grow" }, words), h("span", {}, ...names.flatMap((name) => [h("kbd", {}, readable(name)), " "]))),
  );
  const close = h("button", { type: "button", class: "main", onclick: () => dialog.close() }, "Close");
  const dialog = openDialog("Keys", [h("ul", { class: "keys" }, ...rows), h("div", { class: "buttons" }, close)]);
  close.focus({ preventScroll: true });
}

/** @param {string} name */
const readable = (name) =>
  name === "+" ? name : name.split("+").map((part) => NAMES[/** @type {keyof typeof NAMES} */ (part)] ?? part).join(" ");
