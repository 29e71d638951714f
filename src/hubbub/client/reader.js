// @ts-check
/** Where the reader is: which room is open, which stretch of it is loaded, and what of it has been read. */

import { quoteOf } from "./messages.js";
import { applyLater, takeRead } from "./state.js";

export const ROWS_MAX = 400;
const PAGE = 50;
const NAMED_AT_FIRST = 50;
const NAMES_MAX = 300;
const IDLE_MS = 60_000;
const READ_PAUSE_MS = 250;

/**
 * @typedef {import("./state.js").Room} Room
 * @typedef {import("./state.js").History} History
 * @typedef {import("./state.js").Frame} Frame
 */

export class Reader {
  /**
   * @param {{ask: (type: string, fields: object) => Promise<any>,
   *   list: import("./elements/message-list.js").MessageList, room: Room, draw: () => void,
   *   drawNow: () => void, told: (error: unknown) => void}} options
   */
  constructor(options) {
    this.options = options;
    this.room = options.room;
    /** What is being asked for, so that nothing is asked for twice. @type {Set<string>} */
    this.asking = new Set();
    /** Where the reader was in rooms that are not open. @type {Map<string, {seq: number, top: number}>} */
    this.places = new Map();
    /** Rooms that stay unread until they are opened again. @type {Set<string>} */
    this.held = new Set();
    this.activeAt = Date.now();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    for (const kind of ["keydown", "pointerdown", "wheel", "focus"]) {
      addEventListener(kind, () => this.isActive(), { passive: true });
    }
    document.addEventListener("visibilitychange", () => this.isActive());
  }

  /** Opens another room: at the place where it was left, or where the unread messages begin. @param {Room} room */
  async open(room) {
    const { list } = this.options;
    const place = list.place();
    if (place) this.places.set(this.room.id, place);
    else this.places.delete(this.room.id);
    this.room.newAfter = null;
    this.room = room;
    this.held.delete(room.id);
    this.beginUnread();
    this.options.drawNow();
    await this.load();
    if (this.room !== room) return;
    const left = this.places.get(room.id);
    if (left) list.goTo(left);
    else list.showNewLine();
    this.markSoon();
  }

  /** Draws the line above the first message that has not been read. */
  beginUnread() {
    const { room } = this;
    room.newAfter = room.joined && room.unread ? room.read : null;
    room.newCount = room.unread;
  }

  /** Fetches the newest messages, if none are there or something is missing. */
  async load() {
    const { room } = this;
    if (!room.loaded) await this.fetch(room, "load", {}, "all");
    else this.fetchQuotes(room);
    if (this.room === room) this.options.list.askForMore();
    this.refreshHere(room);
  }

  async older() {
    const { room } = this;
    const first = room.messages.keys().next().value;
    if (first === undefined || !room.moreBefore) return;
    const fits = () => room.messages.keys().next().value === first;
    if (await this.fetch(room, "older", { before: first }, "before", fits)) this.loadedMore(room, "end");
  }

  async newer() {
    const { room } = this;
    const last = room.last?.seq;
    if (last === undefined || !room.moreAfter) return;
    const fits = () => room.last?.seq === last;
    if (await this.fetch(room, "newer", { after: last }, "after", fits)) this.loadedMore(room, "start");
  }

  /** @param {Room} room @param {"start" | "end"} farEnd */
  loadedMore(room, farEnd) {
    trim(room, farEnd);
    if (this.room !== room) return;
    this.options.drawNow();
    this.options.list.askForMore();
  }

  /** To the newest message. */
  async latest() {
    const { room } = this;
    const { list } = this.options;
    room.below = 0;
    if (room.moreAfter) await this.fetch(room, "load", {}, "all");
    if (this.room !== room) return;
    list.toEnd();
    this.markSoon();
  }

  /** To a message, which is fetched with its surroundings if it is not there. @param {number} seq */
  async jump(seq) {
    const { room } = this;
    const { list, drawNow } = this.options;
    if (!room.messages.has(seq)) await this.fetch(room, "load", { around: seq }, "all");
    if (this.room !== room) return;
    drawNow();
    const nearest = room.messages.has(seq) ? seq : nearestTo(seq, [...room.messages.keys()]);
    if (nearest !== undefined) list.show(nearest);
  }

