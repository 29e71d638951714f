// @ts-check
/**
 * What is being said: each message has a key, is kept in this browser until the server has acknowledged it, and is
 * sent again with the same key, so it arrives once. Drafts are kept here too.
 */

/**
 * @typedef {{id?: string, name: string, size: number, loaded?: number}} Sent a file of a message; it has an id when the
 *   server has it
 * @typedef {{key: string, room: string, text: string, replyTo?: number, at: number, problem?: string, files?: Sent[],
 *   uploading?: boolean, lost?: boolean}} Item `uploading`: it waits for its files; `lost`: they were not uploaded
 * @typedef {import("./uploads.js").Upload} Upload
 */

const PREFIX = "hubbub:";

export class Outgoing {
  /**
   * @param {{person: string, ask: (type: string, fields: object) => Promise<any>, isOpen: () => boolean,
   *   onChange: (room: string) => void}} options
   */
  constructor(options) {
    this.options = options;
    this.prefix = `${PREFIX}out:${options.person}:`;
    /** @type {Map<string, Item>} in the order of writing */
    this.items = new Map();
    /** @type {Set<string>} rooms whose queue is being sent */
    this.sending = new Set();
    /** The files that messages wait for, by the key of the message. @type {Map<string, Upload[]>} */
    this.uploads = new Map();
    for (const item of storedItems(this.prefix)) this.items.set(item.key, item.uploading ? lostUploads(item) : item);
  }

  /** @param {string} room @returns {Item[]} */
  of(room) {
    return [...this.items.values()].filter((item) => item.room === room);
  }

  /** Messages that wait for the connection, in all rooms. */
  get waiting() {
    return [...this.items.values()].filter((item) => !item.problem).length;
  }

  /** @param {string} room @param {string} text @param {number} [replyTo] @param {Upload[]} [uploads] */
  add(room, text, replyTo, uploads = []) {
    const last = Math.max(0, ...[...this.items.values()].map((item) => item.at));
    const key = crypto.randomUUID?.() ?? randomKey();
    this.put({ key, room, text, replyTo, at: Math.max(Date.now(), last + 1), ...(uploads.length ? { uploading: true } : {}) });
    if (uploads.length) this.follow(key, uploads);
    else this.send(room);
  }

  /** Sends a message when its files are there; others do not wait for it. @param {string} key @param {Upload[]} uploads */
  async follow(key, uploads) {
    this.uploads.set(key, uploads);
    /** @param {Partial<Item>} [more] */
    const show = (more) => {
      const item = this.items.get(key);
      if (item) this.put({ ...item, files: uploads.map((upload) => upload.shown), ...more });
    };
    for (const upload of uploads) upload.onChange = show;
    show({ uploading: true });
    await Promise.all(uploads.map((upload) => upload.settled));
    const problem = uploads.find((upload) => upload.problem)?.problem;
    show({ uploading: undefined, problem });
    const item = this.items.get(key);
    if (item && !problem) this.send(item.room);
  }

  /** @param {string} key */
  retry(key) {
    const item = this.items.get(key);
    if (!item) return;
    this.put({ ...item, problem: undefined });
    const uploads = this.uploads.get(key) ?? [];
    for (const upload of uploads) if (upload.problem) upload.start();
    if (uploads.length) this.follow(key, uploads);
    else this.send(item.room);
  }

  /** The server has it, or it is not wanted any more. @param {string} key */
  remove(key) {
    const item = this.items.get(key);
    for (const upload of this.uploads.get(key) ?? []) upload.cancel();
    this.uploads.delete(key);
    try {
      localStorage.removeItem(this.prefix + key);
    } catch {
      // Forbidden: it was not stored.
    }
    if (this.items.delete(key) && item) this.options.onChange(item.room);
  }

  /** Sends everything that waits, in order, one after the other in each room. */
  sendAll() {
    for (const room of new Set([...this.items.values()].map((item) => item.room))) this.send(room);
  }

  /** @param {string} room */
  async send(room) {
    if (this.sending.has(room)) return;
    this.sending.add(room);
    try {
      for (let item = this.next(room); item && this.options.isOpen(); item = this.next(room)) await this.sendOne(item);
    } finally {
      this.sending.delete(room);
    }
  }

  /** @param {string} room */
  next(room) {
    return this.of(room).find((item) => !item.problem && !item.uploading);
  }

  /** @param {Item} item */
  async sendOne(item) {
    const { key, room, text, replyTo, files } = item;
    const more = { ...(replyTo ? { reply_to: replyTo } : {}), ...(files ? { files: files.map(({ id }) => id) } : {}) };
    try {
      await this.options.ask("post", { room, text, key, ...more });
      this.remove(key);
    } catch (error) {
      const refused = /** @type {import("./connection.js").Refused} */ (error);
      if (refused.code === "disconnected") return;
      if (refused.retry) await new Promise((resolve) => setTimeout(resolve, refused.retryAfterMs));
      else if (this.items.has(key)) this.put({ ...item, problem: refused.message });
    }
  }

  /** @param {Item} item */
  put(item) {
    this.items.set(item.key, item);
    try {
      localStorage.setItem(this.prefix + item.key, JSON.stringify(item));
    } catch {
      // Full or forbidden: the message is still sent from memory.
    }
    this.options.onChange(item.room);
  }
}

/** @param {string} prefix @returns {Item[]} in the order of writing, without damaged ones; none when storage is forbidden */
function storedItems(prefix) {
  try {
    const names = Object.keys(localStorage).filter((name) => name.startsWith(prefix));
    return names.flatMap((name) => stored(name) ?? []).sort((a, b) => a.at - b.at);
  } catch {
    return [];
  }
}

/** Bytes are not kept in this browser. @param {Item} item @returns {Item} */
function lostUploads(item) {
  const names = (item.files ?? []).filter(({ id }) => !id).map(({ name }) => `“${name}”`);
  const problem = `${names.join(", ") || "A file"} was not uploaded before the page was left. Attach it again.`;
  return { ...item, uploading: undefined, lost: true, problem };
}

/** @returns {string} for pages that are not a secure context, where randomUUID is missing */
function randomKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @typedef {{text: string, replyTo?: number, edit?: number, files?: Sent[]}} Draft */

/** @param {string} name @returns {any} what this browser has kept under the name; undefined if nothing readable */
export function stored(name) {
  try {
    return JSON.parse(localStorage.getItem(name) ?? "null") ?? undefined;
  } catch {
    return undefined;
  }
}

/** @param {string} room @returns {Draft} */
export const draftOf = (room) => stored(`${PREFIX}draft:${room}`) ?? { text: "" };

/** @param {string} room @param {Draft} draft */
export function keepDraft(room, draft) {
  try {
    if (draft.text || draft.replyTo || draft.edit || draft.files?.length) localStorage.setItem(`${PREFIX}draft:${room}`, JSON.stringify(draft));
    else localStorage.removeItem(`${PREFIX}draft:${room}`);
  } catch {
    // Full or forbidden: the text stays in its box.
  }
}
