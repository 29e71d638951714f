// @ts-check
/** The people of the place: who they are, what they are trusted with, and who waits to be let in. */

import { h } from "../lib/dom.js";
import { choose, formDialog } from "./account.js";
import { avatarOf } from "./avatar.js";
import { confirm, openDialog } from "./dialogs.js";
import { showProfile } from "./profile.js";

/** @typedef {{id: string, name: string, role: string, status?: string, avatar?: string}} Profile */

const ROLES = /** @type {[string, string][]} */ ([["member", "Member"], ["moderator", "Moderator"], ["owner", "Owner"]]);

/** @param {any} page */
export async function people(page) {
  const list = h("ul");
  const more = h("button", { type: "button", class: "plain", onclick: () => fetchMore() }, "More people");
  let last = "";
  async function fetchMore() {
    try {
      const { people: found } = await page.ask("people", last ? { after: last } : {});
      list.append(...found.map((/** @type {Profile} */ person) => personRow(page, person, () => dialog.close())));
      last = found[found.length - 1]?.id ?? last;
      more.hidden = found.length < 100;
    } catch (error) {
      page.told(error);
    }
  }
  await fetchMore();
  const dialog = openDialog("People", [list, more]);
}

/** @param {any} page @param {Profile} person @param {() => void} close */
function personRow(page, person, close) {
  const button = (/** @type {string} */ words, /** @type {() => unknown} */ work) =>
    h("button", { type: "button", class: "plain", "aria-label": `${words}: ${person.name}`, onclick: () => {
      close();
      work();
    } }, words);
  const role = ROLES.find(([name]) => name === person.role)?.[1];
  const name = h("button", { type: "button", class: "link", onclick: () => {
    close();
    showProfile(page, person.id);
  } }, h("bdi", {}, person.name));
  const decides = page.state.me.role === "owner";
  return h(
    "li",
    {},
    avatarOf(page, person),
    h("span", { class: "grow" }, name, person.role !== "member" && h("span", { class: "note" }, ` ${role}`)),
    decides && button("Role", () => changeRole(page, person)),
    decides && person.id !== page.state.me.id && button("New password", () => resetLink(page, person)),
  );
}

/** @param {any} page @param {Profile} person */
function changeRole(page, person) {
  const content = [
    choose(`What is ${person.name} here?`, "role", ROLES, person.role),
    h("p", { class: "note" }, "Moderators look after what others write, and let people in. Owners decide how this place is. Whoever gets another role has to sign in again."),
  ];
  formDialog("Role", content, "Save", (form) => page.ask("set_place_role", { person: person.id, role: form.get("role") }));
}

/** @param {any} page @param {Profile} person */
function resetLink(page, person) {
  const words = `You get a link by which ${person.name} chooses a new password. Give it to nobody else.`;
  confirm("A link for a new password", words, "Make the link", async () => {
    const { link } = await page.ask("reset_link", { person: person.id });
    const address = new URL(link.startsWith("/") ? page.boot.base + link : link, location.href).href;
    const input = /** @type {HTMLInputElement} */ (h("input", { type: "text", value: address, readonly: true, "aria-label": "Link" }));
    openDialog(`For ${person.name}`, [h("div", { class: "stack" }, input, h("p", { class: "note" }, "It works once, for an hour."))]);
    input.select();
  });
}

/** The accounts that wait for approval. @param {any} page */
export async function waiting(page) {
  try {
    const { people: found } = await page.ask("waiting");
    const none = h("p", { class: "note" }, "Nobody waits.");
    const list = h("ul", {}, ...found.map((/** @type {Profile} */ person) => waitingRow(page, person)));
    openDialog("Waiting to be let in", [found.length ? list : none]);
  } catch (error) {
    page.told(error);
  }
}

/** @param {any} page @param {Profile} person */
function waitingRow(page, person) {
  const decide = (/** @type {string} */ verb) => page.ask(verb, { person: person.id }).then(() => row.remove(), page.told);
  const button = (/** @type {string} */ words, /** @type {string} */ verb, /** @type {string} */ kind) =>
    h("button", { type: "button", class: kind, "aria-label": `${words}: ${person.name}`, onclick: () => decide(verb) }, words);
  const row = h("li", {}, h("bdi", {}, person.name), button("Let in", "approve", "main"), button("Turn away", "refuse", "plain"));
  return row;
}
