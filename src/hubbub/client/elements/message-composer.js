// @ts-check
/**
 * The box for writing. It is never disabled and never loses text: what is in it belongs to a room, and is kept as that
 * room's draft.
 */

import { h, iconButton } from "../lib/dom.js";
import { mutedWords } from "../lib/words.js";
import { draftOf, keepDraft } from "../outgoing.js";

const TYPING_EVERY_MS = 3000;
const COUNT_FROM = 0.9;
/** Longer ones go off at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * @typedef {import("../state.js").Room} Room
 * @typedef {import("../outgoing.js").Sent} Sent
 * @typedef {{seq: number, name: string, text: string}} About a message that is replied to or edited
 */

/** Says: `send` {text, replyTo, uploads}, `edit` {seq, text}, `typing`, `edit-last`, `join`, `escape`. */
export class MessageComposer extends HTMLElement {
  /**
   * @param {{base: string, limits: {text: number, file: number, files: number}, enterSends: () => boolean,
   *   onlyReads: () => boolean, find: (seq: number) => About | undefined}} options
   */
  start(options) {
    this.options = options;
    /** @type {import("../outgoing.js").Draft} */
    this.draft = { text: "" };
    /** What was in the box before an edit began. @type {import("../outgoing.js").Draft | undefined} */
    this.kept = undefined;
    /** For which room, and in which state of it, the box stands. @type {string} */
    this.shown = "";
    this.typedAt = 0;
    /** Files that will go with the next message; loaded with the first one. @type {import("../uploads.js").Chips | undefined} */
    this.chips = undefined;
    this.context = h("div", { class: "context", hidden: true });
    this.problem = h("p", { class: "problem", role: "alert", hidden: true });
    this.under = h("div", { class: "under" }, h("span", { class: "typing", id: "typing" }), h("span", { class: "left" }));
    const fromServer = /** @type {HTMLTextAreaElement | null} */ (this.querySelector("textarea"));
    this.typed = fromServer?.value ?? "";
    this.text = /** @type {HTMLTextAreaElement} */ (
      fromServer ?? h("textarea", { id: "text", name: "text", rows: 1, autocomplete: "off" })
    );
    this.text.removeAttribute("maxlength"); // too much is said, not cut off
    this.text.setAttribute("aria-describedby", "typing"); // heard when one comes to the box; it never interrupts
    this.text.addEventListener("input", () => this.changed());
    this.text.addEventListener("keydown", (event) => this.keyed(event));
    const send = iconButton("send", "Send", () => this.submit(), { class: "icon send" });
    this.form = h("form", { class: "composer", "aria-label": "Message" }, this.context, this.problem);
    this.box = h("div", { class: "box" }, send);
    this.form.append(this.box, this.under);
    if (options.limits.file) this.takeFiles(send);
    this.form.addEventListener("submit", (event) => event.preventDefault());
  }

  /** Shows the box for this room, with its draft; or why there is none. @param {Room} room */
  update(room) {
    if (!this.form || !this.text || !this.box) return;
    const onlyReads = !room.archived && this.options?.onlyReads();
    const shown = `${room.id} ${room.joined} ${room.archived} ${room.isOpen} ${room.kind} ${room.mutedUntil} ${onlyReads}`;
    if (shown !== this.shown) {
      const focused = document.activeElement === this.text;
      this.shown = shown;
      if (this.box.firstChild !== this.text) this.box.prepend(this.text);
      clearTimeout(this.timer);
      const mutedMs = room.mutedUntil - Date.now();
      if (mutedMs > 0) this.timer = setTimeout(() => this.update(room), Math.min(mutedMs, LONGEST_TIMER_MS));
      this.replaceChildren(onlyReads ? this.signUp() : room.isOpen ? this.form : why(room) || this.invitation(room));
      this.take(room);
      if (focused) this.text.focus();
    }
    this.text.placeholder = `Message to ${room.name}`;
    this.text.setAttribute("aria-label", `Message to ${room.name}`);
    this.showContext();
  }

  /** @param {string} words who is typing */
  showTyping(words) {
    const line = this.under?.querySelector(".typing");
    if (line && line.textContent !== words) line.textContent = words;
  }

  /** @param {number} seq */
  reply(seq) {
    this.setDraft({ text: this.draft?.edit ? "" : (this.text?.value ?? ""), replyTo: seq });
    this.focusText();
  }

