// @ts-check
/** One's passkeys: which there are, one more, one less. */

import { h } from "../lib/dom.js";
import { knowsPasskeys, makePasskey } from "../lib/passkeys.js";
import { fullTimeOf } from "../lib/words.js";
import { formDialog, line, request } from "./account.js";
import { openDialog } from "./dialogs.js";

/** @param {any} page */
export async function passkeys(page) {
  try {
    const { passkeys: found } = await request(page, "GET", "/me/passkeys");
    const about = h("p", {}, "With a passkey you sign in as you unlock your device: there is no password that somebody could find out.");
    const list = h("ul", {}, ...found.map((/** @type {any} */ passkey) => row(page, passkey)));
    const add = h("button", { type: "button", class: "main", onclick: () => {
      dialog.close();
      addOne(page);
    } }, "Add a passkey");
    const unknown = h("p", { class: "note" }, "This browser cannot make passkeys here. They need https.");
    const dialog = openDialog("Passkeys", [about, list, knowsPasskeys() ? h("div", { class: "buttons" }, add) : unknown]);
  } catch (error) {
    page.told(error);
  }
}

/** @param {any} page @param {any} passkey */
function row(page, passkey) {
  const remove = () => request(page, "DELETE", `/me/passkeys/${passkey.id}`).then(() => item.remove(), page.told);
  const item = h(
    "li",
    {},
    h("span", { class: "grow" }, h("bdi", {}, passkey.name), h("span", { class: "note" }, ` last used ${fullTimeOf(passkey.used_at)}`)),
    h("button", { type: "button", class: "plain", "aria-label": `Remove ${passkey.name}`, onclick: remove }, "Remove"),
  );
  return item;
}

/** @param {any} page */
async function addOne(page) {
  const { password: has } = await request(page, "GET", "/me/account").catch(page.told) ?? {};
  const content = [
    line("What do you call this device?", { name: "name", required: true, maxlength: page.boot.limits.name, placeholder: "My telephone" }),
    ...(has ? [line("Your password", { type: "password", name: "password", autocomplete: "current-password", required: true, maxlength: 500 })] : []),
  ];
  formDialog("Add a passkey", content, "Go on", async (form) => {
    const { options } = await request(page, "POST", "/me/passkeys/options", { password: String(form.get("password") ?? "") });
    await request(page, "POST", "/me/passkeys", { name: String(form.get("name")), credential: await makePasskey(options) });
    passkeys(page);
  });
}
