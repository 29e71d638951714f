// @ts-check
/** One box to go to any room: one's own first, then all the others, which can be joined. */

import { h } from "../lib/dom.js";
import { countOf } from "../lib/words.js";
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
    rooms = [...rooms, ...(await others(page, new Set(rooms.map(({ id }) => id))))];
    show();
  } catch (error) {
    count.textContent = /** @type {Error} */ (error).message;
  }
}

/** Every room that is not known yet. @param {any} page @param {Set<string>} known @returns {Promise<Found[]>} */
async function others({ ask }, known) {
  /** @type {Found[]} */
  const found = [];
  /** @type {string | undefined} */
  let after;
  for (;;) {
    /** @type {{rooms: Found[]}} */
    const { rooms } = await ask("rooms", after ? { after } : {});
    found.push(...rooms.filter((room) => !known.has(room.id)));
    if (rooms.length < 100) return found;
    after = rooms[rooms.length - 1]?.id;
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
