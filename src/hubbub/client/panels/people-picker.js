// @ts-check
/** Choosing people by the beginnings of their names: to talk to them, or to put them into a room. */

import { h, iconButton } from "../lib/dom.js";
import { openDialog } from "./dialogs.js";

const PAUSE_MS = 150;
const OTHERS_MAX = 7;

/** @typedef {import("../state.js").Author} Author */

/** A new conversation, or the one that these people have already. @param {any} page */
export function newMessage(page) {
  pick(page, {
    title: "New message",
    button: "Open",
    limit: OTHERS_MAX,
    note: "Only you and they will see it. The same people always come back to the same conversation.",
    save: (people) => page.ask("direct", { people }),
    then: (room) => page.openRoom(room.id),
  });
}

/** @param {any} page @param {import("../state.js").Room} room */
export function addPeople(page, room) {
  pick(page, {
    title: `Add people to ${room.name}`,
    button: "Add",
    limit: 20,
    note: room.kind === "private" ? "They will see everything that was ever written in this room." : "They become members at once.",
    save: async (people) => {
      for (const person of people) await page.ask("add_member", { room: room.id, person });
    },
  });
}

/** @param {any} page @param {{title: string, button: string, limit: number, note: string,
 *   save: (people: string[]) => Promise<any>, then?: (saved: any) => unknown}} options as of `askForText` */
function pick(page, { title, button, limit, note, save, then }) {
  /** @type {Map<string, Author>} */
  const chosen = new Map();
  const input = /** @type {HTMLInputElement} */ (
    h("input", { type: "search", autocomplete: "off", "aria-label": "Name of a person", placeholder: "Name of a person", maxlength: page.boot.limits.name })
  );
  const picked = h("ul", { class: "chosen", "aria-label": "Chosen" });
  const list = h("ul", { class: "people", "aria-label": "People" });
  const said = h("p", { class: "note", role: "status" });
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const go = /** @type {HTMLButtonElement} */ (h("button", { class: "main" }, button));
  const cancel = h("button", { type: "button", class: "plain", onclick: () => dialog.close() }, "Cancel");
  const form = h("form", {}, h("p", { class: "note" }, note), picked, input, list, said, problem, h("div", { class: "buttons" }, cancel, go));
  const dialog = openDialog(title, [form]);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let asked = 0;

  const fail = (/** @type {unknown} */ error) => {
    problem.textContent = /** @type {Error} */ (error).message;
    problem.hidden = false;
  };
  const choose = (/** @type {Author} */ person) => {
    chosen.set(person.id, person);
    input.value = "";
    showChosen();
    look();
    input.focus();
  };
  const showChosen = () => {
    picked.replaceChildren(
      ...[...chosen.values()].map((person) =>
        h("li", {}, h("bdi", {}, person.name), iconButton("close", `Leave ${person.name} out`, () => {
          chosen.delete(person.id);
          showChosen();
          look();
          input.focus();
        })),
      ),
    );
    go.disabled = !chosen.size;
    input.disabled = chosen.size >= limit;
  };
  const look = async () => {
    const mine = ++asked;
    try {
      const { people } = await page.ask("find_people", { name: input.value.trim() });
      if (mine !== asked) return;
      const others = people.filter((/** @type {Author} */ person) => !chosen.has(person.id));
      list.replaceChildren(
        ...others.map((/** @type {Author} */ person) =>
          h("li", {}, h("button", { type: "button", class: "option", onclick: () => choose(person) }, h("bdi", {}, person.name))),
        ),
      );
      said.textContent = others.length ? "" : input.value.trim() ? "Nobody else has this name." : "There is nobody else to choose.";
    } catch (error) {
      fail(error);
    }
  };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, PAUSE_MS);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || !input.value) return;
    event.preventDefault();
    /** @type {HTMLElement | null} */ (list.querySelector("button"))?.click();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const saved = await save([...chosen.keys()]);
      dialog.close();
      then?.(saved);
    } catch (error) {
      fail(error);
    }
  });
  showChosen();
  look();
}
