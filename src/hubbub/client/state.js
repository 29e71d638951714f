// @ts-check
/**
 * What the page knows, and how frames change it. No DOM, no network, no clock: a test can replay everything.
 *
 * Messages are replaced, never changed, so whoever draws them sees by identity what is new.
 */

import { UNREAD_CAP, wordsOf } from "./lib/words.js";
import { changeMessage, erased, insertPosted } from "./messages.js";

const TYPING_LASTS_MS = 6000;
/** Nobody types so long without a pause: the signal that it ended was lost. */
export const TYPING_MAX_MS = 120_000;

/**
 * @typedef {{id: string, name: string}} Author
 * @typedef {{emoji: string, people: string[]}} Reaction
 * @typedef {{room: string, seq: number, at: number, author: Author, text: string, html?: string, reply_to?: number,
 *   edited_at?: number, deleted?: boolean, reason?: string, pinned?: boolean, reactions?: Reaction[], files?: FileInfo[]}} Message
 * @typedef {{id: string, name: string, type: string, size: number, width?: number, height?: number}} FileInfo
 * @typedef {{seq: number, author: Author, text: string, deleted?: boolean}} Quote
 * @typedef {{id: string, name: string, archived: boolean, kind?: string, topic?: string, announcement?: boolean,
 *   slow_s?: number, people?: Author[], role: string, head: number, last_at: number,
 *   joined: boolean, read: number, unread: number, muted_until?: number, retention_days?: number}} Summary
 * @typedef {{room: string, head: number, messages: Message[], quotes: Quote[], more_before: boolean,
 *   more_after: boolean}} History
 * @typedef {{read: number, unread: number, head: number}} ReadState
 * @typedef {{people: Author[], others: number}} Typing who else is typing, and how many more
 * @typedef {any} Frame
 */

/** One room: what the server says of it, and the stretch of its messages that is loaded. */
export class Room {
  /** @param {Summary} summary */
  constructor(summary) {
    this.id = summary.id;
    /** Everything up to this `seq` has been received. */
    this.cursor = summary.head;
    /** The events after this `seq` come without a gap: history that ends earlier misses some. */
    this.since = summary.head;
    /** @type {Map<number, Message>} oldest first */
    this.messages = new Map();
    /** @type {Map<number, Quote>} */
    this.quotes = new Map();
    this.loaded = false;
    this.moreBefore = false;
    this.moreAfter = false;
    /** @type {Map<string, string>} names by id, of everybody seen in this room */
    this.names = new Map();
    /** @type {Map<string, string>} who is here now: names by id */
    this.here = new Map();
    this.hereCount = 0;
    /** Whether `here` has everybody. */
    this.hereKnown = false;
    /** How often the list of members has changed since the page was opened. */
    this.memberChanges = 0;
    /** @type {Typing & {until: number}} */
    this.typing = { people: [], others: 0, until: 0 };
    /** When one said oneself that one is typing; 0 when one has posted since. */
    this.typedAt = 0;
    /** Messages after this one are new: where the line stands. Null: no line. @type {number | null} */
    this.newAfter = null;
    this.newCount = 0;
    /** Messages that came while the reader was elsewhere in the list. */
    this.below = 0;
    /** Events since each history request that is under way. @type {Set<Frame[]>} */
    this.waiting = new Set();
    this.name = summary.name;
    this.archived = summary.archived;
    this.joined = summary.joined;
    this.role = summary.role;
    this.kind = summary.kind ?? "public";
    this.topic = summary.topic ?? "";
    this.announcement = Boolean(summary.announcement);
    this.slowS = summary.slow_s ?? 0;
    /** The others in a direct conversation. */
    this.people = summary.people ?? [];
    this.lastAt = summary.last_at;
    /** Until then one may not write here. */
    this.mutedUntil = summary.muted_until ?? 0;
    this.retentionDays = summary.retention_days;
    this.read = summary.read;
    this.unread = summary.unread;
    /** `unread` counts everything up to this `seq`; events that are replayed up to it do not count again. */
    this.counted = summary.head;
    /** The unread messages after that. @type {number[]} */
    this.fresh = [];
  }

  /** @param {Summary} summary */
  take(summary) {
    const next = new Room(summary);
    const { name, archived, joined, role, kind, topic, announcement, slowS, people } = next;
    const { lastAt, mutedUntil, retentionDays, read, unread, counted, fresh } = next;
    Object.assign(this, { name, archived, joined, role, kind, topic, announcement, slowS, people });
    Object.assign(this, { lastAt, mutedUntil, retentionDays, read, unread, counted, fresh });
  }

  /** Whether one may write in it. */
  get isOpen() {
    return this.joined && !this.archived && !this.isMuted && (!this.announcement || atLeast(this.role, "moderator"));
  }

  get isMuted() {
    return this.mutedUntil > Date.now();
  }

  /** @returns {Message | undefined} */
  get last() {
    return [...this.messages.values()].at(-1);
  }
}

