// @ts-check
/** The pictures that people have chosen, and how one chooses one's own. */

import { h } from "../lib/dom.js";
import { hue } from "../lib/words.js";

/** @typedef {{id: string, name: string, avatar?: string}} Pictured */

/** A picture, or the first letter of the name. @param {any} page @param {Pictured} person */
export function avatarOf(page, { id, name, avatar }) {
  if (avatar) return h("img", { class: "avatar", src: `${page.boot.base}/api/people/${id}/avatar?${avatar}`, alt: "" });
  return h("span", { class: "avatar", "data-hue": hue(id), "aria-hidden": "true" }, [...name][0] ?? "?");
}

/**
 * A field of a form. A picture is uploaded as soon as it is chosen, so that the field shows what others will see.
 * @param {any} page @param {Pictured} me
 * @returns {{field: HTMLElement, save: () => Promise<void>}}
 */
export function avatarField(page, me) {
  /** @type {string | undefined} */
  let chosen = me.avatar;
  const shown = h("span", {}, avatarOf(page, me));
  const said = h("p", { class: "note", role: "status" });
  const input = /** @type {HTMLInputElement} */ (h("input", { type: "file", accept: "image/png,image/jpeg,image/gif,image/webp", class: "said" }));
  const choose = h("button", { type: "button", class: "plain", onclick: () => input.click() }, "Choose a picture");
  const drop = h("button", { type: "button", class: "plain", onclick: () => take(undefined) }, "Take it away");
  const field = h("div", { class: "who" }, shown, h("div", { class: "stack" }, h("div", { class: "buttons" }, choose, drop), said), input);
  input.setAttribute("aria-label", "Your picture");
  drop.hidden = !chosen;

  /** @param {string | undefined} file */
  function take(file) {
    chosen = file;
    drop.hidden = !file;
    shown.replaceChildren(file ? h("img", { class: "avatar", src: `${page.boot.base}/api/files/${file}/thumbnail`, alt: "" }) : avatarOf(page, { ...me, avatar: undefined }));
  }

  input.addEventListener("change", async () => {
    const file = input.files?.[0];
    if (!file) return;
    said.textContent = "Uploading …";
    const address = `${page.boot.base}/api/files?name=${encodeURIComponent(file.name)}`;
    const answer = await fetch(address, { method: "POST", body: file }).catch(() => undefined);
    const value = await answer?.json().catch(() => undefined);
    said.textContent = answer?.ok ? "" : (value?.words ?? "The server cannot be reached. Try again.");
    if (answer?.ok) take(value.id);
    input.value = "";
  });
  return {
    field,
    save: async () => {
      if (chosen !== me.avatar) await page.ask("set_avatar", { file: chosen ?? null });
    },
  };
}
