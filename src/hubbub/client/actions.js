// @ts-check
/** What can be done to a message, and the buttons and keys for it. Loaded when somebody first points at a message. */

import { RowActions } from "./elements/row-actions.js";
import { changedBy } from "./messages.js";

/**
 * @typedef {import("./state.js").Message} Message
 * @typedef {{buttons: RowActions, react: (message: Message, emoji: string) => void}} Actions
 */

/** @param {HTMLElement} log @param {any} page @returns {Actions} */
export function actionsOn(log, page) {
  const { state, ask, told, load, toast, reader, composer, draw, messageHref } = page;

  /** @param {Message} message @param {object} event applied as if it had come, until it comes */
  function pretend(message, event) {
    const room = state.rooms.get(message.room);
    const now = room?.messages.get(message.seq);
    if (now) room.messages.set(message.seq, changedBy(now, { by: state.me, message: message.seq, ...event }));
    draw();
  }

  /** Adds the emoji, or takes it away. @param {Message} message @param {string} emoji */
  async function react(message, emoji) {
    const mine = message.reactions?.some((one) => one.emoji === emoji && one.people.includes(state.me.id));
    const [done, undone] = mine ? ["removed", "added"] : ["added", "removed"];
    pretend(message, { type: `reaction.${done}`, emoji });
    try {
      await ask(mine ? "unreact" : "react", { room: message.room, message: message.seq, emoji });
    } catch (error) {
      pretend(message, { type: `reaction.${undone}`, emoji });
      told(error);
    }
  }

  /** Deletes after a while in which that can be undone. @param {Message} message */
  function remove(message) {
    pretend(message, { type: "message.deleted" });
    const restore = () => {
      state.rooms.get(message.room)?.messages.set(message.seq, message);
      draw();
    };
    const send = () =>
      ask("delete", { room: message.room, message: message.seq }).catch((/** @type {unknown} */ error) => {
        restore();
        told(error);
      });
    const address = `${page.boot.base}/api/rooms/${message.room}/messages/${message.seq}`;
    const last = () => fetch(address, { method: "DELETE", keepalive: true }); // outlives the page, as a socket does not
    toast.offer("The message is deleted.", "Undo", restore, send, last);
  }

  /** @param {Message} message */
  async function copy(message) {
    const address = new URL(messageHref(message.seq), location.href).href;
    try {
      await navigator.clipboard.writeText(address);
      toast.show("The link is copied.");
    } catch {
      (await load("dialogs"))?.showLink(address); // there is no clipboard without https
    }
  }

  /** @type {Record<string, (message: Message, more?: any) => unknown>} */
  const verbs = {
    reply: (message) => composer.reply(message.seq),
    edit: (message) => composer.edit(message.seq, message.text),
    delete: remove,
    react,
    pick: async (message) =>
      (await load("emoji-picker"))?.pick(page, (/** @type {string} */ emoji) => react(message, emoji)),
    pin: (message) =>
      ask(message.pinned ? "unpin" : "pin", { room: message.room, message: message.seq }).catch(told),
    unread: (message) => reader.markUnread(message.seq).catch(told),
    copy,
    who: async (message) => (await load("profile"))?.showProfile(page, message.author.id),
    more: async (message) => (await load("moderate"))?.moderate(page, message),
  };
  const buttons = new RowActions(log, {
    find: (seq) => reader.room.messages.get(seq),
    mine: (message) => message.author.id === state.me.id,
    moderated: () => reader.room.kind !== "direct",
    allowed: () => reader.room.joined && !reader.room.archived && !reader.room.isMuted,
    act: (verb, message, more) => verbs[verb]?.(message, more),
  });
  return { buttons, react };
}
