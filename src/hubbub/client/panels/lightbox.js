// @ts-check
/** Pictures at their full size, one after the other. */

import { h, iconButton } from "../lib/dom.js";
import { addressOf, isPicture } from "../lib/words.js";
import { openDialog } from "./dialogs.js";

/** Shows a picture; from there one goes to the others that are loaded in the room. @param {any} page @param {string} id */
export function show({ reader, boot }, id) {
  const pictures = [...reader.room.messages.values()].flatMap((message) => (message.files ?? []).filter(isPicture));
  let at = pictures.findIndex((file) => file.id === id);
  if (at < 0) return;
  const image = /** @type {HTMLImageElement} */ (h("img", { alt: "" }));
  const link = h("a", { target: "_blank", rel: "noopener" }, "Original");
  const count = h("span", { class: "note", "aria-live": "polite" });
  const [before, after] = [iconButton("back", "Picture before", () => go(-1)), iconButton("next", "Next picture", () => go(1))];
  const close = h("button", { type: "button", class: "main", onclick: () => dialog.close() }, "Close");
  const dialog = openDialog("", [image, h("div", { class: "buttons" }, before, count, after, link, close)]);
  dialog.classList.add("lightbox");

  /** @param {number} step */
  function go(step) {
    const file = pictures[(at = Math.min(Math.max(at + step, 0), pictures.length - 1))];
    const address = addressOf(boot.base, file);
    for (const [name, value] of Object.entries({ src: address, width: file.width, height: file.height, alt: file.name })) {
      image.setAttribute(name, String(value));
    }
    link.setAttribute("href", address);
    const heading = dialog.querySelector("h2");
    if (heading) heading.textContent = file.name;
    count.textContent = `${at + 1} of ${pictures.length}`;
    before.toggleAttribute("disabled", at === 0);
    after.toggleAttribute("disabled", at === pictures.length - 1);
  }

  dialog.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step) go(step);
  });
  go(0);
  close.focus();
}
