// @ts-check
/** Below messages that link somewhere: what the pages say of themselves. Loaded only where the server fetches them. */

import { h } from "../lib/dom.js";

/** @typedef {{url: string, title: string, description?: string, site: string}} Preview */

/**
 * @param {import("../elements/message-list.js").MessageList} list @param {any} page
 * @returns {{look: () => void}} to be called when messages have been drawn
 */
export function previewsIn(list, page) {
  /** By room, message and what it says: an edit may link elsewhere. @type {Map<string, Promise<Preview[]>>} */
  const known = new Map();
  /** @type {WeakSet<Element>} */
  const seen = new WeakSet();
  const watch = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      watch.unobserve(target);
      show(/** @type {HTMLElement} */ (target));
    }
  });

  /** @param {HTMLElement} row */
  async function show(row) {
    const { room } = page.reader;
    const message = room.messages.get(Number(row.dataset.seq));
    if (!message) return;
    const key = JSON.stringify([room.id, message.seq, message.text]);
    const asked = known.get(key) ?? page.ask("previews", { room: room.id, message: message.seq }).then((/** @type {{previews: Preview[]}} */ found) => found.previews);
    known.set(key, asked);
    try {
      const previews = await asked;
      const text = row.querySelector(".text");
      if (previews.length && row.isConnected) list.keepPlace(() => text?.after(h("div", { class: "previews" }, ...previews.map(card))));
    } catch {
      known.delete(key); // a preview is no reason to bother anybody: the next time that the message is drawn
    }
  }

  return {
    look() {
      for (const link of list.querySelectorAll('.row[data-seq] > .body > .text a[href^="http"]')) {
        const row = /** @type {Element} */ (link.closest(".row"));
        if (!seen.has(row)) watch.observe(row);
        seen.add(row);
      }
    },
  };
}

/** @param {Preview} preview */
const card = ({ url, title, description, site }) =>
  h(
    "a",
    { class: "preview", href: url, target: "_blank", rel: "noopener noreferrer nofollow" },
    h("span", { class: "note", dir: "auto" }, site),
    h("b", { dir: "auto" }, title),
    description && h("span", { dir: "auto" }, description),
  );
