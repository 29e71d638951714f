// @ts-check
/** The truth about the connection, in one polite line; and one voice for screen readers. */

import { h } from "../lib/dom.js";
import { plural } from "../lib/words.js";

const PATIENCE_MS = 3000;
const BURST = 3;
const BURST_MS = 2000;
const SPOKEN_MAX = 160;

export class StatusLine {
  /**
   * @param {HTMLElement} place where the line goes @param {() => void} hurry what "Try now" does
   * @param {() => void} signIn
   */
  constructor(place, hurry, signIn) {
    this.signIn = signIn;
    this.line = h("div", { role: "status" });
    this.hurry = hurry;
    place.after(this.line);
  }

  /**
   * @param {import("../connection.js").Connection} connection @param {number} waiting messages that wait to be sent
   */
  update(connection, waiting) {
    clearTimeout(this.timer);
    const { status } = connection;
    if (status === "open") {
      this.show("");
      return;
    }
    if (status === "ended") {
      const [words, go] = connection.signedOut ? ["Sign in", this.signIn] : ["Reload", () => location.reload()];
      const reload = h("button", { type: "button", class: "plain", onclick: go }, words);
      this.show(`Not connected: ${connection.reason || "the server has closed the connection."}`, reload);
      return;
    }
    const patience = PATIENCE_MS - (Date.now() - connection.lostAt);
    if (patience > 0) {
      this.timer = setTimeout(() => this.update(connection, waiting), patience);
      return;
    }
    const queued = waiting ? ` ${plural(waiting, "message waits", "messages wait")} to be sent.` : "";
    const why = navigator.onLine ? "Reconnecting …" : "You are offline.";
    this.show(`${why}${queued}`, h("button", { type: "button", class: "plain", onclick: this.hurry }, "Try now"));
  }

  /** @param {string} words @param {HTMLElement} [button] */
  show(words, button) {
    if (this.line.textContent === words + (button?.textContent ?? "")) return;
    this.line.className = words ? "status" : "";
    this.line.replaceChildren(...(words ? [h("span", {}, words), button ?? ""] : []));
  }
}

/** Speaks new messages: each by itself, a burst as a number. */
export class Announcer {
  /** @param {HTMLElement} element with aria-live */
  constructor(element) {
    this.element = element;
    /** @type {number[]} */
    this.times = [];
  }

  /** @param {string} name @param {string} text @param {number} now */
  message(name, text, now) {
    this.times = [...this.times.filter((time) => now - time < BURST_MS), now];
    const burst = this.times.length > BURST;
    this.say(burst ? `${this.times.length} new messages` : `${name}: ${text}`.slice(0, SPOKEN_MAX));
  }

  /** @param {string} words */
  say(words) {
    this.element.textContent = words;
  }
}

const TOAST_MS = 6000;

/** A short remark at the bottom of the page, which goes away by itself; with a button where something can be undone. */
export class Toast {
  constructor() {
    this.element = h("div", { role: "status" });
    document.body.append(this.element);
    /** What still has to be done when the remark goes away. @type {(() => void) | undefined} */
    this.due = undefined;
    /** How that is done when the page is being left. @type {(() => void) | undefined} */
    this.last = undefined;
    addEventListener("pagehide", () => {
      if (this.due && this.last) this.due = this.last;
      this.done();
    });
  }

  /** @param {string} words */
  show(words) {
    this.done();
    this.put(words);
  }

  /**
   * Offers to undo something for a while; then it is done for good, also when the page is left.
   * @param {string} words @param {string} label @param {() => void} undo @param {() => void} done
   * @param {() => void} [last] in place of `done` when the page is being left
   */
  offer(words, label, undo, done, last) {
    this.done();
    this.due = done;
    this.last = last;
    const button = h("button", { type: "button", onclick: () => {
      this.due = undefined;
      this.done();
      undo();
    } }, label);
    this.put(words, button);
  }

  /** @param {string} words @param {HTMLElement} [button] */
  put(words, button) {
    this.element.className = "toast";
    this.element.replaceChildren(h("span", {}, words), button ?? "");
    this.timer = setTimeout(() => this.done(), TOAST_MS);
  }

  done() {
    clearTimeout(this.timer);
    const { due } = this;
    this.due = undefined;
    this.element.className = "";
    this.element.replaceChildren();
    due?.();
  }
}
