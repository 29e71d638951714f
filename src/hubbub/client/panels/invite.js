// @ts-check
/** Links by which people come into a room or into the place: make one, show it once with its QR code, revoke others. */

import { h, setMessageHtml } from "../lib/dom.js";
import { openDialog } from "./dialogs.js";

const whenFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const HOURS = [
  [1, "1 hour"],
  [24, "1 day"],
  [24 * 7, "1 week"],
  [24 * 30, "30 days"],
  ["", "Until it is revoked"],
];

/** @typedef {{id: string, by: {name: string}, expires_at?: number, uses_left?: number}} Invite */

/** @param {any} page @param {import("../state.js").Room | undefined} room none: into the place */
export function invite(page, room) {
  const { ask, boot } = page;
  const where = room ? { room: room.id } : {};
  const uses = /** @type {HTMLSelectElement} */ (
    h("select", {}, h("option", { value: "1" }, "One person"), h("option", { value: "", selected: true }, "Any number of people"))
  );
  const hours = /** @type {HTMLSelectElement} */ (
    h("select", {}, ...HOURS.map(([value, words]) => h("option", { value, selected: value === 24 * 7 }, words)))
  );
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const made = h("div", { class: "stack", role: "status" });
  const others = h("section", { class: "stack" });
  const close = h("button", { type: "button", class: "plain", onclick: () => dialog.close() }, "Close");
  const form = h(
    "form",
    {},
    h("label", {}, "For whom", uses),
    h("label", {}, "For how long", hours),
    problem,
    h("div", { class: "buttons" }, close, h("button", { class: "main" }, "Make a link")),
  );
  const dialog = openDialog(`Invite people to ${room?.name ?? page.state.place.name}`, [h("div", { class: "stack" }, form, made, others)]);

  const fail = (/** @type {unknown} */ error) => {
    problem.textContent = /** @type {Error} */ (error).message;
    problem.hidden = false;
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    problem.hidden = true;
    try {
      const invitation = await ask("invite", {
        ...where,
        uses: uses.value ? Number(uses.value) : null,
        hours: hours.value ? Number(hours.value) : null,
        address: location.origin + boot.base,
      });
      show(invitation);
      await list();
    } catch (error) {
      fail(error);
    }
  });

  /** @param {{link: string, qr: string}} invitation */
  function show({ link, qr }) {
    const field = /** @type {HTMLInputElement} */ (h("input", { type: "text", value: link, readonly: true, "aria-label": "The link" }));
    const code = h("div", { class: "qr", role: "img", "aria-label": "The link as a QR code" });
    setMessageHtml(code, qr);
    const copied = h("span", { class: "note" });
    const copy = h("button", { type: "button", class: "main", onclick: async () => {
      try {
        await navigator.clipboard.writeText(link);
        copied.textContent = "Copied.";
      } catch {
        field.select(); // there is no clipboard without https
        copied.textContent = "Press Ctrl+C to copy it.";
      }
    } }, "Copy");
    const words = h("p", { class: "note" }, "Send it to those whom you invite: whoever has it can come in. It is shown only now.");
    made.replaceChildren(h("div", { class: "address" }, field, copy), copied, words, code);
    copy.focus();
  }

  async function list() {
    /** @type {{invites: Invite[]}} */
    const { invites } = await ask("invites", where);
    const heading = h("h3", {}, "Links that work");
    others.replaceChildren(...(invites.length ? [heading, h("ul", {}, ...invites.map(row))] : []));
  }

  /** @param {Invite} one */
  function row(one) {
    const left = one.uses_left === undefined ? "for any number of people" : one.uses_left === 1 ? "for one person" : `for ${one.uses_left} people`;
    const until = one.expires_at ? `until ${whenFormat.format(one.expires_at)}` : "until it is revoked";
    const revoke = h("button", { type: "button", class: "plain", "aria-label": `Revoke the link ${left}, ${until}`, onclick: () =>
      ask("revoke_invite", { ...where, invite: one.id }).then(list).catch(fail) }, "Revoke");
    return h("li", {}, h("span", { class: "grow" }, "By ", h("bdi", {}, one.by.name), `, ${left}, ${until}`), revoke);
  }

  list().catch(fail);
}
