// @ts-check
/** For moderators: what was reported, who is silenced or banned, what was done, and the rules. */

import { h, iconButton } from "../lib/dom.js";
import { excerpt } from "../lib/words.js";
import { moderate, watches } from "./moderate.js";
import { rulesForm } from "./rules.js";

const whenFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const PAGE = 25;
/** @type {Record<string, string>} */
const DEEDS = {
  delete: "removed a message of",
  mute: "silenced",
  unmute: "let speak again",
  kick: "removed from a room",
  ban: "banned",
  unban: "let in again",
  resolve: "settled the reports of a message of",
  set_rules: "changed the rules",
  retention: "changed how long a room keeps messages",
  approve: "let in",
  refuse: "turned away",
  set_place_role: "changed the role of",
  reset_link: "made a link for a new password of",
  set_place: "changed the place",
};

/** @typedef {{id: string, name: string}} Author */
/** @typedef {{message: import("../state.js").Message, room_name: string, complaints: {by: Author, at: number, reason: string}[]}} Reported */
/** @typedef {{person: Author, kind: "mute" | "ban", room?: string, until?: number, at: number, by: Author, reason: string}} Sanction */
/** @typedef {{id: number, at: number, by: Author, action: string, person?: Author, room?: string, reason: string, until?: number}} Entry */

