// @ts-check
/** What can be done with a room as a whole. */

import { hideUntilNextMessage } from "../elements/around.js";
import { h } from "../lib/dom.js";
import { atLeast } from "../state.js";

/** @param {import("../state.js").Room} room @param {any} page @returns {Node[]} */
export function buttonsFor(room, page) {
  const button = (/** @type {string} */ words, /** @type {string} */ panel, /** @type {(panel: any) => void} */ work) =>
    h("button", { type: "button", class: "plain", onclick: async () => {
      const loaded = await page.load(panel);
      if (loaded) work(loaded);
    } }, words);
  const openButton = (/** @type {string} */ words, /** @type {() => void} */ onclick) => h("button", { type: "button", class: "plain", onclick }, words);
  const { role: placeRole } = page.state.me;
  const intoPlace = button("Invite people", "invite", (panel) => panel.invite(page, undefined));
  const settings = button("Settings", "room-settings", (panel) => panel.roomSettings(page, room));
  const looksAfter = atLeast(room.role, "moderator") && !room.archived;
  const moderation = atLeast(room.role, "moderator") && room.kind !== "direct" ? [openButton("Moderation", () => page.openSide("moderation"))] : [];
  if (room.id === "lobby") return [...moderation, ...(atLeast(placeRole, "moderator") ? [intoPlace] : []), ...(looksAfter ? [settings] : [])];
  if (!room.joined) return moderation;
  if (room.kind === "direct") return [hideButton(room, page)];
  const owns = room.role === "owner" && !room.archived;
  const back = room.kind === "private" ? "You will not see it any more, unless somebody adds or invites you again." : `You can come back to ${room.name} at any time.`;
  const leave = () => page.ask("leave", { room: room.id }).then(() => page.openRoom("lobby"));
  const archive = () => page.ask("archive", { room: room.id });
  return [
    ...moderation,
    ...(looksAfter ? [button("Invite people", "invite", (panel) => panel.invite(page, room))] : []),
    ...(looksAfter && atLeast(placeRole, "member") ? [button("Add people", "people-picker", (panel) => panel.addPeople(page, room))] : []),
    ...(looksAfter ? [settings] : []),
    ...(owns ? [button("Rename", "dialogs", (panel) => panel.renameRoom(page, room))] : []),
    button("Leave", "dialogs", (panel) => panel.confirm("Leave this room?", back, "Leave", leave)),
    ...(owns
      ? [button("Archive", "dialogs", (panel) =>
          panel.confirm("Archive this room?", "Everybody can still read it, nobody can write in it any more. This cannot be undone.", "Archive", archive))]
      : []),
  ];
}

/** A conversation cannot be left. @param {import("../state.js").Room} room @param {any} page */
function hideButton(room, page) {
  const hide = () => {
    hideUntilNextMessage(room);
    page.openRoom("lobby");
  };
  return h("button", { type: "button", class: "plain", onclick: hide }, "Hide until the next message");
}
