// @ts-check
/** One's own data: take it along, or have it deleted. */

import { h } from "../lib/dom.js";
import { openDialog } from "./dialogs.js";

const CHOICES = {
  keep: "My messages stay, by a “deleted user”",
  erase: "My messages are erased too",
};

/** @param {any} page */
export function myData({ boot }) {
  const address = `${boot.base}/api/me`;
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const sure = /** @type {HTMLInputElement} */ (h("input", { type: "checkbox", required: true }));
  const button = h("button", { class: "main danger" }, "Delete my account");
  const form = h(
    "form",
    { method: "dialog" },
    h("h3", {}, "Delete my account"),
    h("p", {}, "Your name, your sessions and your memberships are deleted at once, on all your devices."),
    h(
      "fieldset",
      {},
      h("legend", {}, "What becomes of your messages?"),
      ...Object.entries(CHOICES).map(([value, words]) =>
        h("label", { class: "choice" }, h("input", { type: "radio", name: "messages", value, required: true }), words),
      ),
    ),
    h("label", { class: "choice" }, sure, "I know that this cannot be undone"),
    problem,
    h("div", { class: "buttons" }, h("button", { type: "button", class: "plain", onclick: () => dialog.close() }, "Cancel"), button),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const messages = String(new FormData(/** @type {HTMLFormElement} */ (form)).get("messages"));
    try {
      const answer = await fetch(`${address}?messages=${messages}`, { method: "DELETE" });
      if (!answer.ok) throw new Error((await answer.json()).words);
      forgetHere();
      location.assign(`${boot.base}/`);
    } catch (error) {
      problem.textContent = /** @type {Error} */ (error).message;
      problem.hidden = false;
    }
  });
  const dialog = openDialog("Your data", [
    h(
      "div",
      { class: "stack" },
      h("p", {}, "One file with who you are, your rooms, and every message of yours."),
      h("a", { class: "download", href: `${address}/export`, download: "hubbub.json" }, "Download my data"),
      form,
    ),
  ]);
}

/** Drafts, messages that wait, and preferences. */
function forgetHere() {
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith("hubbub:")) localStorage.removeItem(key);
  } catch {
    // Forbidden: then nothing is kept.
  }
}
