/** The server's truth, and chance: a room's log that grows by random events, and what a server reads out of it. */
import { excerpt } from "../../src/hubbub/client/lib/words.js";

export const ROOM = "lobby";
export const ME = "guest-1";
const EMOJI = ["👍", "🌊", "✅"];
const EVENTS = {
  post: 10,
  edit: 3,
  delete: 1.5,
  react: 3,
  unreact: 1.5,
  pin: 1,
  unpin: 0.7,
  "rename the room": 0.5,
  join: 0.7,
  leave: 0.7,
  rename: 1,
};

/** Chance that can be repeated (mulberry32). */
export class Dice {
  constructor(seed) {
    this.state = seed;
  }

  roll() {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  /** 0, 1 … n - 1 */
  below(n) {
    return Math.floor(this.roll() * n);
  }

  chance(p) {
    return this.roll() < p;
  }

  pick(list) {
    return list[this.below(list.length)];
  }

  /** A name of `weights`, each as often as its weight says. */
  among(weights) {
    let at = this.roll() * Object.values(weights).reduce((sum, weight) => sum + weight, 0);
    return Object.keys(weights).find((name) => (at -= weights[name]) < 0) ?? Object.keys(weights)[0];
  }
}

/** One room's log, and the messages that it makes: told apart by epoch, so that no text of another log fits. */
export class Log {
  constructor(epoch, dice, pageSize) {
    Object.assign(this, { epoch, dice, pageSize, events: [], name: "Lobby" });
    this.people = new Map([ME, "guest-2", "guest-3", "guest-4"].map((id) => [id, `${id}, ${epoch}`]));
    this.members = new Set(this.people.keys());
    /** Names that no event has told: their people were out of the room. */
    this.untold = new Set();
    /** @type {Map<number, any>} */
    this.messages = new Map();
    /** Every text that a message ever had. @type {Map<number, Set<string>>} */
    this.texts = new Map();
    this.append("room.created", "guest-2", { name: this.name });
  }

  get head() {
    return this.events.length;
  }

  author(id) {
    return { id, name: this.people.get(id) };
  }

  append(type, by, fields = {}) {
    const seq = this.head + 1;
    this.events.push({ type, room: ROOM, seq, at: 1000 * seq, by: this.author(by), ...fields });
    return seq;
  }

  /** Something happens, if the people and messages that there are allow it. */
  happens(what = this.dice.among(EVENTS)) {
    const { dice } = this;
    const others = [...this.members].filter((id) => id !== ME);
    const by = dice.pick([...this.members]);
    const standing = [...this.messages.values()].filter((message) => !message.deleted);
    const message = standing.length ? standing[Math.max(0, standing.length - 1 - dice.below(12))] : undefined;
    const emoji = dice.pick(EMOJI);
    const chosen = message?.reactions.get(emoji);
    switch (what) {
      case "post":
        if (by) this.post(by, message && dice.chance(0.4) ? message.seq : undefined);
        return;
      case "edit":
        if (message) this.edit(message);
        return;
      case "delete":
        if (message) this.delete(message);
        return;
      case "react":
        if (!message || !by || chosen?.includes(by)) return;
        message.reactions.set(emoji, [...(chosen ?? []), by]);
        this.append("reaction.added", by, { message: message.seq, emoji });
        return;
      case "unreact": {
        const who = chosen?.length ? dice.pick(chosen) : undefined;
        if (!who) return;
        message.reactions.set(emoji, chosen.filter((id) => id !== who));
        this.append("reaction.removed", who, { message: message.seq, emoji });
        return;
      }
      case "pin":
      case "unpin":
        if (!message || !by || message.pinned === (what === "pin")) return;
        message.pinned = what === "pin";
        this.append(`message.${what}ned`, by, { message: message.seq });
        return;
      case "rename the room":
        this.name = `Room ${this.head}`;
        this.append("room.renamed", "guest-2", { name: this.name });
        return;
      case "join": {
        const out = [...this.people.keys()].filter((id) => id !== ME && !this.members.has(id));
        if (out.length) this.join(dice.pick(out));
        return;
      }
      case "leave":
        if (others.length > 1) this.leave(dice.pick(others));
        return;
      case "rename":
        this.rename(dice.pick([...this.people.keys()]));
        return;
      default:
        throw new Error(what);
    }
  }

