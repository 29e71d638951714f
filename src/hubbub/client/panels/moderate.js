// @ts-check
/** What can be done about somebody's message: report it; and what moderators may do to it and to its author. */

import { h } from "../lib/dom.js";
import { openDialog } from "./dialogs.js";

const DURATIONS = { "10 minutes": 10, "1 hour": 60, "1 day": 1440, "1 week": 10_080, "For good": 0 };

/** @typedef {import("../state.js").Message} Message */
/** @typedef {{words: string, button: string, told: string, timed?: boolean, ask: (more: {reason: string, minutes?: number}) => [string, object]}} Deed */

/** @param {string | undefined} role */
export const watches = (role) => role === "moderator" || role === "owner";

/** @param {any} page @param {Message} message @returns {Record<string, Deed>} what this person may do about it */
function deedsOn({ state }, message) {
  const { room, seq, author } = message;
  const person = author.id;
  const about = { room, person };
  /** @type {Record<string, Deed>} */
  const deeds = {
    report: { words: "Report it to the moderators", button: "Report", told: "The moderators have been asked to look.", ask: (more) => ["report", { room, message: seq, ...more }] },
  };
  const here = watches(state.rooms.get(room)?.role);
  const everywhere = watches(state.me.role);
  const name = `“${author.name}”`;
  if (here) {
    if (!message.deleted) deeds.remove = { words: "Remove the message", button: "Remove", told: "The message is removed.", ask: (more) => ["delete", { room, message: seq, ...more }] };
    deeds.mute = { words: `Silence ${name} in this room`, button: "Silence", told: "They can read, and not write.", timed: true, ask: (more) => ["mute", { ...about, ...more }] };
  }
  if (here && room !== "lobby") {
    deeds.kick = { words: `Remove ${name} from this room`, button: "Remove from the room", told: "They are out, and can come back.", ask: (more) => ["kick", { ...about, ...more }] };
    deeds.ban = { words: `Ban ${name} from this room`, button: "Ban", told: "They are out, and stay out.", timed: true, ask: (more) => ["ban", { ...about, ...more }] };
  }
  if (everywhere) {
    deeds.muteAll = { words: `Silence ${name} everywhere`, button: "Silence", told: "They can read, and not write.", timed: true, ask: (more) => ["mute", { person, ...more }] };
    deeds.banAll = { words: `Ban ${name} from the whole place`, button: "Ban", told: "They are gone, and cannot come back.", timed: true, ask: (more) => ["ban", { person, ...more }] };
  }
  return deeds;
}

/**
 * Asks what to do, and does it.
 * @param {any} page @param {Message} message
 * @param {{chosen?: string, done?: () => void}} [options] `chosen`: what is proposed
 */
export function moderate(page, message, { chosen = "report", done } = {}) {
  const deeds = deedsOn(page, message);
  const names = Object.keys(deeds);
  const deed = (/** @type {string} */ one) => /** @type {Deed} */ (deeds[one]);
  let name = names.includes(chosen) ? chosen : "report";
  const choices = names.map((one) => {
    const input = h("input", { type: "radio", name: "deed", value: one, checked: one === name, onchange: () => choose(one) });
    return h("label", { class: "choice" }, input, h("bdi", {}, deed(one).words));
  });
  const reason = /** @type {HTMLInputElement} */ (h("input", { type: "text", maxlength: 300, autocomplete: "off" }));
  const who = h("span");
  const time = /** @type {HTMLSelectElement} */ (
    h("select", {}, ...Object.entries(DURATIONS).map(([words, minutes]) => h("option", { value: minutes, selected: minutes === 60 }, words)))
  );
  const long = h("label", {}, "For how long?", time);
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const button = h("button", { class: "main" });
  const form = h(
    "form",
    { method: "dialog" },
    names.length > 1 ? h("fieldset", {}, h("legend", {}, "What should happen?"), ...choices) : h("p", {}, "A moderator will look at this message."),
    long,
    h("label", {}, who, reason),
    problem,
    h("div", { class: "buttons" }, h("button", { type: "button", class: "plain", onclick: () => dialog.close() }, "Cancel"), button),
  );

  /** @param {string} one */
  function choose(one) {
    name = one;
    long.hidden = !deed(one).timed;
    who.textContent = one === "report" ? "What is wrong with it?" : one === "remove" ? "Why? Everybody can read this." : one === "banAll" ? "Why? It is kept in the log." : "Why? They are told, and it is kept in the log.";
    button.textContent = deed(one).button;
    button.className = one === "report" ? "main" : "main danger";
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const minutes = Number(time.value);
    const [verb, fields] = deed(name).ask({ reason: reason.value, ...(deed(name).timed && minutes ? { minutes } : {}) });
    try {
      await page.ask(verb, fields);
      dialog.close();
      page.toast.show(deed(name).told);
      done?.();
    } catch (error) {
      problem.textContent = /** @type {Error} */ (error).message;
      problem.hidden = false;
    }
  });
  choose(name);
  const dialog = openDialog(names.length > 1 ? "Report or moderate" : "Report this message", [form]);
}