/** @param {HTMLElement} side @param {any} page @param {() => void} close */
export function openSide(side, page, close) {
  const everywhere = watches(page.state.me.role);
  /** @type {import("../state.js").Room} */
  let room = page.reader.room;
  const where = () => (everywhere ? {} : { room: room.id });
  const section = (/** @type {string} */ title, /** @type {Node[]} */ ...more) => {
    const list = h("ul", { class: "cases", "aria-label": title });
    return { list, all: h("section", { "aria-label": title }, h("h3", {}, title), ...more, list) };
  };
  const reports = section("Reported");
  const sanctions = section("Silenced or banned");
  const filter = /** @type {HTMLSelectElement} */ (
    h("select", { "aria-label": "Show", onchange: () => showLog() }, h("option", { value: "" }, "Everything"),
      ...Object.entries(DEEDS).map(([value, words]) => h("option", { value }, words)))
  );
  const log = section("What was done", filter);
  const older = h("button", { type: "button", class: "plain", hidden: true, onclick: () => addLog() }, "Older");
  log.all.append(older);
  const rules = h("section", { "aria-label": "Rules" });
  const again = h("button", { type: "button", class: "plain", onclick: () => showAll() }, "Look again");
  const bar = h("header", { class: "bar" }, h("h2", { class: "place" }, "Moderation"), iconButton("close", "Close", close));
  const words = h("p", { class: "note", role: "status" });
  side.replaceChildren(bar, h("section", { class: "stack" }, words, again), reports.all, sanctions.all, log.all, rules);
  side.onkeydown = (event) => event.key === "Escape" && close();
  /** @type {number | undefined} */
  let last;

  /** @param {HTMLElement} list @param {Node[]} rows @param {string} none */
  const fill = (list, rows, none) => list.replaceChildren(...(rows.length ? rows : [h("li", { class: "note" }, none)]));
  /** @param {() => Promise<unknown>} work */
  const trying = async (work) => {
    try {
      await work();
    } catch (error) {
      page.told(error);
    }
  };

  const showAll = () => trying(async () => {
    words.textContent = everywhere ? "In the whole place, and in all public rooms." : `In ${room.name}.`;
    fill(reports.list, (await page.ask("reports", where())).reports.map(reportRow), "Nothing waits for you.");
    fill(sanctions.list, (await page.ask("sanctions", where())).sanctions.map(sanctionRow), "Nobody is.");
    await showLog();
    rules.replaceChildren(...(await rulesForm(page, room)));
  });

  const entriesBefore = async (/** @type {number | undefined} */ before) => {
    const action = filter.value ? { action: filter.value } : {};
    /** @type {Entry[]} */
    const entries = (await page.ask("audit", { ...where(), ...action, ...(before ? { before } : {}), limit: PAGE })).entries;
    last = entries[entries.length - 1]?.id;
    older.hidden = entries.length < PAGE;
    return entries.map(entryRow);
  };
  const showLog = () => trying(async () => fill(log.list, await entriesBefore(undefined), "Nothing yet."));
  const addLog = () => trying(async () => log.list.append(...(await entriesBefore(last))));

  /** @param {string} words @param {() => unknown} onclick @param {Author} about */
  const button = (words, onclick, about) =>
    h("button", { type: "button", class: "plain", onclick, "aria-label": `${words}: ${about.name}` }, words);

  /** @param {Reported} reported */
  function reportRow({ message, room_name: name, complaints }) {
    const act = (/** @type {string} */ chosen) => () => moderate(page, message, { chosen, done: showAll });
    const settle = (/** @type {string} */ note) => trying(async () => {
      await page.ask("resolve", { room: message.room, message: message.seq, note });
      await showAll();
    });
    const jump = (/** @type {Event} */ event) => {
      event.preventDefault();
      if (matchMedia("(max-width: 62rem)").matches) close();
      page.openRoom(message.room, { seq: message.seq });
    };
    const link = h("a", { href: `${page.boot.base}/r/${message.room}/${message.seq}`, onclick: jump }, h("bdi", {}, name));
    const { author } = message;
    return h(
      "li",
      {},
      h("p", {}, h("b", {}, h("bdi", {}, author.name)), " in ", link),
      h("blockquote", { dir: "auto" }, message.deleted ? "This message has been removed." : excerpt(message.text)),
      ...complaints.map(({ by, reason }) => h("p", { class: "note" }, h("bdi", {}, by.name), reason ? ": " : " reported it.", h("bdi", {}, reason))),
      h(
        "div",
        { class: "buttons" },
        ...(message.deleted ? [] : [button("Remove", act("remove"), author)]),
        button("Silence", act("mute"), author),
        button("Ban", act(everywhere ? "banAll" : "ban"), author),
        button("Settle", () => settle(""), author),
      ),
    );
  }

  /** @param {Sanction} sanction */
  function sanctionRow({ person, kind, room: id, until, by, reason }) {
    const verb = kind === "mute" ? "unmute" : "unban";
    const lift = () => trying(async () => {
      await page.ask(verb, { person: person.id, ...(id ? { room: id } : {}) });
      await showAll();
    });
    const place = id ? ["in ", h("bdi", {}, page.state.rooms.get(id)?.name ?? id)] : ["everywhere"];
    return h(
      "li",
      {},
      h("p", {}, h("b", {}, h("bdi", {}, person.name)), ` ${kind === "mute" ? "is silenced" : "is banned"} `, ...place),
      h("p", { class: "note" }, until ? `Until ${whenFormat.format(until)}, by ` : "For good, by ", h("bdi", {}, by.name), reason ? ": " : "", h("bdi", {}, reason)),
      h("div", { class: "buttons" }, button(kind === "mute" ? "Let speak" : "Let in", lift, person)),
    );
  }

  /** @param {Entry} entry */
  function entryRow({ at, by, action, person, room: id, reason, until }) {
    const place = id ? [" in ", h("bdi", {}, page.state.rooms.get(id)?.name ?? id)] : [];
    return h(
      "li",
      {},
      h("p", {}, h("b", {}, h("bdi", {}, by.name)), ` ${DEEDS[action] ?? action.replaceAll("_", " ")} `, person ? h("bdi", {}, person.name) : "", ...place),
      h("p", { class: "note" }, whenFormat.format(at), until ? `, until ${whenFormat.format(until)}` : "", reason ? ": " : "", h("bdi", {}, reason)),
    );
  }

  showAll();
  return {
    label: "Moderation",
    /** @param {import("../state.js").Room} now */
    update(now) {
      if (now.id === room.id) return;
      room = now;
      showAll();
    },
  };
}
