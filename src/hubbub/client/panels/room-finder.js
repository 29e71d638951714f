// @ts-check
/** One box to go to any room: one's own first, then all the others, which can be joined. */

import { h } from "../lib/dom.js";
import { countOf } from "../lib/words.js";
import { Room } from "../state.js";
import { openDialog } from "./dialogs.js";

const SHOWN_MAX = 50;

/**
 * @typedef {{id: string, name: string, joined: boolean, unread: number, archived: boolean}} Found
 */

/** @param {any} page @param {import("../state.js").Room[]} mine in the order of the list */
export async function find(page, mine) {
  const own = [...mine].sort((a, b) => Number(Boolean(b.unread)) - Number(Boolean(a.unread)));
  /** @type {Found[]} */
  let rooms = own.map(({ id, name, joined, unread, archived }) => /** @type {Found} */ ({ id, name, joined, unread, archived }));
  /** Rooms that the page does not know yet. @type {Map<string, import("../state.js").Summary>} */
  const strangers = new Map();
  let chosen = 0;
  const input = /** @type {HTMLInputElement} */ (
    h("input", {
      type: "text", role: "combobox", autocomplete: "off", "aria-label": "Name of a room", placeholder: "Name of a room",
      "aria-expanded": "true", "aria-controls": "found", "aria-autocomplete": "list",
    })
  );
  const options = h("ul", { id: "found", role: "listbox", "aria-label": "Rooms" });
  const count = h("p", { class: "note", role: "status" });
  const dialog = openDialog("Go to a room", [h("div", { class: "stack" }, input, options, count)]);
  const matching = () => rooms.filter((room) => fits(room.name, input.value)).slice(0, SHOWN_MAX);

  const show = () => {
    const found = matching();
    chosen = Math.max(0, Math.min(chosen, found.length - 1));
    options.replaceChildren(...found.map((room, at) => option(room, at, at === chosen, () => go(room))));
    if (found.length) input.setAttribute("aria-activedescendant", `found-${chosen}`);
    else input.removeAttribute("aria-activedescendant");
    count.textContent = found.length ? `${found.length} ${found.length === 1 ? "room" : "rooms"}` : "No room has this name.";
    options.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  };
  const go = (/** @type {Found} */ room) => {
    dialog.close();
    const summary = strangers.get(room.id);
    if (summary && !page.state.rooms.has(room.id)) page.state.rooms.set(room.id, new Room(summary));
    page.openRoom(room.id);
  };
  input.addEventListener("input", () => {
    chosen = 0;
    show();
  });
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const room = matching()[chosen];
    if (step) chosen += step;
    else if (event.key !== "Enter" || event.isComposing) return;
    else if (room) go(room);
    event.preventDefault();
    show();
  });
  show();
  try {
    const known = new Set(rooms.map(({ id }) => id));
    for (const summary of await everyRoom(page.ask)) if (!known.has(summary.id)) strangers.set(summary.id, summary);
    rooms = [...rooms, ...strangers.values()];
    show();
  } catch (error) {
    count.textContent = /** @type {Error} */ (error).message;
  }
}

/**
 * All rooms there are, joined or not, in the order of their ids.
 * @param {(type: string, fields: object) => Promise<any>} ask @returns {Promise<import("../state.js").Summary[]>}
 */
export async function everyRoom(ask) {
  /** @type {import("../state.js").Summary[]} */
  const found = [];
  for (;;) {
    const last = found[found.length - 1];
    const { rooms } = await ask("rooms", last ? { after: last.id } : {});
    if (!rooms.length) return found;
    found.push(...rooms);
  }
}

/** @param {Found} room @param {number} at @param {boolean} chosen @param {() => void} onclick */
function option(room, at, chosen, onclick) {
  const mark = room.unread ? `${countOf(room.unread)} unread` : room.joined ? "" : room.archived ? "archived" : "not joined";
  return h(
    "li",
    { id: `found-${at}`, role: "option", "aria-selected": String(chosen), onclick },
    h("bdi", {}, room.name),
    h("span", { class: "note" }, mark),
  );
}

/** The letters of what is wanted, in order, without regard to case and accents. @param {string} name @param {string} wanted */
function fits(name, wanted) {
  const letters = [...bare(wanted).replace(/^#/, "").replace(/\s/g, "")];
  let at = 0;
  const plain = bare(name);
  return letters.every((letter) => (at = plain.indexOf(letter, at) + 1) > 0);
}

/** @param {string} text */
const bare = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
