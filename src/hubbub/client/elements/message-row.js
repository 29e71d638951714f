// @ts-check
/** One message as a row: the same shape as the server's template makes. */

import { h, setMessageHtml } from "../lib/dom.js";
import { dayKey, dayOf, deletedWords, fullTimeOf, hue, listOf, plural, shortTimeOf, timeOf } from "../lib/words.js";

export const GROUP_MS = 5 * 60 * 1000;

/**
 * @typedef {import("../state.js").Message} Message
 * @typedef {import("../state.js").Quote} Quote
 * @typedef {{first: boolean, quote?: Quote, me: string, nameOf: (id: string) => string, href: (seq: number) => string}}
 *   Context
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
  const state = failed ? "not sent" : "on its way";
  const button = (/** @type {string} */ act, /** @type {string} */ words) =>
    h("button", { type: "button", class: "link", "data-act": act, "data-key": item.key }, words);
  return h(
    "article",
    {
      class: `row ${failed ? "failed" : "pending"}${context.first ? " first" : ""}`,
      "data-key": item.key,
      tabindex: -1,
      "aria-label": `${context.name}, ${state}: ${item.text}`,
    },
    h("div", { class: "margin" }, h("span", { title: failed ? "Not sent" : "On its way" }, failed ? "⚠ failed" : "◷")),
    h(
      "div",
      { class: "body" },
      h("header", { class: context.first ? "author" : "author said", "data-hue": hue(context.me) }, h("bdi", {}, context.name)),
      h("div", { class: "text", dir: "auto" }, item.text),
      failed &&
        h(
          "p",
          { class: "trouble-line" },
          h("span", {}, item.problem),
          button("retry", "Try again"),
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
  `${message.author.name}, ${timeOf(message.at)}: ${message.deleted ? "deleted" : message.text.slice(0, 300)}`;

/** @param {number} at */
const timeElement = (at) => h("time", { datetime: new Date(at).toISOString(), title: fullTimeOf(at) }, shortTimeOf(at));

/** @param {Message} message */
function textOf(message) {
  if (message.deleted) return h("div", { class: "text gone", dir: "auto" }, deletedWords(message.reason));
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
