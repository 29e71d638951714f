// @ts-check
/** Who belongs to a room and in which role; its owners change that here. */

import { h } from "../lib/dom.js";
import { plural } from "../lib/words.js";

const PAGE = 100;
const ROLES = { member: "Member", moderator: "Moderator", owner: "Owner" };

/** @typedef {{id: string, name: string, role: string}} Member */

/**
 * @param {HTMLElement} section @param {any} page @param {import("../state.js").Room} room
 * @param {{members: Member[], count: number}} first the first page
 */
export function showMembers(section, page, room, first) {
  const list = h("ul", { class: "members" }, ...first.members.map((member) => row(page, room, member)));
  section.replaceChildren(h("h3", {}, plural(first.count, "member")), list);
  let last = first.members[first.members.length - 1];
  if (first.count <= first.members.length) return;
  const more = h("button", { type: "button", class: "plain", onclick: async () => {
    try {
      const next = await page.ask("members", { room: room.id, after: last?.id });
      list.append(...next.members.map((/** @type {Member} */ member) => row(page, room, member)));
      last = next.members[next.members.length - 1] ?? last;
      if (next.members.length < PAGE) more.remove();
    } catch (error) {
      page.told(error);
    }
  } }, "More members");
  section.append(more);
}

/** @param {any} page @param {import("../state.js").Room} room @param {Member} member */
function row(page, room, member) {
  const decides = room.role === "owner" && !room.archived && room.kind !== "direct";
  const role = ROLES[/** @type {keyof typeof ROLES} */ (member.role)];
  const note = member.role === "member" ? "" : h("span", { class: "note" }, role);
  return h("li", {}, nameButton(page, member.id, member.name), decides ? choice(page, room, member) : note);
}

/** Shows who it is. @param {any} page @param {string} id @param {string} name */
export function nameButton(page, id, name) {
  const show = async () => (await page.load("profile"))?.showProfile(page, id);
  return h("button", { type: "button", class: "name", onclick: show }, h("bdi", {}, name));
}

/** @param {any} page @param {import("../state.js").Room} room @param {Member} member */
function choice(page, room, member) {
  const select = /** @type {HTMLSelectElement} */ (
    h("select", { "aria-label": `Role of ${member.name}` }, ...Object.entries(ROLES).map(([role, words]) => h("option", { value: role, selected: role === member.role }, words)))
  );
  select.addEventListener("change", async () => {
    try {
      await page.ask("set_role", { room: room.id, person: member.id, role: select.value });
      member.role = select.value;
    } catch (error) {
      select.value = member.role;
      page.told(error);
    }
  });
  return select;
}
