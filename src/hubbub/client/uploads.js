// @ts-check
/** Files on their way to the server, and their chips above the message box. Loaded when somebody first gives a file. */

import { h, icon, iconButton } from "./lib/dom.js";
import { sizeOf } from "./lib/words.js";

const AGAIN_MS = 3000;
/** Whoever is told to wait longer is told why instead. */
const PATIENCE_S = 60;

/** @typedef {import("./state.js").FileInfo} FileInfo */

/** One file. Goes on trying while the server cannot be reached. */
export class Upload {
  /** @param {string} base @param {File} [file] @param {FileInfo} [info] of one that the server has already */
  constructor(base, file, info) {
    this.base = base;
    this.file = file;
    this.info = info;
    this.name = info?.name ?? file?.name ?? "";
    this.size = info?.size ?? file?.size ?? 0;
    this.loaded = 0;
    this.problem = "";
    this.cancelled = false;
    this.onChange = () => {};
    /** Fulfilled when it has an `info`, or a `problem`, or is cancelled. @type {Promise<void>} */
    this.settled = Promise.resolve();
    if (!info) this.start();
  }

  /** How it stands, as a message that waits for it shows it. @returns {import("./outgoing.js").Sent} */
  get shown() {
    return this.info ?? { name: this.name, size: this.size, loaded: this.loaded };
  }

  start() {
    this.problem = "";
    this.settled = new Promise((resolve) => (this.settle = resolve));
    this.send();
  }

  cancel() {
    this.cancelled = true;
    this.request?.abort();
    this.settle?.();
  }

  send() {
    if (this.cancelled || !this.file) return;
    this.loaded = 0;
    const request = (this.request = new XMLHttpRequest()); // fetch does not tell how far it is
    request.upload.onprogress = (event) => this.changed(event.loaded);
    request.onload = () => this.answered(request.status, request.responseText);
    request.onerror = () => this.again(AGAIN_MS);
    request.open("POST", `${this.base}/api/files?name=${encodeURIComponent(this.name)}`);
    request.send(this.file);
  }

  /** @param {number} status @param {string} body */
  answered(status, body) {
    /** @type {any} */
    let answer = {};
    try {
      answer = JSON.parse(body);
    } catch {
      // Something between here and the server has answered.
    }
    const wait = answer.retry_after_s ?? 1;
    if (status === 201) this.info = answer;
    else if (answer.retry && wait <= PATIENCE_S) return this.again(wait * 1000);
    else this.problem = answer.words ?? `The server answered with ${status}.`;
    this.changed(this.size);
    this.settle?.();
  }

  /** @param {number} wait */
  again(wait) {
    this.changed(0);
    setTimeout(() => this.send(), wait);
  }

  /** @param {number} loaded */
  changed(loaded) {
    this.loaded = loaded;
    this.onChange();
  }
}

/** The files that will go with the next message, in each room. */
export class Chips {
  /** @param {{base: string, limit: number, count: number, onChange: () => void, say: (problem: string) => void}} options */
  constructor(options) {
    this.options = options;
    this.element = h("ul", { class: "chips", "aria-label": "Files of this message" });
    this.room = "";
    /** @type {Map<string, Upload[]>} */
    this.uploads = new Map();
  }

  /** @param {string} room @returns {Upload[]} */
  of(room) {
    return this.uploads.get(room) ?? [];
  }

  /** @param {string} room @param {Iterable<File>} files */
  add(room, files) {
    const { base, limit, count, say } = this.options;
    for (const file of files) {
      if (this.of(room).length >= count) return say(`A message has at most ${count} files.`);
      if (file.size > limit) say(`“${file.name}” has ${sizeOf(file.size)}; a file has at most ${sizeOf(limit)}.`);
      else this.put(room, new Upload(base, file));
    }
  }

  /** What a draft had: files that are on the server come back, others are lost. @param {string} room @param {import("./outgoing.js").Sent[]} files */
  restore(room, files) {
    const lost = files.filter(({ id }) => !id).map(({ name }) => `“${name}”`);
    for (const file of files) {
      if (file.id) this.put(room, new Upload(this.options.base, undefined, /** @type {FileInfo} */ (file)));
    }
    if (lost.length) this.options.say(`${lost.join(", ")} was not uploaded before the page was left. Attach it again.`);
  }

  /** Takes the files off, to be sent. @param {string} room */
  take(room) {
    const taken = this.of(room);
    this.uploads.delete(room);
    this.show(this.room);
    return taken;
  }

  /** @param {string} room @param {Upload} upload */
  put(room, upload) {
    this.uploads.set(room, [...this.of(room), upload]);
    upload.onChange = () => {
      this.show(this.room);
      this.options.onChange();
    };
    upload.onChange();
  }

  /** @param {string} room @param {Upload} upload */
  remove(room, upload) {
    upload.cancel();
    this.uploads.set(room, this.of(room).filter((other) => other !== upload));
    this.show(this.room);
    this.options.onChange();
  }

  /** @param {string} room */
  show(room) {
    this.room = room;
    const uploads = this.of(room);
    this.element.hidden = !uploads.length;
    this.element.replaceChildren(...uploads.map((upload) => this.chip(room, upload)));
  }

  /** @param {string} room @param {Upload} upload */
  chip(room, upload) {
    const { name, size, info, problem, loaded } = upload;
    const again = () => {
      upload.start();
      upload.onChange();
    };
    return h(
      "li",
      { class: problem ? "chip bad" : "chip" },
      /** @type {any} */ (icon("file")),
      h("bdi", {}, name),
      h("span", { class: "note" }, sizeOf(size)),
      problem ? h("span", { class: "problem", role: "alert" }, problem) : null,
      problem ? h("button", { type: "button", class: "link", onclick: again }, "Try again") : null,
      !info && !problem && h("progress", { max: size, value: loaded, "aria-label": `Uploading ${name}` }),
      iconButton("close", `Remove ${name}`, () => this.remove(room, upload)),
    );
  }
}
