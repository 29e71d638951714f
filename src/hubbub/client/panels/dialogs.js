// @ts-check
/** Small dialogs: a name, a room, settings, a question. The browser's own <dialog> keeps focus inside and gives it back. */

import { h } from "../lib/dom.js";

/**
 * Opens a dialog with this title and content; resolves with what was chosen, "" when it was closed.
 * @param {string} title @param {Node[]} content @returns {HTMLDialogElement}
 */
export function openDialog(title, content) {
  const heading = h("h2", { id: "dialog-title" }, title);
  const dialog = /** @type {HTMLDialogElement} */ (h("dialog", { "aria-labelledby": "dialog-title" }, heading, ...content));
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/**
 * Asks for one line of text. `save` may refuse it by an error, whose words are shown beside the field;
 * `then` is called when the dialog has closed, so that nothing typed from then on is lost in it.
 * @param {string} title @param {{label: string, value: string, limit: number, button: string, more?: Node[],
 *   optional?: boolean, save: (text: string) => Promise<any>, then?: (saved: any) => unknown}} options
 */
export function askForText(title, { label, value, limit, button, more = [], optional = false, save, then }) {
  const input = /** @type {HTMLInputElement} */ (
    h("input", { type: "text", value, maxlength: limit, required: !optional, autocomplete: "off", "aria-describedby": "dialog-problem" })
  );
  const problem = h("p", { class: "problem", id: "dialog-problem", role: "alert", hidden: true });
  const form = h(
    "form",
    { method: "dialog" },
    h("label", {}, label, input),
    ...more,
    problem,
    h(
      "div",
      { class: "buttons" },
      h("button", { type: "button", class: "plain", onclick: () => dialog.close() }, "Cancel"),
      h("button", { class: "main" }, button),
    ),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const saved = await save(input.value);
      dialog.close();
      then?.(saved);
    } catch (error) {
      problem.textContent = /** @type {Error} */ (error).message;
      problem.hidden = false;
      input.focus();
    }
  });
  const dialog = openDialog(title, [form]);
  input.select();
}

/** @param {any} page @param {any} room */
export function renameRoom({ ask, boot }, room) {
  askForText("Rename this room", {
    label: "Name",
    value: room.name,
    limit: boot.limits.name,
    button: "Rename",
    save: (name) => ask("rename", { room: room.id, name }),
  });
}

/** One's name, and what this browser keeps: theme, keys, voice. @param {any} page */
export function you(page) {
  const { ask, boot, state, preferences } = page;
  const root = document.documentElement;
  const keep = () => {
    try {
      localStorage.setItem("hubbub:preferences", JSON.stringify(preferences));
    } catch {
      // Forbidden: they hold until the page is left.
    }
  };
  const theme = h(
    "select",
    {
      onchange: (/** @type {any} */ event) => {
        root.dataset.theme = event.target.value;
        const path = `${boot.base}/`;
        document.cookie = `hubbub_theme=${event.target.value}; path=${path}; max-age=31536000; samesite=lax`;
      },
    },
    ...["auto", "light", "dark"].map((name) =>
      h("option", { value: name, selected: root.dataset.theme === name }, { auto: "Like the system", light: "Light", dark: "Dark" }[name]),
    ),
  );
  const choice = (/** @type {string} */ name, /** @type {string} */ words) =>
    h(
      "label",
      { class: "choice" },
      h("input", {
        type: "checkbox",
        checked: preferences[name],
        onchange: (/** @type {any} */ event) => {
          preferences[name] = event.target.checked;
          keep();
        },
      }),
      words,
    );
  askForText("You", {
    label: "Your name",
    value: state.me.name,
    limit: boot.limits.name,
    button: "Save",
    more: [
      h("label", {}, "Colours", theme),
      choice("enterSends", "Enter sends (otherwise Ctrl+Enter)"),
      choice("speak", "Read new messages out to screen readers"),
      h("button", { type: "button", class: "link", onclick: async (/** @type {Event} */ event) => {
        /** @type {HTMLElement} */ (event.target).closest("dialog")?.close();
        (await page.load("my-data"))?.myData(page);
      } }, "Download my data, or delete my account"),
    ],
    save: (name) => (name === state.me.name ? Promise.resolve() : ask("name", { name })),
  });
}

/** @param {string} title @param {string} words @param {string} button @param {() => Promise<unknown>} work */
export function confirm(title, words, button, work) {
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const act = async () => {
    try {
      await work();
      dialog.close();
    } catch (error) {
      problem.textContent = /** @type {Error} */ (error).message;
      problem.hidden = false;
    }
  };
  const buttons = h(
    "div",
    { class: "buttons" },
    h("button", { type: "button", class: "plain", onclick: () => dialog.close() }, "Cancel"),
    h("button", { type: "button", class: "main danger", onclick: act }, button),
  );
  const dialog = openDialog(title, [h("div", { class: "stack" }, h("p", {}, words), problem, buttons)]);
}

/** @param {string} address */
export function showLink(address) {
  const input = /** @type {HTMLInputElement} */ (h("input", { type: "text", value: address, readonly: true, "aria-label": "Link" }));
  const close = h("button", { type: "button", class: "main", onclick: () => dialog.close() }, "Close");
  const dialog = openDialog("Link to this message", [h("div", { class: "stack" }, input, h("div", { class: "buttons" }, close))]);
  input.select();
}