  async firstUnread() {
    const { room } = this;
    if (room.newAfter !== null) await this.jump(room.newAfter + 1);
  }

  /** A new message has come into the open room. @param {Frame} event */
  cameIn(event) {
    const { room } = this;
    if (!this.isHere() && room.newAfter === null) Object.assign(room, { newAfter: event.seq - 1, newCount: 0 });
    if (room.newAfter !== null) room.newCount += 1;
    if (this.options.list.stuck) trim(room, "start");
    else room.below += 1;
    this.markSoon();
  }

  // What has been read ----------------------------------------------------------------------------------------

  isActive() {
    this.activeAt = Date.now();
    this.markSoon();
  }

  /** Whether somebody looks at the page: a window that happens to be visible has not been read. */
  isHere() {
    return document.visibilityState === "visible" && document.hasFocus() && Date.now() - this.activeAt < IDLE_MS;
  }

  markSoon() {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.mark();
    }, READ_PAUSE_MS);
  }

  mark() {
    const { room } = this;
    const { list, ask } = this.options;
    const something = room.unread || (room.last?.seq ?? 0) > room.read;
    if (!room.joined || !room.loaded || !something || this.held.has(room.id)) return;
    if (!list.atEnd || !this.isHere()) return;
    ask("read", { room: room.id, seq: room.cursor }).then((value) => this.took(room, value), () => {});
  }

  /** This message and what follows count as unread again, until the room is opened anew. @param {number} seq */
  async markUnread(seq) {
    const { room } = this;
    this.held.add(room.id);
    this.took(room, await this.options.ask("unread", { room: room.id, seq }));
    Object.assign(room, { newAfter: seq - 1, newCount: room.unread });
    this.options.draw();
  }

  /** Everything in these rooms is read. Returns what undoes that. @param {Room[]} rooms @returns {Promise<() => void>} */
  async markAllRead(rooms) {
    const before = rooms.map((room) => ({ room, read: room.read }));
    for (const { room } of before) {
      room.newAfter = null;
      this.held.delete(room.id);
      this.took(room, await this.options.ask("read", { room: room.id, seq: room.cursor }));
    }
    return () => {
      for (const { room, read } of before) {
        this.held.add(room.id);
        this.options.ask("unread", { room: room.id, seq: read + 1 }).then((value) => this.took(room, value), this.options.told);
      }
    };
  }

  /** @param {Room} room @param {import("./state.js").ReadState} value */
  took(room, value) {
    takeRead(room, value);
    this.options.draw();
  }

  /** Tells the others that one is typing. */
  typing() {
    this.room.typedAt = Date.now();
    this.options.ask("typing", { room: this.room.id }).catch(() => {}); // not connected, or too fast: no matter
  }

  // Inside ----------------------------------------------------------------------------------------------------

  /**
   * @param {Room} room @param {string} what @param {object} where @param {"all" | "before" | "after"} place
   * @param {() => boolean} fits whether the answer still fits to what is loaded
   * @returns {Promise<boolean>} whether something was loaded
   */
  async fetch(room, what, where, place, fits = () => true) {
    const name = `${what} ${room.id} ${JSON.stringify(where)}`;
    if (this.asking.has(name)) return false;
    this.asking.add(name);
    const events = beginRequest(room);
    try {
      let taken = false;
      while (!taken) {
        const history = await this.options.ask("history", { room: room.id, limit: PAGE, ...where });
        if (!fits()) return false;
        taken = takeHistory(room, history, place, events);
      }
      this.fetchQuotes(room);
      return true;
    } catch (error) {
      this.options.told(error);
      return false;
    } finally {
      forgetRequest(room, events);
      this.asking.delete(name);
      if (this.room === room) this.options.drawNow();
    }
  }

  /** For replies that came with no quote: history, or a new connection, was on its way. @param {Room} room */
  fetchQuotes(room) {
    for (const { reply_to: seq } of room.messages.values()) if (seq && !room.quotes.has(seq)) this.fetchQuote(room, seq);
  }

  /** A new message replies to one that is not loaded. @param {Room} room @param {number} seq */
  async fetchQuote(room, seq) {
    const name = `quote ${room.id} ${seq}`;
    if (this.asking.has(name)) return;
    this.asking.add(name);
    const events = beginRequest(room);
    try {
      takeQuote(room, await this.options.ask("history", { room: room.id, around: seq, limit: 1 }), seq, events);
      this.options.draw();
    } catch {
      // Its link leads there all the same.
    } finally {
      forgetRequest(room, events);
      this.asking.delete(name);
    }
  }

  /** Asks who is here. @param {Room} room @param {boolean} [shown] whether many names are wanted */
  async refreshHere(room, shown = room.here.size > NAMED_AT_FIRST) {
    try {
      const limit = shown ? NAMES_MAX : NAMED_AT_FIRST;
      const { people, count } = await this.options.ask("here", { room: room.id, limit });
      room.here = new Map(people.map((/** @type {any} */ person) => [person.id, person.name]));
      room.hereCount = count;
      room.hereKnown = people.length === count;
      this.options.draw();
    } catch {
      // Not connected: the next connection asks again.
    }
  }
}

