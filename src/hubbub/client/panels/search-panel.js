// @ts-check
/** Looking for messages: what is written in the box is looked for while it is written, the newest answers first. */

import { h, iconButton } from "../lib/dom.js";
import { plural } from "../lib/words.js";

const whenFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const PAUSE_MS = 200;
const HINTS = [
  ["tea kettle", "both words, or the beginnings of words"],
  ['"the kettle"', "exactly this"],
  ["-tea", "without this word"],
  ["from:ann", "by somebody; from:me"],
  ["in:lobby", "in a room"],
  ["before:2026-01-31", "or after: a day"],
  ["has:link", "with a link"],
];

/**
 * @typedef {{text: string, found?: boolean}} Piece
 * @typedef {{message: import("../state.js").Message, room_name: string, snippet: Piece[]}} Hit
 * @typedef {{hits: Hit[], before?: string, complete: boolean}} Found
 */

/** What was looked for last, so that closing the panel loses nothing. */
const last = { text: "", here: false, hits: /** @type {Hit[]} */ ([]), before: /** @type {string | undefined} */ (undefined), words: "", top: 0 };

/** @param {HTMLElement} side @param {any} page @param {() => void} close */
export function openSide(side, page, close) {
  const input = /** @type {HTMLInputElement} */ (
    h("input", { type: "search", value: last.text, maxlength: 400, autocomplete: "off", "aria-label": "Search messages", placeholder: "Search messages" })
  );
  const here = /** @type {HTMLInputElement} */ (h("input", { type: "checkbox", checked: last.here }));
  const form = h("form", { role: "search", class: "stack" }, input, h("label", { class: "choice" }, here, "Only in this room"));
  const words = h("p", { class: "note", role: "status" }, last.words);
  const retry = h("button", { type: "button", class: "plain", hidden: true, onclick: () => look() }, "Try again");
  const list = h("ol", { "aria-label": "Results" });
  const more = h("button", { type: "button", class: "plain", hidden: !last.before, onclick: () => goOn() }, "Older results");
  const hints = h("dl", { class: "hints" }, ...HINTS.flatMap(([text, meaning]) => [h("dt", {}, h("code", {}, text)), h("dd", {}, meaning)]));
  const bar = h("header", { class: "bar" }, h("h2", { class: "place" }, "Search"), iconButton("close", "Close", close));
  side.replaceChildren(bar, h("section", { class: "search" }, form, words, retry, hints, list, more));
  list.append(...last.hits.map(row));
  hints.hidden = Boolean(last.text.trim());
  side.scrollTop = last.top;
  side.onscroll = () => (last.top = side.scrollTop);
  side.onkeydown = (event) => keyed(event);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** Which question is the newest: answers to older ones come too late. */
  let asked = 0;
  let room = page.reader.room.id;

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, PAUSE_MS);
  });
  here.addEventListener("change", look);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    look();
  });

  async function look() {
    clearTimeout(timer);
    Object.assign(last, { text: input.value, here: here.checked, before: undefined });
    hints.hidden = Boolean(input.value.trim());
    if (input.value.trim()) await ask([]);
    else show([], "");
  }

  /** The next page of answers. */
  async function goOn() {
    const count = last.hits.length;
    await ask(last.hits);
    /** @type {HTMLElement | null} */ (list.children[count]?.querySelector("a") ?? null)?.focus();
  }

  /** @param {Hit[]} known the answers that the new ones follow */
  async function ask(known) {
    const number = ++asked;
    const question = {
      text: last.text,
      utc_offset_min: -new Date().getTimezoneOffset(),
      ...(last.here ? { room: page.reader.room.id } : {}),
      ...(known.length || last.before ? { before: last.before } : {}),
    };
    try {
      /** @type {Found} */
      const found = await page.ask("search", question);
      if (number !== asked) return;
      last.before = found.before;
      const hits = [...known, ...found.hits];
      show(hits, `${summary(hits.length, Boolean(found.before))}${found.complete ? "" : " Old messages are still being prepared: some may be missing."}`);
    } catch (error) {
      if (number !== asked) return;
      const { message, retry: again } = /** @type {import("../connection.js").Refused} */ (error);
      if (known.length) page.told(error);
      else show([], message, again);
    }
  }

  /** @param {Hit[]} hits @param {string} text @param {boolean} [again] whether to offer another try */
  function show(hits, text, again = false) {
    Object.assign(last, { hits, words: text });
    list.replaceChildren(...hits.map(row));
    words.textContent = text;
    retry.hidden = !again;
    more.hidden = !last.before || again;
  }

  /** @param {Hit} hit */
  function row({ message, room_name: given, snippet }) {
    const name = page.state.rooms.get(message.room)?.name ?? given; // as conversations are called here
    const pieces = snippet.map(({ text, found }) => (found ? h("mark", {}, text) : text));
    const open = (/** @type {MouseEvent} */ event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      if (matchMedia("(max-width: 62rem)").matches) close();
      page.openRoom(message.room, { seq: message.seq });
    };
    return h(
      "li",
      {},
      h(
        "a",
        { class: "hit", href: `${page.boot.base}/r/${message.room}/${message.seq}`, onclick: open },
        h("b", {}, h("bdi", {}, message.author.name)),
        h("span", { class: "note" }, " in ", h("bdi", {}, name), ", ", h("time", { datetime: new Date(message.at).toISOString() }, whenFormat.format(message.at))),
        h("span", { class: "snippet", dir: "auto" }, ...pieces),
      ),
    );
  }

  /** Arrows go from the box to the answers and among them. @param {KeyboardEvent} event */
  function keyed(event) {
    if (event.key === "Escape") close();
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || event.isComposing) return;
    const stops = /** @type {HTMLElement[]} */ ([input, ...list.querySelectorAll("a")]);
    const at = stops.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    if (at < 0) return;
    event.preventDefault();
    stops[at + step]?.focus();
  }

  return {
    /** The room that is open has changed. @param {import("../state.js").Room} now */
    update(now) {
      if (now.id === room) return;
      room = now.id;
      if (last.here && last.text.trim()) look();
    },
    focus() {
      input.focus();
      input.select();
    },
  };
}

/** @param {number} count @param {boolean} more */
function summary(count, more) {
  if (count) return `${plural(count, "message")}${more ? " so far" : ""}.`;
  return more ? "Nothing yet: look further back." : "Nothing was found. Try fewer words, or the beginning of one.";
}
