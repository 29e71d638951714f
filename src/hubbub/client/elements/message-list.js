// @ts-check
/**
 * The messages of a room. Two promises: what a reader looks at does not move by anything that they did not do, and
 * somebody at the end stays at the end.
 */

import { arrange, h, icon } from "../lib/dom.js";
import { dayKey, plural } from "../lib/words.js";
import { beginsGroup, dayLine, messageRow, newLine, pendingRow } from "./message-row.js";

const END_PX = 80;
const NEAR_PX = 800;

/**
 * @typedef {import("../state.js").Room} Room
 * @typedef {{me: {id: string, name: string}, base: string, href: (seq: number) => string, items: import("../outgoing.js").Item[]}} View
 */

/** Says: `older`, `newer`, `latest`, `jump` (seq), `first-unread`, `moved`, `picture` (id); and what is done to a row. */
export class MessageList extends HTMLElement {
  connectedCallback() {
    /** @type {Room | undefined} */
    this.room = undefined;
    this.log = /** @type {HTMLElement} */ (this.querySelector(".log"));
    this.pills = h("div", { class: "pills" });
    this.bar = h("div", { class: "unread-bar" });
    this.append(this.bar, this.pills);
    /** @type {Map<string, {of: unknown, key: string, row: HTMLElement}>} */
    this.rows = new Map();
    this.stuck = true;
    this.cameFrom = /** @type {number | null} */ (null);
    this.log.addEventListener("scroll", () => this.scrolled(), { passive: true });
    this.log.addEventListener("keydown", (event) => this.keyed(event));
    this.log.addEventListener("click", (event) => this.clicked(event));
    new ResizeObserver(() => this.stuck && this.toEnd()).observe(this.log);
  }

  /** Draws the room as it is now. Idempotent. @param {Room} room @param {View} view */
  update(room, view) {
    const { log } = this;
    if (!log) return;
    if (this.room !== room) {
      this.rows?.clear();
      this.stuck = true;
      this.cameFrom = null;
    }
    this.room = room;
    this.keepPlace(() => arrange(log, this.nodes(room, view)));
    log.setAttribute("aria-label", `${room.name}, messages`);
    this.updatePills(room);
    this.rove();
  }

  /** Changes what is drawn, and what the reader looks at stays where it is. @param {() => void} change */
  keepPlace(change) {
    const anchor = this.stuck ? null : this.anchor();
    change();
    if (anchor) this.hold(anchor);
    else this.toEnd();
  }

  /** Puts a message into the middle, and marks it for a moment. @param {number} seq @returns {boolean} found */
  show(seq) {
    const row = this.row(seq);
    if (!row) return false;
    this.stuck = false;
    row.scrollIntoView({ block: "center" });
    row.classList.add("target");
    setTimeout(() => row.classList.remove("target"), 2000);
    this.focusRow(row);
    return true;
  }

  /** The reader goes to a message from another one, and may want to come back. @param {number} seq */
  rememberPlace(seq) {
    this.cameFrom = seq;
  }

  showNewLine() {
    const line = this.log?.querySelector(".new-line");
    if (!line || !this.log) return;
    const top = line.getBoundingClientRect().top - this.log.getBoundingClientRect().top;
    if (top >= 0) return;
    this.stuck = false;
    this.log.scrollTop += top - 40;
  }

  /** Where the reader is, to come back to by `goTo`; null at the end. @returns {{seq: number, top: number} | null} */
  place() {
    const anchor = this.stuck || !this.log ? null : this.anchor();
    const seq = Number(anchor?.element.dataset.seq);
    return anchor && seq ? { seq, top: anchor.top } : null;
  }

  /** @param {{seq: number, top: number}} place */
  goTo({ seq, top }) {
    const row = this.row(seq);
    if (!row) return;
    this.stuck = false;
    this.hold({ element: row, top });
  }

  toEnd() {
    this.stuck = true;
    if (this.log) this.log.scrollTop = this.log.scrollHeight;
  }

  /** Whether the newest message is in sight. */
  get atEnd() {
    const { log } = this;
    return Boolean(log && log.scrollHeight - log.scrollTop - log.clientHeight < END_PX && !this.room?.moreAfter);
  }

  /** @param {number} seq @returns {HTMLElement | null} */
  row(seq) {
    return this.log?.querySelector(`#m${seq}`) ?? null;
  }

  focusLast() {
    const rows = this.allRows();
    this.focusRow(rows[rows.length - 1]);
  }

  // Drawing ---------------------------------------------------------------------------------------------------

