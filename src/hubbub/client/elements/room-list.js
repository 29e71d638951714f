// @ts-check
/** The rooms and conversations one is in, the most recently active first; and how a room is marked. */

import { arrange, h, icon, iconButton } from "../lib/dom.js";
import { activityOf, countOf, plural } from "../lib/words.js";
import { draftOf, stored } from "../outgoing.js";

const HIDDEN = "hubbub:hidden";

/** @typedef {import("../state.js").Room} Room */

/** Shows what kind of room it is, and what it is about. @param {HTMLElement} bar @param {Room} room */
export function drawTitle(bar, room) {
  const [sign, topic] = [bar.querySelector(".sign"), bar.querySelector(".topic")];
  const slow = room.slowS ? `One message every ${plural(room.slowS, "second")}` : "";
  const words = [room.topic, slow].filter(Boolean).join(" · ");
  if (topic && topic.textContent !== words) topic.textContent = words;
  const wanted = signOf(room);
  if (sign && sign.getAttribute("data-sign") !== wanted) {
    sign.setAttribute("data-sign", wanted);
    sign.replaceChildren(...signNodes(wanted));
  }
}

/** Not any more when something is said in it. @param {Room} room */
export function hideUntilNextMessage(room) {
  try {
    localStorage.setItem(HIDDEN, JSON.stringify({ ...stored(HIDDEN), [room.id]: room.lastAt }));
  } catch {
    // Forbidden: it stays in the list.
  }
}

/** @param {Room} room */
export const isHidden = (room) => room.kind === "direct" && (stored(HIDDEN)?.[room.id] ?? -1) >= room.lastAt;

/** @type {Record<string, string>} */
const SIGNS = { lock: "private", megaphone: "announcements", people: "conversation" };

/** @param {Room} room */
const signOf = ({ kind, announcement }) =>
  kind === "direct" ? "people" : kind === "private" ? "lock" : announcement ? "megaphone" : "";

/** @param {string} sign @returns {Node[]} */
const signNodes = (sign) => (sign ? [icon(sign), h("span", { class: "said" }, `${SIGNS[sign]} `)] : []);

/** Says: `open` (room id), `create`, `write`, `browse`. */
export class RoomList extends HTMLElement {
  connectedCallback() {
    this.list = h("ul", { class: "room-links", "aria-label": "Rooms" });
    this.direct = h("ul", { class: "room-links", "aria-label": "Direct messages" });
    this.heading = h("h2", {}, "Direct messages");
    this.write = iconButton("write", "New message", () => this.say("write"));
    this.links = new Map();
    const actions = h(
      "div",
      { class: "room-actions" },
      iconButton("plus", "New room", () => this.say("create")),
      this.write,
      iconButton("search", "Find rooms", () => this.say("browse")),
    );
    this.replaceChildren(h("h2", {}, "Rooms"), this.list, this.heading, this.direct, actions);
    this.addEventListener("click", (event) => {
      const link = /** @type {HTMLElement} */ (event.target).closest("a");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      this.say("open", link.dataset.room);
    });
  }

  /**
   * @param {Room[]} rooms in order @param {string} current @param {(room: string) => string} href
   * @param {boolean} mayWrite whether one may begin conversations
   */
  update(rooms, current, href, mayWrite) {
    const { list, direct, heading, write } = this;
    if (!list || !direct || !heading || !write) return;
    const conversations = rooms.filter((room) => room.kind === "direct");
    heading.hidden = !conversations.length;
    write.hidden = !mayWrite;
    this.arrange(list, rooms.filter((room) => room.kind !== "direct"), current, href);
    this.arrange(direct, conversations, current, href);
  }

  /** @param {HTMLElement} list @param {Room[]} rooms @param {string} current @param {(room: string) => string} href */
  arrange(list, rooms, current, href) {
    const now = Date.now();
    const items = rooms.map((room) => {
      const draft = room.id !== current && Boolean(draftOf(room.id).text);
      const key = [room.name, signOf(room), room.unread, activityOf(room.lastAt, now), room.id === current, draft].join("\n");
      const old = this.links?.get(room.id);
      if (old?.key === key) return old.item;
      const item = h("li", {}, this.link(room, current, href, draft, now));
      const focused = old?.item.contains(document.activeElement);
      this.links?.set(room.id, { key, item });
      if (focused) queueMicrotask(() => item.querySelector("a")?.focus());
      return item;
    });
    arrange(list, items);
  }

  /** @param {Room} room @param {string} current @param {(room: string) => string} href @param {boolean} draft @param {number} now */
  link(room, current, href, draft, now) {
    const { unread } = room;
    return h(
      "a",
      {
        href: href(room.id),
        "data-room": room.id,
        "aria-current": room.id === current ? "page" : null,
        class: unread ? "unread" : null,
      },
      ...signNodes(signOf(room)),
      h("bdi", { class: "name" }, room.name),
      draft && h("span", { class: "draft" }, "Draft"),
      unread
        ? h("span", { class: "count" }, countOf(unread), h("span", { class: "said" }, " unread"))
        : h("time", { datetime: new Date(room.lastAt).toISOString() }, activityOf(room.lastAt, now)),
    );
  }

  /** @param {string} type @param {unknown} [detail] */
  say(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

customElements.define("room-list", RoomList);