const ROLES = ["guest", "member", "moderator", "owner"];

/** @param {string | undefined} role @param {string} least */
export const atLeast = (role, least) => ROLES.indexOf(role ?? "guest") >= ROLES.indexOf(least);

/** As the server has it: what one was made in the room, or what the place trusts one with. @param {string} given @param {string} place */
const roleOf = (given, place) =>
  place === "guest" && given === "member" ? place : atLeast(place, "moderator") && atLeast(place, given) ? place : given;

/**
 * @typedef {{name: string, joining: string, guests: string}} Place
 * @typedef {{me: Author & {kind?: string, role?: string}, epoch: string, rooms: Map<string, Room>, place: Place | undefined,
 *   waiting: number}} State `waiting`: accounts that wait for approval, told to moderators
 */

/** @param {{me: any, epoch: string, rooms: Summary[], room?: Summary, place?: Place, waiting?: number}} boot @returns {State} */
export function createState(boot) {
  const rooms = new Map(boot.rooms.map((summary) => [summary.id, new Room(summary)]));
  if (boot.room && !rooms.has(boot.room.id)) rooms.set(boot.room.id, new Room(boot.room));
  return { me: boot.me, epoch: boot.epoch, rooms, place: boot.place, waiting: boot.waiting ?? 0 };
}

/** The cursors for `hello`. @param {State} state @returns {Record<string, number>} */
export function cursors(state) {
  return Object.fromEntries([...state.rooms.values()].filter((room) => room.joined).map((room) => [room.id, room.cursor]));
}

/**
 * Takes one frame from the server. Returns the room that it changed, if one, and whether a gap showed: then events
 * are missing and the connection must be resumed.
 * @param {State} state @param {Frame} frame @param {number} now milliseconds
 * @returns {{room?: Room, gap?: boolean, fresh?: boolean}}
 */
export function receive(state, frame, now) {
  const room = typeof frame.room === "string" ? state.rooms.get(frame.room) : undefined;
  switch (frame.type) {
    case "welcome":
      welcome(state, frame);
      return {};
    case "joined":
      return { room: joined(state, frame.room) };
    case "left":
      if (room) left(room);
      return { room };
    case "muted":
      for (const one of room ? [room] : state.rooms.values()) one.mutedUntil = frame.until;
      return { room };
    case "me":
      state.me = frame.person;
      return {};
    case "place":
      state.place = frame.place;
      return {};
    case "waiting":
      state.waiting = frame.count;
      return {};
    case "reset":
      if (room) reset(room, frame.seq);
      room?.take(frame.summary);
      return { room };
    case "read":
      if (room) takeRead(room, frame);
      return { room };
    case "presence":
      if (room) presence(room, frame);
      return { room };
    case "typing":
      if (room) typing(state, room, frame, now);
      return { room };
    default:
      if (!room || typeof frame.seq !== "number") return {};
      if (frame.seq <= room.cursor) return {};
      if (frame.seq > room.cursor + 1) return { room, gap: true };
      room.cursor = frame.seq;
      for (const events of room.waiting) events.push(frame);
      applyEvent(state, room, frame);
      return { room, fresh: true };
  }
}

/** @param {State} state @param {Frame} frame */
function welcome(state, frame) {
  state.me = frame.me;
  const joinedNow = new Set();
  const known = frame.epoch === state.epoch;
  state.epoch = frame.epoch;
  if (!known) for (const room of state.rooms.values()) reset(room, 0);
  for (const summary of frame.rooms) {
    joinedNow.add(summary.id);
    const room = state.rooms.get(summary.id);
    if (!room) state.rooms.set(summary.id, new Room(summary));
    else {
      // What was missed follows as events, unless there was no cursor for it.
      if (!room.joined) room.loaded = false; // no events came while one was not in it
      if (!room.joined || !known) room.cursor = room.since = summary.head;
      room.take(summary);
    }
  }
  for (const room of state.rooms.values()) {
    if (!joinedNow.has(room.id)) left(room);
    room.typing.until = 0; // whoever still types is told anew
  }
}

/** @param {State} state @param {Summary} summary */
function joined(state, summary) {
  const known = state.rooms.get(summary.id);
  if (known?.joined) return known; // late news: its events come already
  const room = known ?? new Room(summary);
  room.loaded = false;
  room.take(summary);
  room.cursor = room.since = summary.head;
  state.rooms.set(summary.id, room);
  return room;
}

/** Of what is not public nothing stays. @param {Room} room */
function left(room) {
  room.joined = false;
  if (room.kind === "public") return;
  room.messages = new Map();
  room.quotes = new Map();
}

/** @param {Room} room @param {number} seq */
function reset(room, seq) {
  room.cursor = room.since = seq;
  room.messages = new Map();
  room.quotes = new Map();
  room.loaded = false;
}