  /** @param {Room} room @param {View} view @returns {Node[]} */
  nodes(room, view) {
    /** @type {Node[]} */
    const nodes = [];
    const now = Date.now();
    const kept = new Map();
    let before;
    const firstNew = firstNewOf(room, view.me.id);
    nodes.push(this.keep(kept, "start", "", `${room.moreBefore} ${room.loaded} ${room.messages.size > 0}`, () => startOf(room)));
    for (const message of room.messages.values()) {
      const newDay = !before || dayKey(before.at) !== dayKey(message.at);
      if (newDay) {
        const day = dayKey(message.at);
        nodes.push(this.keep(kept, `day ${day}`, day, dayKey(now), () => dayLine(message.at, now)));
      }
      if (message === firstNew) nodes.push(this.keep(kept, "new", "", "", newLine));
      const first = beginsGroup(message, before);
      const quote = message.reply_to === undefined ? undefined : room.quotes.get(message.reply_to);
      const key = `${first} ${quote?.text} ${quote?.author.name} ${quote?.deleted}`;
      const nameOf = (/** @type {string} */ id) => room.names.get(id) ?? room.here.get(id) ?? "somebody";
      const context = { first, quote, me: view.me.id, nameOf, href: view.href, base: view.base };
      nodes.push(this.keep(kept, `m${message.seq}`, message, key, () => messageRow(message, context)));
      before = message;
    }
    for (const [index, item] of (room.moreAfter ? [] : view.items).entries()) {
      const first = index === 0 && before?.author.id !== view.me.id;
      const context = { first, name: view.me.name, me: view.me.id };
      nodes.push(this.keep(kept, item.key, item, String(first), () => pendingRow(item, context)));
    }
    if (!room.messages.size && !view.items.length && room.loaded) {
      nodes.push(this.keep(kept, "empty", "", String(room.isOpen), () => emptyRoom(room)));
    }
    nodes.push(this.keep(kept, "latest", "", "", () => h("span", { id: "latest", tabindex: -1 })));
    this.rows = kept;
    return nodes;
  }

  /**
   * The node made for this before, if what it shows is still the same.
   * @param {Map<string, any>} kept @param {string} name @param {unknown} of @param {string} key
   * @param {() => HTMLElement} make
   */
  keep(kept, name, of, key, make) {
    const old = this.rows?.get(name);
    const entry = old && old.of === of && old.key === key ? old : { of, key, row: make() };
    if (old && entry !== old && old.row.contains(document.activeElement)) this.refocus = entry.row;
    kept.set(name, entry);
    return entry.row;
  }

  /** @param {Room} room */
  updatePills(room) {
    const away = !this.stuck || room.moreAfter;
    const pills = [];
    if (away && this.cameFrom !== null) {
      const from = this.cameFrom;
      pills.push(pill("Back to where you were", () => {
        this.cameFrom = null;
        this.say("jump", from);
      }, "back"));
    }
    if (away && (room.below || room.moreAfter || this.farFromEnd())) {
      pills.push(pill(room.below ? plural(room.below, "new message") : "Newest", () => this.say("latest"), "down"));
    }
    this.pills?.replaceChildren(...pills);
    const first = room.messages.keys().next().value;
    const hidden = room.newAfter !== null && room.moreBefore && first !== undefined && first > room.newAfter + 1;
    const words = hidden ? `${room.newCount} new messages. Go to the first` : "";
    this.bar?.replaceChildren(...(hidden ? [h("button", { type: "button", onclick: () => this.say("first-unread") }, words)] : []));
  }

  /** Puts what the reader looks at back to where it was. @param {{element: HTMLElement, top: number}} anchor */
  hold({ element, top }) {
    const now = element.isConnected ? element : this.row(Number(element.dataset.seq)); // it may have been drawn anew
    if (now && this.log) this.log.scrollTop += now.getBoundingClientRect().top - top;
  }

  farFromEnd() {
    const { log } = this;
    return Boolean(log && log.scrollHeight - log.scrollTop - log.clientHeight > 2 * log.clientHeight);
  }

  /** The first row that is fully visible: what the reader looks at. */
  anchor() {
    const top = this.log?.getBoundingClientRect().top ?? 0;
    for (const element of this.allRows()) {
      const box = element.getBoundingClientRect();
      if (box.top >= top) return { element, top: box.top };
    }
    return null;
  }

  // The reader ------------------------------------------------------------------------------------------------