  post(by, replyTo) {
    const text = `${this.epoch} ${this.head + 1} first`;
    const html = this.dice.chance(0.3) ? `<b>${text}</b>` : undefined;
    const seq = this.append("message.posted", by, { text, html, reply_to: replyTo, key: `k${this.head}` });
    const at = 1000 * seq;
    this.messages.set(seq, { seq, at, author: by, text, html, reply_to: replyTo, pinned: false, reactions: new Map() });
    this.texts.set(seq, new Set(["", text]));
  }

  edit(message) {
    const text = `${this.epoch} ${message.seq} edited ${this.head + 1}`;
    const html = this.dice.chance(0.3) ? `<i>${text}</i>` : undefined;
    const seq = this.append("message.edited", message.author, { message: message.seq, text, html });
    Object.assign(message, { text, html, edited_at: 1000 * seq });
    this.texts.get(message.seq).add(text);
  }

  delete(message) {
    this.append("message.deleted", message.author, { message: message.seq });
    Object.assign(message, { text: "", html: undefined, deleted: true, pinned: false, reactions: new Map() });
    // Its text leaves the log: whoever is sent these events from now on does not see it.
    for (const [at, event] of this.events.entries()) {
      const holds = event.seq === message.seq || (event.type === "message.edited" && event.message === message.seq);
      if (holds) this.events[at] = { ...event, text: "", html: undefined };
    }
  }

  join(id) {
    this.members.add(id);
    this.untold.delete(id);
    this.append("member.joined", id, { person: this.author(id) });
  }

  leave(id) {
    this.members.delete(id);
    this.append("member.left", id, { person: this.author(id) });
  }

  rename(id) {
    this.people.set(id, `${id}, ${this.epoch}, ${this.head}`);
    if (this.members.has(id)) this.append("member.renamed", id, { person: this.author(id) });
    else this.untold.add(id);
  }

  // What the server says of it

  /** As the store reads it, in one snapshot. */
  history({ before, after, around }) {
    const all = [...this.messages.values()];
    const size = this.pageSize;
    let from = Math.max(0, all.length - size);
    if (after !== undefined) from = all.findIndex(({ seq }) => seq > after);
    else if (around !== undefined) from = Math.max(0, all.findIndex(({ seq }) => seq >= around) - (size >> 1));
    else if (before !== undefined) from = all.filter(({ seq }) => seq < before).length - size;
    let end = from + size;
    if (from < 0) [from, end] = after === undefined ? [0, end] : [all.length, all.length];
    const stretch = all.slice(from, end).map((message) => this.message(message));
    const quoted = new Set(stretch.map((message) => message.reply_to).filter(Boolean));
    return {
      room: ROOM,
      head: this.head,
      messages: stretch,
      quotes: [...quoted].map((seq) => this.quote(seq)),
      more_before: from > 0,
      more_after: end < all.length,
    };
  }

  message(message) {
    const reactions = [...message.reactions].map(([emoji, people]) => ({ emoji, people: [...people] }));
    const chosen = reactions.filter(({ people }) => people.length).sort((a, b) => (a.emoji < b.emoji ? -1 : 1));
    return { room: ROOM, deleted: false, ...message, author: this.author(message.author), reactions: chosen };
  }

  quote(seq) {
    const { text, author, deleted = false } = this.messages.get(seq);
    return { seq, author: this.author(author), text: excerpt(text), deleted };
  }

  summary() {
    const { name, head } = this;
    return { id: ROOM, name, archived: false, head, last_at: 0, joined: this.members.has(ME), read: 0, unread: 0 };
  }

  person() {
    return { ...this.author(ME), kind: "guest" };
  }
}
