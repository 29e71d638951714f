// @ts-check
/** Making a room: its name, what it is about, and who may see it. */

import { h } from "../lib/dom.js";
import { askForText } from "./dialogs.js";

const KINDS = [
  ["public", "Public", "Everybody here can find it, read it and join."],
  ["private", "Private", "Only people who are added or invited know of it."],
];

/** @param {any} page */
export function createRoom({ ask, boot, state, openRoom }) {
  const topic = /** @type {HTMLInputElement} */ (h("input", { type: "text", maxlength: boot.limits.topic, autocomplete: "off" }));
  const kinds = KINDS.map(([kind, name, words]) => kindChoice(String(kind), String(name), String(words)));
  const choice = h("fieldset", {}, h("legend", {}, "Who may see it"), ...kinds);
  askForText("New room", {
    label: "Name",
    value: "",
    limit: boot.limits.name,
    button: "Create",
    more: [h("label", {}, "Topic (optional)", topic), state.me.role === "guest" ? h("p", { class: "note" }, GUESTS) : choice],
    save: (name) => {
      const kind = /** @type {HTMLInputElement | null} */ (choice.querySelector(":checked"))?.value ?? "public";
      return ask("create", { name, kind, topic: topic.value });
    },
    then: (room) => openRoom(room.id),
  });
}

const GUESTS = "Everybody here can find this room, read it and join. Private rooms are for people with an account.";

/** @param {string} kind @param {string} name @param {string} words */
const kindChoice = (kind, name, words) =>
  h(
    "label",
    { class: "choice" },
    h("input", { type: "radio", name: "kind", value: kind, checked: kind === "public" }),
    h("span", {}, h("b", {}, name), h("span", { class: "note block" }, words)),
  );
