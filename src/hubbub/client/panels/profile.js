// @ts-check
/** A person's card, and one's own profile. */

import { h } from "../lib/dom.js";
import { formDialog, line } from "./account.js";
import { avatarField, avatarOf } from "./avatar.js";
import { openDialog } from "./dialogs.js";

const ROLES = /** @type {Record<string, string>} */ ({ guest: "Guest, without an account", member: "Member", moderator: "Moderator", owner: "Owner" });

/** @param {any} page @param {string} id */
export async function showProfile(page, id) {
  try {
    const person = await page.ask("profile", { person: id });
    const facts = [
      person.status && h("p", { dir: "auto" }, person.status),
      h("p", { class: "note" }, person.kind === "client" ? "A client of the tutorial" : (ROLES[person.role] ?? "")),
      person.time_zone && h("p", { class: "note" }, timeThere(person.time_zone)),
      h("p", { class: "note" }, `Here since ${new Date(person.created_at).toLocaleDateString(undefined, { dateStyle: "long" })}`),
    ];
    const card = h("div", { class: "who" }, avatarOf(page, person), h("div", {}, ...facts));
    openDialog(person.name, [card]);
  } catch (error) {
    page.told(error);
  }
}

/** @param {string} zone */
function timeThere(zone) {
  try {
    const time = new Date().toLocaleTimeString(undefined, { timeZone: zone, hour: "2-digit", minute: "2-digit" });
    return `${time} there (${zone})`;
  } catch {
    return zone; // newer than this browser
  }
}

/** @param {any} page */
export async function editProfile(page) {
  try {
    const me = await page.ask("profile", { person: page.state.me.id });
    const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const zones = h("datalist", { id: "zones" }, ...Intl.supportedValuesOf("timeZone").map((zone) => h("option", { value: zone })));
    const avatar = avatarField(page, me);
    const content = [
      avatar.field,
      line("Status", { name: "status", value: me.status ?? "", maxlength: 100, placeholder: "In the garden until four" }),
      line("Time zone", { name: "time_zone", value: me.time_zone ?? "", list: "zones", maxlength: 60, placeholder: here }),
      zones,
      h("p", { class: "note" }, "Others see all of it when they choose your name. What is empty they do not see."),
    ];
    formDialog("Profile", content, "Save", async (form) => {
      const [status, zone] = ["status", "time_zone"].map((name) => String(form.get(name)).trim() || undefined);
      await avatar.save();
      return page.ask("set_profile", { status, time_zone: zone });
    });
  } catch (error) {
    page.told(error);
  }
}
