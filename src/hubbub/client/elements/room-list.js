// @ts-check
/** The rooms one is in, the most recently active first. */

import { arrange, h, iconButton } from "../lib/dom.js";
import { activityOf, countOf } from "../lib/words.js";
import { draftOf } from "../outgoing.js";

/** @typedef {import("../state.js").Room} Room */

/** Says: `open` (room id), `create`, `browse`, `switch`. */
export class RoomList extends HTMLElement {
  connectedCallback() {
    this.list = h("ul", { class: "room-links" });
    this.links = new Map();
    const actions = h(
      "div",
      { class: "room-actions" },
      iconButton("plus", "New room", () => this.say("create")),
      iconButton("search", "Find rooms", () => this.say("browse")),
    );
    this.replaceChildren(this.list, actions);
    this.list.addEventListener("click", (event) => {
      const link = /** @type {HTMLElement} */ (event.target).closest("a");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      this.say("open", link.dataset.room);
    });
  }

  /** @param {Room[]} rooms in order @param {string} current @param {(room: string) => string} href */
  update(rooms, current, href) {
    const now = Date.now();
    const items = rooms.map((room) => {
      const draft = room.id !== current && Boolean(draftOf(room.id).text);
      const key = [room.name, room.unread, activityOf(room.lastAt, now), room.id === current, draft].join("\n");
      const old = this.links?.get(room.id);
      if (old?.key === key) return old.item;
      const item = h("li", {}, this.link(room, current, href, draft, now));
      const focused = old?.item.contains(document.activeElement);
      this.links?.set(room.id, { key, item });
      if (focused) queueMicrotask(() => item.querySelector("a")?.focus());
      return item;
    });
    if (this.list) arrange(this.list, items);
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
