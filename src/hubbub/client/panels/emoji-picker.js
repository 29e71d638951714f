// @ts-check
/** Every emoji, found by its English name. The table comes from the server when it is first needed. */

import { h } from "../lib/dom.js";
import { openDialog } from "./dialogs.js";

const SHOWN_MAX = 200;
const COMMON = ["👍", "❤️", "🎉", "😂", "😮", "😢", "🙏", "👀", "🚀", "✅", "🔥", "👏"];

/** @type {Promise<[string, string][]> | undefined} */
let table;

/** @param {any} page @param {(emoji: string) => void} picked */
export async function pick({ boot }, picked) {
  const input = /** @type {HTMLInputElement} */ (
    h("input", { type: "search", "aria-label": "Search by name", placeholder: "Search: wave, heart, cake …", autocomplete: "off" })
  );
  const grid = h("div", { class: "emoji", role: "group", "aria-label": "Emoji" });
  const count = h("p", { class: "note", role: "status" });
  const dialog = openDialog("React", [h("div", { class: "stack" }, input, grid, count)]);
  const button = (/** @type {string} */ emoji, /** @type {string} */ name) =>
    h("button", { type: "button", "aria-label": name, title: name, onclick: () => {
      dialog.close();
      picked(emoji);
    } }, emoji);
  grid.replaceChildren(...COMMON.map((emoji) => button(emoji, emoji)));
  try {
    const all = await (table ??= fetchTable(boot.base));
    const names = new Map(all);
    const show = () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      const found = words.length ? all.filter(([, name]) => words.every((word) => name.toLowerCase().includes(word))) : null;
      const shown = found?.slice(0, SHOWN_MAX) ?? COMMON.map((emoji) => [emoji, names.get(emoji) ?? emoji]);
      grid.replaceChildren(...shown.map(([emoji, name]) => button(String(emoji), String(name))));
      count.textContent = found ? `${found.length} found` : "";
    };
    input.addEventListener("input", show);
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !input.value) return;
      event.preventDefault();
      /** @type {HTMLElement | null} */ (grid.querySelector("button"))?.click();
    });
    show();
  } catch {
    table = undefined;
    count.textContent = "The list of emoji could not be loaded. Try again when you are connected.";
  }
}

/** @param {string} base @returns {Promise<[string, string][]>} */
async function fetchTable(base) {
  const answer = await fetch(`${base}/api/emoji`);
  if (!answer.ok) throw new Error(answer.statusText);
  return answer.json();
}
