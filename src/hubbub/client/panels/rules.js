// @ts-check
/** The rules of the place for its owners, and how long a room keeps its messages. */

import { h } from "../lib/dom.js";

const LINKS = { everybody: "Everybody", members: "People with an account", nobody: "Only moderators" };

/** @param {any} page @param {import("../state.js").Room} room @returns {Promise<Node[]>} */
export async function rulesForm(page, room) {
  const forms = [];
  if (page.state.me.role === "owner") forms.push(placeForm(page, await page.ask("rules")));
  if (room.role === "owner") forms.push(roomForm(page, room));
  return forms.length ? [h("h3", {}, "Rules"), ...forms] : [];
}

/** @param {any} page @param {{blocked_words: string[], links: string, retention_days?: number}} rules */
function placeForm(page, rules) {
  const words = /** @type {HTMLTextAreaElement} */ (h("textarea", { rows: 3 }, rules.blocked_words.join("\n")));
  const links = /** @type {HTMLSelectElement} */ (
    h("select", {}, ...Object.entries(LINKS).map(([value, text]) => h("option", { value, selected: value === rules.links }, text)))
  );
  const days = daysInput(rules.retention_days, "for ever");
  return saving(page, "Save the rules", [
    h("label", {}, "Words that nobody may use, one on each line", words),
    h("label", {}, "Who may post links?", links),
    h("label", {}, "Days for which messages are kept", days),
  ], () =>
    page.ask("set_rules", {
      blocked_words: words.value.split("\n").map((word) => word.trim()).filter(Boolean),
      links: links.value,
      ...(days.value ? { retention_days: Number(days.value) } : {}),
    }));
}

/** @param {any} page @param {import("../state.js").Room} room */
function roomForm(page, room) {
  const days = daysInput(room.retentionDays, "as the place");
  const label = h("label", {}, "Days for which messages are kept in ", h("bdi", {}, room.name), days);
  return saving(page, "Save for this room", [label], async () => {
    await page.ask("retention", { room: room.id, ...(days.value ? { days: Number(days.value) } : {}) });
    room.retentionDays = Number(days.value) || undefined;
  });
}

/** @param {number | undefined} value @param {string} otherwise */
const daysInput = (value, otherwise) =>
  /** @type {HTMLInputElement} */ (h("input", { type: "number", min: 1, max: 36_500, step: 1, value, placeholder: otherwise }));

/** @param {any} page @param {string} button @param {Node[]} fields @param {() => Promise<unknown>} save */
function saving(page, button, fields, save) {
  const said = h("p", { class: "note", role: "status" });
  const form = h("form", { class: "stack" }, ...fields, said, h("button", { class: "plain" }, button));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await save();
      said.textContent = "Saved. It holds from now on; messages that are older than that are erased.";
    } catch (error) {
      said.textContent = /** @type {Error} */ (error).message;
    }
  });
  return form;
}
