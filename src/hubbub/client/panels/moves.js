// @ts-check
/** Moves by keyboard that are not needed at once: to another room, to another part of the page, everything is read. */

/** @typedef {import("../state.js").Room} Room */

/** Opens the next room of the list. @param {any} page @param {Room[]} all @param {number} step @param {boolean} unreadOnly */
export function walk(page, all, step, unreadOnly) {
  const at = all.indexOf(page.reader.room);
  for (let n = 1; n <= all.length; n++) {
    const room = all[(at + step * n + all.length * n) % all.length];
    if (room && room !== page.reader.room && (!unreadOnly || room.unread)) {
      page.openRoom(room.id);
      return;
    }
  }
}

/** @param {any} page @param {Room[]} rooms */
export async function readAll(page, rooms) {
  const unread = rooms.filter((room) => room.unread);
  if (!unread.length) return;
  try {
    const undo = await page.reader.markAllRead(unread);
    page.toast.offer("Everything is marked as read.", "Undo", undo, () => {});
  } catch (error) {
    page.told(error);
  }
}

/** @param {import("../elements/message-list.js").MessageList} list @param {(HTMLElement | null | undefined)[]} all */
export function nextLandmark(list, all) {
  const parts = all.filter((part) => part && !part.hidden);
  const at = parts.findIndex((part) => part?.contains(document.activeElement));
  const next = parts[(at + 1) % parts.length];
  if (next === list.log) list.focusLast();
  else /** @type {HTMLElement | null} */ (next?.querySelector("a, button, textarea, input") ?? null)?.focus();
}
