// @ts-check
/** About the open room: who is here, who belongs to it, what is pinned, and what can be done with it. */

import { h, iconButton, setMessageHtml } from "../lib/dom.js";
import { excerpt, plural, timeOf, wordsOf } from "../lib/words.js";

const NAMES_EVERY_MS = 10_000;

/** @param {HTMLElement} side @param {any} page @param {() => void} close */
export function openSide(side, page, close) {
  const here = h("section", { "aria-label": "Here now" });
  const pins = h("section", { "aria-label": "Pinned messages" });
  const members = h("section", { "aria-label": "Members" });
  const actions = h("section", { class: "stack", "aria-label": "This room" });
  const bar = h("header", { class: "bar" }, h("h2", { class: "place" }, "About this room"), iconButton("close", "Close", close));
  side.replaceChildren(bar, here, pins, members, actions);
  side.onkeydown = (event) => event.key === "Escape" && close();
  let shown = "";
  let asked = "";
  /** When the names of those who are here were asked for, and in which room. */
  let named = { at: 0, room: "" };

  /** @param {import("../state.js").Room} room */
  function update(room) {
    const pinned = [...room.messages.values()].filter((message) => message.pinned).map((message) => message.seq);
    const question = `${room.id} ${room.joined} ${pinned} ${room.memberChanges}`;
    if (question !== asked) {
      asked = question;
      fetchAll(room);
    }
    if (!room.hereKnown && (named.room !== room.id || Date.now() - named.at > NAMES_EVERY_MS)) {
      named = { at: Date.now(), room: room.id };
      page.reader.refreshHere(room, true);
    }
    const now = JSON.stringify([room.id, room.joined, room.archived, room.role, page.state.me, [...room.here], room.hereCount]);
    if (now === shown) return;
    shown = now;
    showHere(room);
    actions.replaceChildren(...buttonsFor(room, page));
  }

  /** @param {import("../state.js").Room} room */
  function showHere(room) {
    const people = [...room.here].sort(([, a], [, b]) => a.localeCompare(b));
    const rows = people.map(([id, name]) => h("li", { class: "here" }, h("bdi", {}, name), id === page.state.me.id ? " (you)" : ""));
    const unnamed = room.hereCount - rows.length;
    const more = unnamed > 0 && h("p", { class: "note" }, `and ${plural(unnamed, "other")}`);
    here.replaceChildren(h("h3", {}, `Here now: ${plural(room.hereCount, "person", "people")}`), h("ul", {}, ...rows), more || "");
  }

  /** @param {import("../state.js").Room} room */
  async function fetchAll(room) {
    try {
      const [found, page1] = await Promise.all([page.ask("pins", { room: room.id }), page.ask("members", { room: room.id })]);
      showPins(found.messages);
      showMembers(room, page1);
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

  /** @param {import("../state.js").Room} room @param {{members: any[], count: number}} first */
  function showMembers(room, first) {
    const list = h("ul", {}, ...first.members.map(memberRow));
    members.replaceChildren(h("h3", {}, plural(first.count, "member")), list);
    let last = first.members[first.members.length - 1];
    if (first.count <= first.members.length) return;
    const more = h("button", { type: "button", class: "plain", onclick: async () => {
      try {
        const next = await page.ask("members", { room: room.id, after: last.id });
        list.append(...next.members.map(memberRow));
        last = next.members[next.members.length - 1] ?? last;
        if (next.members.length < 100) more.remove();
      } catch (error) {
        page.told(error);
      }
    } }, "More members");
    members.append(more);
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

/** @param {{name: string}} member */
const memberRow = (member) => h("li", {}, h("bdi", {}, member.name));

/** @param {import("../state.js").Room} room @param {any} page @returns {Node[]} */
function buttonsFor(room, page) {
  const button = (/** @type {string} */ words, /** @type {(dialogs: any) => void} */ work) =>
    h("button", { type: "button", class: "plain", onclick: async () => work(await page.load("dialogs")) }, words);
  if (!room.joined || room.id === "lobby") return [];
  const leave = () => page.ask("leave", { room: room.id }).then(() => page.openRoom("lobby"));
  const archive = () => page.ask("archive", { room: room.id });
  const mine = room.role === "owner" && !room.archived;
  return [
    ...(mine ? [button("Rename", (dialogs) => dialogs?.renameRoom(page, room))] : []),
    button("Leave", (dialogs) =>
      dialogs?.confirm("Leave this room?", `You can come back to ${room.name} at any time.`, "Leave", leave)),
    ...(mine
      ? [button("Archive", (dialogs) =>
          dialogs?.confirm("Archive this room?", "Everybody can still read it, nobody can write in it any more. This cannot be undone.", "Archive", archive))]
      : []),
  ];
}