  scrolled() {
    const { log, room } = this;
    if (!log || !room) return;
    this.stuck = this.atEnd;
    if (this.stuck) room.below = 0;
    this.askForMore();
    this.updatePills(room);
    this.say("moved");
  }

  /** Asks for the messages that the reader will come to next. */
  askForMore() {
    const { log, room } = this;
    if (!log || !room) return;
    if (room.moreBefore && log.scrollTop < NEAR_PX) this.say("older");
    if (room.moreAfter && log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_PX) this.say("newer");
  }

  /** @param {KeyboardEvent} event */
  keyed(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    const rows = this.allRows();
    const row = /** @type {HTMLElement | null} */ (target.closest(".row"));
    const at = row ? rows.indexOf(row) : rows.length;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    /** @type {Record<string, () => void>} */
    const moves = {
      ArrowUp: () => this.focusRow(rows[Math.max(0, at - 1)]),
      ArrowDown: () => this.focusRow(rows[Math.min(rows.length - 1, at + 1)]),
      End: () => this.say("latest"),
      Enter: () => /** @type {HTMLElement | null} */ (row?.querySelector(".actions button, button, a"))?.focus(),
      Escape: () => (target === row ? this.say("leave") : row?.focus()),
    };
    const move = moves[event.key];
    if (!move || (event.key === "Enter" && target !== row)) return;
    event.preventDefault();
    move();
  }

  /** @param {MouseEvent} event */
  clicked(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    const row = /** @type {HTMLElement | null} */ (target.closest(".row"));
    const quote = /** @type {HTMLElement | null} */ (target.closest(".quote"));
    const emoji = /** @type {HTMLElement | null} */ (target.closest("[data-emoji]"));
    const act = /** @type {HTMLElement | null} */ (target.closest("[data-act]"));
    const author = /** @type {HTMLElement | null} */ (target.closest(".author bdi"));
    const by = author && this.room?.messages.get(Number(row?.dataset.seq))?.author.id;
    const picture = /** @type {HTMLElement | null} */ (target.closest("[data-file]"));
    if (by) this.say("who", by);
    else if (picture && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      this.say("picture", picture.dataset.file);
    } else if (quote && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      this.rememberPlace(Number(row?.dataset.seq));
      this.say("jump", Number(quote.dataset.seq));
    } else if (emoji) this.say("react", { seq: Number(row?.dataset.seq), emoji: emoji.dataset.emoji });
    else if (act) this.say("pending", { act: act.dataset.act, key: act.dataset.key });
  }

  /** Keeps exactly one row in the tab order. */
  rove() {
    const rows = this.allRows();
    if (this.refocus?.isConnected) this.focusRow(this.refocus);
    this.refocus = undefined;
    const current = rows.find((row) => row.tabIndex === 0) ?? rows[rows.length - 1];
    for (const row of rows) row.tabIndex = row === current ? 0 : -1;
    if (this.log) this.log.tabIndex = rows.length ? -1 : 0;
  }

  /** @param {HTMLElement | undefined} row */
  focusRow(row) {
    if (!row) return;
    for (const other of this.allRows()) other.tabIndex = -1;
    row.tabIndex = 0;
    row.focus({ preventScroll: false });
  }

  /** @returns {HTMLElement[]} */
  allRows() {
    return [...(this.log?.querySelectorAll(/** @type {"article"} */ (".row")) ?? [])];
  }

  /** @param {string} type @param {unknown} [detail] */
  say(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/**
 * The first message after the mark that somebody else wrote; none when the mark lies before what is loaded.
 * @param {Room} room @param {string} me
 */
function firstNewOf(room, me) {
  const { newAfter } = room;
  if (newAfter === null) return undefined;
  const messages = [...room.messages.values()];
  const first = messages.find((message) => message.seq > newAfter && message.author.id !== me);
  return room.moreBefore && first === messages[0] ? undefined : first;
}

/** @param {string} words @param {() => void} onclick @param {string} name */
function pill(words, onclick, name) {
  return h("button", { type: "button", onclick }, icon(name), ` ${words}`);
}

/** @param {Room} room */
const emptyRoom = (room) => h("p", { class: "empty" }, `Nobody has written here yet.${room.isOpen ? " Say what this room is for." : ""}`);

/** @param {Room} room */
const startOf = (room) =>
  room.moreBefore || !room.loaded
    ? h("p", { class: "edge" }, room.loaded ? "Older messages are being fetched …" : "Messages are being fetched …")
    : h("p", { class: room.messages.size ? "edge" : "said" }, room.messages.size ? "This is where the room begins." : "");

customElements.define("message-list", MessageList);
