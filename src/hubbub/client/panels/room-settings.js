// @ts-check
/** How a room is: its topic, who may post and how often, and for its owners who may see it. */

import { h } from "../lib/dom.js";
import { askForText } from "./dialogs.js";

const PAUSES = [
  [0, "No limit"],
  [5, "One every 5 seconds"],
  [10, "One every 10 seconds"],
  [30, "One every 30 seconds"],
  [60, "One a minute"],
  [300, "One every 5 minutes"],
  [900, "One every 15 minutes"],
  [3600, "One an hour"],
];
const WARNINGS = {
  private: "Whoever is not a member will see nothing of it any more.",
  public: "Everybody will be able to read all that was ever written in it.",
};

/** @param {any} page @param {import("../state.js").Room} room */
export function roomSettings({ ask, boot }, room) {
  const announcement = /** @type {HTMLInputElement} */ (h("input", { type: "checkbox", checked: room.announcement }));
  const pauses = PAUSES.some(([pause]) => pause === room.slowS) ? PAUSES : [...PAUSES, [room.slowS, `One every ${room.slowS} seconds`]];
  const slow = /** @type {HTMLSelectElement} */ (
    h("select", {}, ...pauses.map(([pause, words]) => h("option", { value: pause, selected: pause === room.slowS }, words)))
  );
  const kind = /** @type {HTMLSelectElement} */ (
    h(
      "select",
      { "aria-describedby": "kind-warning", onchange: () => warn() },
      h("option", { value: "public", selected: room.kind === "public" }, "Everybody here"),
      h("option", { value: "private", selected: room.kind === "private" }, "Only its members"),
    )
  );
  const warning = h("p", { class: "note", id: "kind-warning" });
  const warn = () => {
    warning.textContent = kind.value === room.kind ? "" : WARNINGS[/** @type {"private" | "public"} */ (kind.value)];
  };
  const mayChangeKind = room.role === "owner" && room.id !== "lobby" && room.joined;
  askForText(`Settings of ${room.name}`, {
    label: "Topic",
    value: room.topic,
    limit: boot.limits.topic,
    button: "Save",
    optional: true,
    more: [
      h("label", { class: "choice" }, announcement, "Only moderators post, everybody reads"),
      h("label", {}, "Messages of one person", slow),
      ...(mayChangeKind ? [h("label", {}, "Who may see it", kind), warning] : []),
    ],
    save: (topic) =>
      ask("set_room", {
        room: room.id,
        topic,
        announcement: announcement.checked,
        slow_s: Number(slow.value),
        ...(mayChangeKind && kind.value !== room.kind ? { kind: kind.value } : {}),
      }),
  });
}