/** @param {number} seq @param {number[]} seqs */
const nearestTo = (seq, seqs) =>
  seqs.length ? seqs.reduce((best, one) => (Math.abs(one - seq) < Math.abs(best - seq) ? one : best)) : undefined;

// What is loaded of a room ---------------------------------------------------------------------------------------

/**
 * Says that history is being asked for: what happens until it comes is remembered. Hand the answer, and what this
 * returned, to `takeHistory`; to `forgetRequest` when there is none.
 * @param {Room} room @returns {Frame[]}
 */
export function beginRequest(room) {
  /** @type {Frame[]} */
  const events = [];
  room.waiting.add(events);
  return events;
}

/** @param {Room} room @param {Frame[]} events */
export function forgetRequest(room, events) {
  room.waiting.delete(events);
}

/**
 * Takes a stretch of history. `where`: in place of what is loaded, before it, or after it. Events that came while it
 * was on its way, and that it does not contain yet, are applied to it.
 * @param {Room} room @param {History} history @param {"all" | "before" | "after"} where @param {Frame[]} events
 * @returns {boolean} false: it is too old, events after it are missing; ask again
 */
export function takeHistory(room, history, where, events) {
  if (isTooOld(room, history)) return false;
  room.waiting.delete(events);
  const arrived = history.messages.map((message) => /** @type {const} */ ([message.seq, message]));
  const old = [...room.messages];
  room.messages = new Map(where === "before" ? [...arrived, ...old] : where === "after" ? [...old, ...arrived] : arrived);
  if (where === "all" && !room.loaded) room.quotes = new Map();
  for (const quote of history.quotes) room.quotes.set(quote.seq, quote);
  for (const message of history.messages) room.names.set(message.author.id, message.author.name);
  if (where !== "after") room.moreBefore = history.more_before;
  if (where !== "before") room.moreAfter = history.more_after;
  if (where === "all") room.loaded = true;
  if (!room.joined) room.cursor = history.head;
  applyLater(room, history, events);
  return true;
}

/** @param {Room} room @param {History} history @param {number} seq of the quoted @param {Frame[]} events */
export function takeQuote(room, history, seq, events) {
  room.waiting.delete(events);
  const original = history.messages.find((message) => message.seq === seq);
  if (!original || isTooOld(room, history)) return;
  room.quotes.set(seq, quoteOf(original));
  applyLater(room, history, events);
}

/** @param {Room} room @param {History} history */
const isTooOld = (room, history) => room.joined && history.head < room.since;

/** The first history, which stands in the page. @param {Room} room @param {History} history */
export function bootHistory(room, history) {
  room.cursor = room.since = history.head;
  takeHistory(room, history, "all", []);
}

/**
 * Keeps at most ROWS_MAX messages loaded, by dropping those at the end where nobody reads.
 * @param {Room} room @param {"start" | "end"} from
 */
export function trim(room, from) {
  const excess = room.messages.size - ROWS_MAX;
  if (excess <= 0) return;
  const seqs = [...room.messages.keys()];
  for (const seq of from === "start" ? seqs.slice(0, excess) : seqs.slice(-excess)) room.messages.delete(seq);
  if (from === "start") room.moreBefore = true;
  else room.moreAfter = true;
}
