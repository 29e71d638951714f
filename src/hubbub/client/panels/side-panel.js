// @ts-check
/** About the open room: who is here, who belongs to it, what is pinned, and what can be done with it. */

import { h, iconButton, setMessageHtml } from "../lib/dom.js";
import { excerpt, plural, timeOf, wordsOf } from "../lib/words.js";
import { nameButton, showMembers } from "./members.js";
import { buttonsFor } from "./room-buttons.js";

const NAMES_EVERY_MS = 10_000;

/** @param {HTMLElement} side @param {any} page @param {() => void} close */
export function openSide(side, page, close) {
  const about = h("section", { class: "about", "aria-label": "What it is" });
  const here = h("section", { "aria-label": "Here now" });
  const pins = h("section", { "aria-label": "Pinned messages" });
  const members = h("section", { "aria-label": "Members" });
  const actions = h("section", { class: "stack", "aria-label": "This room" });
  const bar = h("header", { class: "bar" }, h("h2", { class: "place" }, "About this room"), iconButton("close", "Close", close));
  side.replaceChildren(bar, about, here, pins, members, actions);
  side.onkeydown = (event) => event.key === "Escape" && close();
  let shown = "";
  let asked = "";
  /** When the names of those who are here were asked for, and in which room. */
  let named = { at: 0, room: "" };

  /** @param {import("../state.js").Room} room */
  function update(room) {
    const pinned = [...room.messages.values()].filter((message) => message.pinned).map((message) => message.seq);
    const question = `${room.id} ${room.joined} ${room.role} ${pinned} ${room.memberChanges}`;
    if (question !== asked) {
      asked = question;
      fetchAll(room);
    }
    if (!room.hereKnown && (named.room !== room.id || Date.now() - named.at > NAMES_EVERY_MS)) {
      named = { at: Date.now(), room: room.id };
      page.reader.refreshHere(room, true);
    }
    const { id, kind, joined, archived, role, topic, announcement, slowS } = room;
    const how = [id, kind, joined, archived, role, topic, announcement, slowS, room.name];
    const now = JSON.stringify([how, page.state.me, [...room.here], room.hereCount]);
    if (now === shown) return;
    shown = now;
    showHere(room);
    about.replaceChildren(...aboutRoom(room));
    actions.replaceChildren(...buttonsFor(room, page));
  }

  /** @param {import("../state.js").Room} room */
  function showHere(room) {
    const people = [...room.here].sort(([, a], [, b]) => a.localeCompare(b));
    const rows = people.map(([id, name]) => h("li", { class: "here" }, nameButton(page, id, name), id === page.state.me.id ? " (you)" : ""));
    const unnamed = room.hereCount - rows.length;
    const more = unnamed > 0 && h("p", { class: "note" }, `and ${plural(unnamed, "other")}`);
    here.replaceChildren(h("h3", {}, `Here now: ${plural(room.hereCount, "person", "people")}`), h("ul", {}, ...rows), more || "");
  }

  /** @param {import("../state.js").Room} room */
  async function fetchAll(room) {
    try {
      const [found, page1] = await Promise.all([page.ask("pins", { room: room.id }), page.ask("members", { room: room.id })]);
      showPins(found.messages);
      showMembers(members, page, room, page1);
    } catch (error) {
      asked = "";
      page.told(error);
    }
  }

  /** @param {import("../state.js").Message[]} messages */
  function showPins(messages) {
    const rows = messages.map((message) =>
      h(
        "li",
        {},
        h(
          "a",
          { class: "pin", href: page.messageHref(message.seq), onclick: (/** @type {Event} */ event) => {
            event.preventDefault();
            if (matchMedia("(max-width: 62rem)").matches) close();
            page.reader.jump(message.seq);
          } },
          h("b", {}, h("bdi", {}, message.author.name)),
          ` ${timeOf(message.at)} `,
          h("span", { dir: "auto" }, excerpt(plainTextOf(message))),
        ),
      ),
    );
    const none = h("p", { class: "note" }, "Nothing is pinned here.");
    pins.replaceChildren(h("h3", {}, "Pinned"), rows.length ? h("ul", {}, ...rows) : none);
  }

  return { update };
}

/** Without the signs of its markdown. @param {import("../state.js").Message} message @returns {string} */
function plainTextOf(message) {
  if (!message.html) return wordsOf(message);
  const shown = h("div");
  setMessageHtml(shown, message.html);
  return shown.textContent ?? "";
}

const KINDS = {
  public: "Everybody here can find this room and join it.",
  private: "Only its members see this room.",
  direct: "Only the people in this conversation see it.",
};

/** @param {import("../state.js").Room} room @returns {Node[]} */
const aboutRoom = (room) =>
  [
    room.topic,
    KINDS[/** @type {keyof typeof KINDS} */ (room.kind)],
    room.announcement && "Only moderators post in it.",
    room.slowS && `Everybody posts at most once in ${plural(room.slowS, "second")}.`,
  ]
    .filter(Boolean)
    .map((words, at) => h("p", { class: at || !room.topic ? "note" : null, dir: "auto" }, words));
