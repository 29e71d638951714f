// @ts-check
/** What events make of the messages of a room. */

import { excerpt, wordsOf } from "./lib/words.js";

/**
 * @typedef {import("./state.js").Room} Room
 * @typedef {import("./state.js").Message} Message
 * @typedef {import("./state.js").Quote} Quote
 * @typedef {import("./state.js").Reaction} Reaction
 * @typedef {import("./state.js").Frame} Frame
 */

/** @param {Room} room @param {Frame} event */
export function insertPosted(room, event) {
  if (event.seq <= (room.last?.seq ?? 0)) return; // history that was ahead of the events has it, or begins after it
  /** @type {Message} */
  const message = { room: room.id, seq: event.seq, at: event.at, author: event.by, text: event.text };
  if (event.html) message.html = event.html;
  if (event.reply_to) message.reply_to = event.reply_to;
  if (event.files) message.files = event.files;
  if (!wordsOf(event)) message.deleted = true;
  room.messages.set(event.seq, message);
  const original = room.messages.get(event.reply_to);
  if (original && !room.quotes.has(original.seq)) room.quotes.set(original.seq, quoteOf(original));
}

/** Applies a change of a message, if it is loaded. @param {Room} room @param {Frame} event */
export function changeMessage(room, event) {
  const message = room.messages.get(event.message);
  const changed = message && changedBy(message, event);
  if (changed) room.messages.set(event.message, changed);
  const quote = room.quotes.get(event.message);
  if (quote && event.type === "message.edited") room.quotes.set(event.message, { ...quote, text: excerpt(event.text) });
  if (quote && event.type === "message.deleted") room.quotes.set(event.message, { ...quote, text: "", deleted: true });
}

/** @param {Message} message @param {Frame} event @returns {Message} */
export function changedBy(message, event) {
  switch (event.type) {
    case "message.edited": {
      const { html: _, ...rest } = message;
      const edited = { ...rest, text: event.text, edited_at: event.at };
      return event.html ? { ...edited, html: event.html } : edited;
    }
    case "message.deleted": {
      const { html: _, files: __, ...rest } = message;
      const gone = { ...rest, text: "", deleted: true, pinned: false, reactions: [] };
      return event.reason === undefined ? gone : { ...gone, reason: event.reason };
    }
    case "message.pinned":
      return { ...message, pinned: true };
    case "message.unpinned":
      return { ...message, pinned: false };
    case "reaction.added":
    case "reaction.removed":
      return { ...message, reactions: reactionsAfter(message.reactions ?? [], event) };
    default:
      return message;
  }
}

/** @param {Reaction[]} reactions @param {Frame} event @returns {Reaction[]} */
function reactionsAfter(reactions, event) {
  const people = new Map(reactions.map((reaction) => [reaction.emoji, reaction.people]));
  const others = (people.get(event.emoji) ?? []).filter((person) => person !== event.by.id);
  people.set(event.emoji, event.type === "reaction.added" ? [...others, event.by.id] : others);
  return [...people]
    .filter(([, who]) => who.length)
    .map(([emoji, who]) => ({ emoji, people: who }))
    .sort((a, b) => (a.emoji < b.emoji ? -1 : 1));
}

/** @param {Message} message @returns {Quote} */
export const quoteOf = ({ seq, author, text, files, deleted }) => ({ seq, author, text: excerpt(wordsOf({ text, files })), deleted });

/** The room does not keep its oldest messages. @param {Room} room @param {number} upTo */
export function erased(room, upTo) {
  const before = room.messages.size;
  room.messages = new Map([...room.messages].filter(([seq]) => seq > upTo));
  room.quotes = new Map([...room.quotes].filter(([seq]) => seq > upTo));
  room.fresh = room.fresh.filter((seq) => seq > upTo);
  room.unread = Math.min(room.unread, Math.max(0, room.cursor - Math.max(upTo, room.read)));
  if (room.messages.size < before) room.moreBefore = false;
  if (!room.messages.size && room.moreAfter) room.loaded = false;
}
