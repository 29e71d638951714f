// @ts-check
/** The buttons that belong to a message: one set, which goes to the row that is pointed at or focused. */

import { h, iconButton } from "../lib/dom.js";
import { timeOf } from "../lib/words.js";

const QUICK = ["👍", "❤️", "🎉"];

/** @typedef {import("../state.js").Message} Message */

export class RowActions {
  /**
   * @param {HTMLElement} log
   * @param {{find: (seq: number) => Message | undefined, mine: (message: Message) => boolean, moderated: () => boolean, allowed: () => boolean,
   *   act: (verb: string, message: Message, more?: any) => void}} options
   */
  constructor(log, options) {
    this.options = options;
    this.bar = h("div", { class: "actions", role: "toolbar" });
    log.addEventListener("pointerover", (event) => event.pointerType === "mouse" && this.at(event.target));
    log.addEventListener("pointerleave", () => !this.bar.contains(document.activeElement) && this.bar.remove());
    log.addEventListener("focusin", (event) => this.at(event.target));
    log.addEventListener("keydown", (event) => this.keyed(event));
    this.bar.addEventListener("keydown", (event) => this.moved(event));
  }

  /** @param {EventTarget | null} target */
  at(target) {
    const row = /** @type {HTMLElement | null} */ (/** @type {HTMLElement} */ (target).closest?.(".row[data-seq]"));
    if (!row || this.bar.parentElement === row) return;
    if (this.bar.contains(document.activeElement) && this.bar.isConnected) return;
    const message = this.options.find(Number(row.dataset.seq));
    if (!message || message.deleted) {
      this.bar.remove();
      return;
    }
    this.bar.setAttribute("aria-label", `Actions, ${message.author.name} ${timeOf(message.at)}`);
    this.bar.replaceChildren(...this.buttons(message));
    row.append(this.bar);
  }

  /** @param {Message} message */
  buttons(message) {
    const { act, mine, moderated, allowed } = this.options;
    const button = (/** @type {string} */ name, /** @type {string} */ label, /** @type {string} */ verb) =>
      iconButton(name, label, () => act(verb, message));
    const more = mine(message) || !moderated() ? [] : [button("flag", "Report or moderate", "more")];
    if (!allowed()) return [button("link", "Copy the link", "copy"), ...more];
    const quick = QUICK.map((emoji) =>
      h("button", { type: "button", class: "icon", "aria-label": `React with ${emoji}`, onclick: () => act("react", message, emoji) }, emoji),
    );
    return [
      ...quick,
      button("react", "Another reaction", "pick"),
      button("reply", "Reply", "reply"),
      ...(mine(message) ? [button("edit", "Edit", "edit")] : []),
      button("pin", message.pinned ? "Unpin" : "Pin", "pin"),
      button("unread", "Unread from here", "unread"),
      button("link", "Copy the link", "copy"),
      ...(mine(message) ? [button("delete", "Delete", "delete")] : more),
    ];
  }

  /** Letters on a focused message. @param {KeyboardEvent} event */
  keyed(event) {
    const row = /** @type {HTMLElement} */ (event.target);
    if (!row.matches?.(".row[data-seq]") || event.ctrlKey || event.metaKey || event.altKey) return;
    const message = this.options.find(Number(row.dataset.seq));
    /** @type {Record<string, string>} */
    const verbs = { r: "reply", e: "edit", "+": "pick", u: "unread", c: "copy", p: "who" };
    const verb = verbs[event.key];
    if (!verb || !message || message.deleted) return;
    if (verb !== "copy" && verb !== "who" && !this.options.allowed()) return;
    if (verb === "edit" && !this.options.mine(message)) return;
    event.preventDefault();
    this.options.act(verb, message);
  }

  /** Left and right within the buttons. @param {KeyboardEvent} event */
  moved(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const buttons = [...this.bar.querySelectorAll("button")];
    const at = buttons.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
    buttons[(at + step + buttons.length) % buttons.length]?.focus();
  }
}
