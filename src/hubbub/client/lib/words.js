// @ts-check
/** Dates, names and numbers as people read them. */

const timeFormat = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const dayFormat = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
const shortFormat = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const fullFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });

export const UNREAD_CAP = 100;
const PALETTE = 12;

/** @param {number} at milliseconds @returns {string} */
export const timeOf = (at) => timeFormat.format(at);
/** @param {number} at @returns {string} for the narrow margin: without AM and PM */
export const shortTimeOf = (at) =>
  timeFormat.formatToParts(at).filter(({ type }) => type !== "dayPeriod").map(({ value }) => value).join("").trim();
/** @param {number} at */
export const fullTimeOf = (at) => fullFormat.format(at);
/** @param {number} at @returns {string} a key that is the same for all times of one local day */
export const dayKey = (at) => new Date(at).toDateString();

/** @param {number} at @param {number} now */
export function dayOf(at, now) {
  if (dayKey(at) === dayKey(now)) return "Today";
  const yesterday = new Date(now);
  yesterday.setDate(yesterday.getDate() - 1);
  return dayKey(at) === yesterday.toDateString() ? "Yesterday" : dayFormat.format(at);
}

/** @param {number} at @param {number} now */
export const activityOf = (at, now) => (dayKey(at) === dayKey(now) ? timeOf(at) : shortFormat.format(at));

/** @param {number} count */
export const countOf = (count) => (count >= UNREAD_CAP ? "99+" : String(count));

/** @param {number} count @param {string} one @param {string} [many] */
export const plural = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

/** @param {string} person an id @returns {number} which hue of the palette the name has; the same sum as the server's */
export function hue(person) {
  let total = 0;
  for (const character of person) total = (total * 31 + /** @type {number} */ (character.codePointAt(0))) % 65521;
  return total % PALETTE;
}

/** @param {number} size bytes @returns {string} "13 bytes", "300 kB", "2.5 MB"; as the server says it */
export function sizeOf(size) {
  if (size < 1000) return plural(size, "byte");
  if (size < 1e6) return `${Math.floor(size / 1000)} kB`;
  return size < 1e7 ? `${Math.floor(size / 1e5) / 10} MB` : `${Math.floor(size / 1e6)} MB`;
}

/** @typedef {import("../state.js").FileInfo} FileInfo */

/** @param {string} base @param {FileInfo} file @returns {string} where its bytes are */
export const addressOf = (base, { id, name }) => `${base}/api/files/${id}/${encodeURIComponent(name)}`;

/** @param {FileInfo} file */
export const isPicture = (file) => Boolean(file.width && file.height && file.type.startsWith("image/"));

/** @param {{text: string, files?: {name: string}[]}} message @returns {string} what it says, or the names of its files */
export const wordsOf = ({ text, files }) => text || (files ?? []).map(({ name }) => name).join(", ");

/** @param {string} text @returns {string} its beginning in one line, as quotes show it */
export function excerpt(text) {
  const line = text.replace(/\s+/gu, " ").trim();
  const letters = [...line];
  return letters.length > 200 ? `${letters.slice(0, 199).join("").trimEnd()}…` : line;
}

/**
 * @param {string[]} names @param {number} [others] how many have no name here
 * @returns {string} "Ann", "Ann and Bob", "Ann, Bob and Cleo", "Ann, Bob and 3 others"
 */
export function listOf(names, others = 0) {
  const shown = others || names.length > 3 ? names.slice(0, 2) : names;
  const rest = names.length - shown.length + others;
  const all = rest ? [...shown, plural(rest, "other")] : shown;
  return all.length > 1 ? `${all.slice(0, -1).join(", ")} and ${all[all.length - 1]}` : (all[0] ?? "");
}

/** @param {string | undefined} reason of a moderator; undefined: its author did it @returns {string} */
export const deletedWords = (reason) =>
  reason === undefined ? "This message was deleted." : `Removed by a moderator${reason ? `: ${reason}` : "."}`;

/** @param {string} room @param {{why: string, reason?: string}} left @returns {string} */
export const leftWords = (room, { why, reason }) =>
  `You were ${why === "banned" ? "banned" : "removed"} from ${room}${reason ? `: ${reason}` : "."}`;

/** @param {number} until @returns {string} */
export const mutedWords = (until) =>
  `A moderator has silenced you${until < Date.now() + 315_360_000_000 ? ` until ${fullTimeOf(until)}` : ""}. You can read, and not write.`;

/** @param {import("../state.js").Typing} typing @returns {string} */
export function typingWords({ people, others }) {
  const count = people.length + others;
  if (!count) return "";
  const who = people.length ? listOf(people.map((person) => person.name), others) : plural(others, "person", "people");
  return `${who} ${count === 1 ? "is" : "are"} typing …`;
}
