// @ts-check
/** One message as a row: the same shape as the server's template makes. */

import { h, icon, setMessageHtml } from "../lib/dom.js";
import { addressOf, dayKey, dayOf, deletedWords, fullTimeOf, hue, isPicture, listOf, plural, shortTimeOf, sizeOf, timeOf, wordsOf } from "../lib/words.js";

export const GROUP_MS = 5 * 60 * 1000;
const PICTURE_MAX_PX = { width: 360, height: 270 };

/**
 * @typedef {import("../state.js").Message} Message
 * @typedef {import("../state.js").Quote} Quote
 * @typedef {{first: boolean, quote?: Quote, me: string, nameOf: (id: string) => string, href: (seq: number) => string,
 *   base: string}} Context
 */

/** Whether a message begins a group of its own. @param {Message} message @param {Message} [before] */
export function beginsGroup(message, before) {
  return (
    !before ||
    before.author.id !== message.author.id ||
    message.at - before.at > GROUP_MS ||
    dayKey(before.at) !== dayKey(message.at) ||
    message.reply_to !== undefined
  );
}

/** @param {Message} message @param {Context} context @returns {HTMLElement} */
export function messageRow(message, context) {
  const { author, seq, at } = message;
  const classes = ["row", context.first && "first", message.pinned && "pinned"].filter(Boolean).join(" ");
  return h(
    "article",
    { class: classes, id: `m${seq}`, "data-seq": seq, tabindex: -1, "aria-label": labelOf(message) },
    h("div", { class: "margin" }, timeElement(at)),
    h(
      "div",
      { class: "body" },
      h("header", { class: context.first ? "author" : "author said", "data-hue": hue(author.id) }, h("bdi", {}, author.name)),
      message.reply_to !== undefined && quoteLink(message.reply_to, context),
      textOf(message),
      message.files?.length ? h("div", { class: "files" }, ...message.files.map((file) => fileOf(file, context.base))) : null,
      message.edited_at && !message.deleted && h("span", { class: "note", title: fullTimeOf(message.edited_at) }, "edited"),
      message.reactions?.length ? reactionsOf(message, context) : null,
    ),
  );
}

/**
 * A message that is on its way.
 * @param {import("../outgoing.js").Item} item @param {{first: boolean, name: string, me: string}} context
 */
export function pendingRow(item, context) {
  const failed = Boolean(item.problem);
  const state = failed ? "not sent" : item.uploading ? "being uploaded" : "on its way";
  const button = (/** @type {string} */ act, /** @type {string} */ words) =>
    h("button", { type: "button", class: "link", "data-act": act, "data-key": item.key }, words);
  return h(
    "article",
    {
      class: `row ${failed ? "failed" : "pending"}${context.first ? " first" : ""}`,
      "data-key": item.key,
      tabindex: -1,
      "aria-label": `${context.name}, ${state}: ${wordsOf(item)}`,
    },
    h("div", { class: "margin" }, h("span", { title: failed ? "Not sent" : "On its way" }, failed ? "⚠ failed" : "◷")),
    h(
      "div",
      { class: "body" },
      h("header", { class: context.first ? "author" : "author said", "data-hue": hue(context.me) }, h("bdi", {}, context.name)),
      h("div", { class: "text", dir: "auto" }, item.text),
      item.files ? h("ul", { class: "chips" }, ...item.files.map(pendingFile)) : null,
      item.uploading ? button("discard", "Cancel") : null,
      failed &&
        h(
          "p",
          { class: "trouble-line" },
          h("span", {}, item.problem),
          !item.lost && button("retry", "Try again"),
          button("rewrite", "Edit"),
          button("discard", "Delete"),
        ),
    ),
  );
}

/** @param {number} at @param {number} now */
export const dayLine = (at, now) => h("div", { class: "day", role: "separator" }, h("span", {}, dayOf(at, now)));

export const newLine = () => h("div", { class: "new-line", role: "separator", "aria-label": "New messages" }, h("span", {}, "New"));

/** @param {Message} message */
export const labelOf = (message) =>
  `${message.author.name}, ${timeOf(message.at)}: ${message.deleted ? "deleted" : wordsOf(message).slice(0, 300)}`;

/** @param {import("../state.js").FileInfo} file @param {string} base @returns {HTMLElement} */
function fileOf(file, base) {
  const { id, name, type, size } = file;
  const address = addressOf(base, file);
  if (isPicture(file)) {
    const image = h("img", { src: `${base}/api/files/${id}/thumbnail`, alt: name, loading: "lazy", ...shownSize(file) });
    return h("a", { class: "picture", href: address, "data-file": id }, image);
  }
  if (type.startsWith("video/")) return h("video", { src: address, controls: true, preload: "metadata", "aria-label": name });
  if (type.startsWith("audio/")) {
    const player = h("audio", { src: address, controls: true, preload: "none", "aria-label": name });
    return h("figure", {}, h("figcaption", { class: "note" }, h("bdi", {}, name)), player);
  }
  const words = [h("bdi", {}, name), h("span", { class: "note" }, sizeOf(size))];
  return h("a", { class: "card", href: address, download: name }, /** @type {any} */ (icon("file")), ...words);
}

/** @param {import("../state.js").FileInfo} file so that its place is kept before it is there */
function shownSize({ width = 1, height = 1 }) {
  const scale = Math.min(1, PICTURE_MAX_PX.width / width, PICTURE_MAX_PX.height / height);
  const shown = (/** @type {number} */ length) => Math.max(1, Math.floor(length * scale + 0.5));
  return { width: shown(width), height: shown(height) };
}

/** @param {import("../outgoing.js").Sent} file */
const pendingFile = ({ id, name, size, loaded = 0 }) =>
  h("li", { class: "chip" }, h("bdi", {}, name), !id && h("progress", { max: size, value: loaded, "aria-label": `Uploading ${name}` }));

/** @param {number} at */
const timeElement = (at) => h("time", { datetime: new Date(at).toISOString(), title: fullTimeOf(at) }, shortTimeOf(at));

/** @param {Message} message */
function textOf(message) {
  if (message.deleted) return h("div", { class: "text gone", dir: "auto" }, deletedWords(message.reason));
  if (!message.text) return null;
  const text = h("div", { class: message.html ? "text rich" : "text", dir: "auto" });
  if (message.html) {
    setMessageHtml(text, message.html);
    for (const code of text.querySelectorAll("pre")) code.tabIndex = 0; // scrolls by keyboard
  } else text.textContent = message.text;
  return text;
}

/** @param {number} seq @param {Context} context */
function quoteLink(seq, { quote, href }) {
  const link = h("a", { class: "quote", href: href(seq), "data-seq": seq });
  if (!quote) link.append("…");
  else {
    const text = quote.deleted ? "This message was deleted." : quote.text;
    link.append(h("b", {}, h("bdi", {}, quote.author.name)), ` ${text}`);
  }
  return link;
}

/** @param {Message} message @param {Context} context */
function reactionsOf(message, { me, nameOf }) {
  return h(
    "div",
    { class: "reactions" },
    ...(message.reactions ?? []).map(({ emoji, people }) => {
      const mine = people.includes(me);
      const names = people.map((id) => (id === me ? "you" : nameOf(id)));
      const label = `${emoji}, ${plural(people.length, "person", "people")}${mine ? ", you too" : ""}`;
      return h(
        "button",
        { type: "button", "data-emoji": emoji, "aria-pressed": String(mine), "aria-label": label, title: listOf(names) },
        h("span", {}, emoji),
        h("span", {}, people.length),
      );
    }),
  );
}