  /** @param {number} seq @param {string} text */
  edit(seq, text) {
    if (!this.draft?.edit) this.kept = { ...this.draft, text: this.text?.value ?? "" };
    this.setDraft({ text, edit: seq });
    this.focusText();
  }

  /** Puts a text back into the box, before what is there, and its files. @param {string} text @param {Sent[]} [files] */
  putBack(text, files = []) {
    const now = this.text?.value ?? "";
    this.setDraft({ ...this.draft, text: now && text ? `${text}\n${now}` : text || now });
    if (files.length) this.withChips((chips) => chips.restore(this.room ?? "", files));
    this.focusText();
  }

  focusText() {
    const { text } = this;
    text?.focus();
    text?.setSelectionRange(text.value.length, text.value.length);
  }

  get isEmpty() {
    return !this.text?.value;
  }

  // Files -----------------------------------------------------------------------------------------------------

  /** By a button, by dropping them anywhere on the page, by pasting a picture. @param {HTMLElement} send */
  takeFiles(send) {
    const input = /** @type {HTMLInputElement} */ (h("input", { type: "file", multiple: true, hidden: true, tabindex: -1 }));
    input.addEventListener("change", () => {
      this.attach([...(input.files ?? [])]);
      input.value = ""; // the same file again is a change too
    });
    send.before(iconButton("attach", "Attach files", () => input.click()), input);
    const place = this.closest("main") ?? this;
    const carries = (/** @type {DragEvent} */ event) => Boolean(event.dataTransfer?.types.includes("Files"));
    addEventListener("dragover", (event) => {
      if (!carries(event)) return;
      event.preventDefault(); // or the browser leaves the page for the file
      place.classList.toggle("dropping", this.canAttach);
    });
    addEventListener("dragleave", (event) => !event.relatedTarget && place.classList.remove("dropping"));
    addEventListener("drop", (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      place.classList.remove("dropping");
      this.attach([...(event.dataTransfer?.files ?? [])]);
    });
    addEventListener("paste", (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      const isText = event.clipboardData?.types.includes("text/plain"); // with a picture of it
      if (!files.length || isText || document.querySelector("dialog[open]")) return;
      event.preventDefault();
      this.attach(files);
    });
  }

  get canAttach() {
    return Boolean(this.form?.isConnected);
  }

  /** @param {File[]} files */
  attach(files) {
    if (!files.length || !this.canAttach) return;
    const room = this.room ?? "";
    if (this.draft?.edit) this.sayProblem("An edit cannot add files. Finish it first, then send them as a new message.");
    else this.withChips((chips) => chips.add(room, files));
    this.text?.focus();
  }

  /** @param {(chips: import("../uploads.js").Chips) => void} work once they are loaded */
  async withChips(work) {
    try {
      const { Chips } = await import("../uploads.js");
      this.chips ??= new Chips({
        base: this.options?.base ?? "",
        limit: this.options?.limits.file ?? 0,
        count: this.options?.limits.files ?? 0,
        onChange: () => this.keep(),
        say: (words) => this.sayProblem(words),
      });
    } catch {
      this.sayProblem("The file was not taken, because a part of the page could not be loaded. Try again when you are connected.");
      return;
    }
    if (!this.chips.element.isConnected) this.problem?.before(this.chips.element);
    this.sayProblem("");
    work(this.chips);
    this.chips.show(this.room ?? "");
  }

  // Inside ----------------------------------------------------------------------------------------------------

  /** @param {Room} room */
  take(room) {
    const draft = draftOf(room.id);
    const typed = this.typed && !draft.text ? this.typed : draft.text; // written before the script was there
    this.typed = "";
    this.room = room.id;
    this.typedAt = 0;
    this.kept = undefined;
    this.setDraft({ ...draft, text: typed });
    const { files } = draft;
    if (files?.length && !this.chips?.of(room.id).length) this.withChips((chips) => chips.restore(room.id, files));
    else this.chips?.show(room.id);
  }

  /** @param {import("../outgoing.js").Draft} draft */
  setDraft(draft) {
    this.draft = draft;
    if (this.text) this.text.value = draft.text;
    this.sayProblem("");
    this.keep();
    this.grow();
    this.showContext();
  }

  keep() {
    if (!this.room || !this.draft || !this.text) return;
    this.draft.text = this.text.value;
    if (this.chips) this.draft.files = this.chips.of(this.room).map((upload) => upload.shown);
    keepDraft(this.room, this.draft);
    const limit = this.options?.limits.text ?? Infinity;
    const left = limit - [...this.draft.text].length;
    const count = this.under?.querySelector(".left");
    if (count) count.textContent = left < limit * (1 - COUNT_FROM) ? `${left} characters left` : "";
  }