/** @param {Room} room @param {Frame} frame */
function presence(room, frame) {
  for (const person of frame.here) room.here.set(person.id, person.name);
  for (const id of frame.gone) room.here.delete(id);
  if (!frame.here.length && !frame.gone.length) room.hereKnown = false; // too many came or went to be named
  room.hereCount = frame.count;
}

/** Leaves oneself out, named or counted. @param {State} state @param {Room} room @param {Frame} frame @param {number} now */
function typing(state, room, frame, now) {
  const people = frame.people.filter((/** @type {Author} */ person) => person.id !== state.me.id);
  const isCounted = people.length === frame.people.length && now - room.typedAt < TYPING_LASTS_MS;
  room.typing = { people, others: Math.max(0, frame.others - Number(isCounted)), until: now + TYPING_MAX_MS };
}

/**
 * Takes what has been read, and how much was unread when the log ended at `head`. What is older than what is known
 * already changes nothing; messages that came after `head` count on top.
 * @param {Room} room @param {ReadState} state
 */
export function takeRead(room, { read, unread, head }) {
  if (head < room.counted) return;
  room.fresh = room.fresh.filter((seq) => seq > head);
  Object.assign(room, { read, counted: head, unread: Math.min(unread + room.fresh.length, UNREAD_CAP) });
}

/** @param {State} state @param {Room} room @param {Frame} event */
function applyEvent(state, room, event) {
  room.names.set(event.by.id, event.by.name);
  switch (event.type) {
    case "room.created":
    case "room.renamed":
      if (room.kind !== "direct") room.name = event.name;
      return;
    case "room.archived":
      room.archived = true;
      return;
    case "room.changed":
      Object.assign(room, { kind: event.kind, topic: event.topic ?? "", announcement: event.announcement, slowS: event.slow_s });
      return;
    case "member.role":
      room.memberChanges += 1;
      if (event.person.id === state.me.id) room.role = roleOf(event.role, state.me.role ?? "guest");
      return;
    case "member.joined":
    case "member.renamed":
      room.memberChanges += 1;
      rename(room, event.person);
      return;
    case "member.left":
      room.memberChanges += 1;
      return;
    case "message.posted":
      posted(state, room, event);
      return;
    case "message.deleted":
      deleted(state, room, event);
      return;
    case "messages.erased":
      erased(room, event.up_to);
      return;
    default:
      changeMessage(room, event);
  }
}

/** @param {Room} room @param {Author} person */
function rename(room, person) {
  room.names.set(person.id, person.name);
  if (room.here.has(person.id)) room.here.set(person.id, person.name);
  if (room.people.some((other) => other.id === person.id)) {
    room.people = room.people.map((other) => (other.id === person.id ? person : other));
    room.name = room.people.map((other) => other.name).join(", ");
  }
  for (const [seq, message] of room.messages) {
    if (message.author.id === person.id && message.author.name !== person.name) {
      room.messages.set(seq, { ...message, author: person });
    }
  }
  for (const [seq, quote] of room.quotes) {
    if (quote.author.id === person.id) room.quotes.set(seq, { ...quote, author: person });
  }
}

/** @param {State} state @param {Room} room @param {Frame} event */
function posted(state, room, event) {
  room.lastAt = Math.max(room.lastAt, event.at);
  room.typing.people = room.typing.people.filter((person) => person.id !== event.by.id);
  if (event.by.id === state.me.id) room.typedAt = 0;
  else if (wordsOf(event) && event.seq > Math.max(room.read, room.counted)) {
    room.unread = Math.min(room.unread + 1, UNREAD_CAP);
    room.fresh = [...room.fresh.slice(1 - UNREAD_CAP), event.seq];
  }
  if (room.loaded && !room.moreAfter) insertPosted(room, event);
}

/** Takes it off what is unread, if it was counted. @param {State} state @param {Room} room @param {Frame} event */
function deleted(state, room, event) {
  room.fresh = room.fresh.filter((seq) => seq !== event.message);
  const message = room.messages.get(event.message);
  const wasUnread = message && !message.deleted && message.author.id !== state.me.id && message.seq > room.read;
  if (wasUnread && event.seq > room.counted && room.unread > 0 && room.unread < UNREAD_CAP) room.unread -= 1;
  changeMessage(room, event);
}

/** Applies what is not in history yet. @param {Room} room @param {History} history @param {Frame[]} events */
export function applyLater(room, history, events) {
  for (const event of events) {
    if (event.seq <= history.head) continue;
    if (event.type === "message.posted") {
      if (room.loaded && !room.moreAfter) insertPosted(room, event);
    } else if (event.type === "messages.erased") erased(room, event.up_to);
    else if (event.type === "member.joined" || event.type === "member.renamed") rename(room, event.person);
    else changeMessage(room, event);
  }
}

/** @param {Room} room @param {number} now @returns {Typing} */
export const typingNow = ({ typing: told }, now) => (told.until > now ? told : { people: [], others: 0 });
