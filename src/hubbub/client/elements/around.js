// @ts-check
/**
 * What stands around the messages: the rooms and conversations one is in, how a room is marked, the truth about the
 * connection in one polite line, and one voice for screen readers.
 */

import { arrange, h, icon, iconButton } from "../lib/dom.js";
import { activityOf, countOf, plural } from "../lib/words.js";
import { draftOf, stored } from "../outgoing.js";

const HIDDEN = "hubbub:hidden";
const PATIENCE_MS = 3000;
const BURST = 3;
const BURST_MS = 2000;
const SPOKEN_MAX = 160;

/** @typedef {import("../state.js").Room} Room */

/** Shows what kind of room it is, and what it is about. @param {HTMLElement} bar @param {Room} room */
export function drawTitle(bar, room) {
  const [sign, topic] = [bar.querySelector(".sign"), bar.querySelector(".topic")];
  const slow = room.slowS ? `One message every ${plural(room.slowS, "second")}` : "";
  const words = [room.topic, slow].filter(Boolean).join(" · ");
  if (topic && topic.textContent !== words) topic.textContent = words;
  const wanted = signOf(room);
  if (sign && sign.getAttribute("data-sign") !== wanted) {
    sign.setAttribute("data-sign", wanted);
    sign.replaceChildren(...signNodes(wanted));
  }
}

/** Not any more when something is said in it. @param {Room} room */
export function hideUntilNextMessage(room) {
  try {
    localStorage.setItem(HIDDEN, JSON.stringify({ ...stored(HIDDEN), [room.id]: room.lastAt }));
  } catch {
    // Forbidden: it stays in the list.
  }
}

/** @param {Room} room */
export const isHidden = (room) => room.kind === "direct" && (stored(HIDDEN)?.[room.id] ?? -1) >= room.lastAt;

/** @type {Record<string, string>} */
const SIGNS = { lock: "private", megaphone: "announcements", people: "conversation" };

/** @param {Room} room */
const signOf = ({ kind, announcement }) =>
  kind === "direct" ? "people" : kind === "private" ? "lock" : announcement ? "megaphone" : "";

/** @param {string} sign @returns {Node[]} */
const signNodes = (sign) => (sign ? [icon(sign), h("span", { class: "said" }, `${SIGNS[sign]} `)] : []);

/** Says: `open` (room id), `create`, `write`, `browse`. */
export class RoomList extends HTMLElement {
  connectedCallback() {
    this.list = h("ul", { class: "room-links", "aria-label": "Rooms" });
    this.direct = h("ul", { class: "room-links", "aria-label": "Direct messages" });
    this.heading = h("h2", {}, "Direct messages");
    this.write = iconButton("write", "New message", () => this.say("write"));
    this.links = new Map();
    const actions = h(
      "div",
      { class: "room-actions" },
      iconButton("plus", "New room", () => this.say("create")),
      this.write,
      iconButton("compass", "Find rooms", () => this.say("browse")),
    );
    this.replaceChildren(h("h2", {}, "Rooms"), this.list, this.heading, this.direct, actions);
    this.addEventListener("click", (event) => {
      const link = /** @type {HTMLElement} */ (event.target).closest("a");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      this.say("open", link.dataset.room);
    });
  }

  /**
   * @param {Room[]} rooms in order @param {string} current @param {(room: string) => string} href
   * @param {boolean} mayWrite whether one may begin conversations
   */
  update(rooms, current, href, mayWrite) {
    const { list, direct, heading, write } = this;
    if (!list || !direct || !heading || !write) return;
    const conversations = rooms.filter((room) => room.kind === "direct");
    heading.hidden = !conversations.length;
    write.hidden = !mayWrite;
    this.arrange(list, rooms.filter((room) => room.kind !== "direct"), current, href);
    this.arrange(direct, conversations, current, href);
  }

  /** @param {HTMLElement} list @param {Room[]} rooms @param {string} current @param {(room: string) => string} href */
  arrange(list, rooms, current, href) {
    const now = Date.now();
    const items = rooms.map((room) => {
      const draft = room.id !== current && Boolean(draftOf(room.id).text);
      const key = [room.name, signOf(room), room.unread, activityOf(room.lastAt, now), room.id === current, draft].join("\n");
      const old = this.links?.get(room.id);
      if (old?.key === key) return old.item;
      const item = h("li", {}, this.link(room, current, href, draft, now));
      const focused = old?.item.contains(document.activeElement);
      this.links?.set(room.id, { key, item });
      if (focused) queueMicrotask(() => item.querySelector("a")?.focus());
      return item;
    });
    arrange(list, items);
  }

  /** @param {Room} room @param {string} current @param {(room: string) => string} href @param {boolean} draft @param {number} now */
  link(room, current, href, draft, now) {
    const { unread } = room;
    return h(
      "a",
      {
        href: href(room.id),
        "data-room": room.id,
        "aria-current": room.id === current ? "page" : null,
        class: unread ? "unread" : null,
      },
      ...signNodes(signOf(room)),
      h("bdi", { class: "name" }, room.name),
      draft && h("span", { class: "draft" }, "Draft"),
      unread
        ? h("span", { class: "count" }, countOf(unread), h("span", { class: "said" }, " unread"))
        : h("time", { datetime: new Date(room.lastAt).toISOString() }, activityOf(room.lastAt, now)),
    );
  }

  /** @param {string} type @param {unknown} [detail] */
  say(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

customElements.define("room-list", RoomList);

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