  changed() {
    this.keep();
    this.grow();
    if (this.text?.value && Date.now() - (this.typedAt ?? 0) > TYPING_EVERY_MS) {
      this.typedAt = Date.now();
      this.say("typing");
    }
  }

  grow() {
    const { text } = this;
    if (!text || CSS.supports("field-sizing: content")) return;
    text.style.height = "auto";
    text.style.height = `${text.scrollHeight}px`;
  }

  /** @param {KeyboardEvent} event */
  keyed(event) {
    // 229: Safari tells the Enter that ends a composition only so.
    if (event.isComposing || event.keyCode === 229) return;
    const sends = this.options?.enterSends() || event.ctrlKey || event.metaKey;
    if (event.key === "Enter" && !event.shiftKey && !event.altKey && sends) {
      event.preventDefault();
      this.submit();
    } else if (event.key === "ArrowUp" && this.isEmpty && !this.draft?.edit) {
      event.preventDefault();
      this.say("edit-last");
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (this.draft?.edit || this.draft?.replyTo) this.cancelContext();
      else if (this.isEmpty) this.say("escape");
    }
  }

  submit() {
    const text = this.text?.value ?? "";
    const limit = this.options?.limits.text ?? Infinity;
    const length = [...text].length;
    const room = this.room ?? "";
    const uploads = this.draft?.edit ? [] : (this.chips?.of(room) ?? []);
    if (!text.trim() && !uploads.length) return;
    if (uploads.some((upload) => upload.problem)) {
      this.sayProblem("A file could not be uploaded. Try it again, or remove it; then send.");
      return;
    }
    if (length > limit) {
      this.sayProblem(`A message has at most ${limit} characters; this one has ${length}. Nothing is lost: shorten it, or send it in parts.`);
      return;
    }
    if (this.draft?.edit) this.say("edit", { seq: this.draft.edit, text });
    else {
      this.chips?.take(room);
      this.say("send", { text: text.trim() ? text : "", replyTo: this.draft?.replyTo, uploads });
    }
    this.setDraft(this.kept ?? { text: "" });
    this.kept = undefined;
    this.typedAt = 0;
    this.text?.focus();
  }

  cancelContext() {
    const text = this.draft?.edit ? (this.kept?.text ?? "") : (this.text?.value ?? "");
    this.setDraft({ ...(this.draft?.edit ? this.kept : {}), text, edit: undefined, ...(this.draft?.edit ? {} : { replyTo: undefined }) });
    this.kept = undefined;
    this.text?.focus();
  }

  showContext() {
    const { draft, context } = this;
    const seq = draft?.edit ?? draft?.replyTo;
    if (!context) return;
    context.hidden = !seq;
    if (!seq) return;
    const about = this.options?.find(seq);
    const words = draft?.edit ? "Editing your message" : `Reply to ${about?.name ?? "a message"}: ${about?.text ?? ""}`;
    context.replaceChildren(
      h("span", {}, words),
      iconButton("close", draft?.edit ? "Cancel editing" : "Cancel the reply", () => this.cancelContext()),
    );
  }

  /** For guests of a place in which they only read. */
  signUp() {
    const link = h("a", { href: `${this.options?.base}/sign-up` }, "Sign up");
    return h("p", { class: "join" }, "Guests may only read here. ", link, " to take part.");
  }

  /** @param {Room} room */
  invitation(room) {
    const join = h("button", { type: "button", class: "main", onclick: () => this.say("join") }, `Join ${room.name}`);
    return h("div", { class: "join" }, h("p", {}, "You are reading as a visitor."), join);
  }

  /** @param {string} words */
  sayProblem(words) {
    if (!this.problem) return;
    this.problem.textContent = words;
    this.problem.hidden = !words;
  }

  /** @param {string} type @param {unknown} [detail] */
  say(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** Why nobody can write here, or not this person. @param {Room} room */
function why(room) {
  const words = room.archived
    ? "This room is archived: it can be read, but nothing can be changed in it."
    : room.isMuted
      ? mutedWords(room.mutedUntil)
      : room.joined
        ? "Only moderators post here. You can read, and react."
        : room.kind !== "public" && "You are not in this room any more.";
  return words && h("p", { class: "join" }, words);
}

customElements.define("message-composer", MessageComposer);
