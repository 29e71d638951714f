// @ts-check
/**
 * The page, put together: frames change the state, the state is drawn, and what people do becomes commands.
 * What a first visit does not need is loaded when it is used (`panels/`, `actions.js`).
 */

import { Connection } from "./connection.js";
import "./elements/message-composer.js";
import "./elements/message-list.js";
import { Announcer, drawTitle, isHidden, StatusLine, Toast } from "./elements/around.js";
import { h, icon, iconButton, keyOf, SIGNS } from "./lib/dom.js";
import { countOf, excerpt, leftWords, plural, typingWords, wordsOf } from "./lib/words.js";
import { Outgoing, stored } from "./outgoing.js";
import { bootHistory, Reader } from "./reader.js";
import { createState, cursors, receive, Room, TYPING_MAX_MS, typingNow } from "./state.js";

const boot = JSON.parse(document.getElementById("boot")?.textContent ?? "{}");
const files = new URL(".", import.meta.url).pathname;
/** @param {string} id */
const element = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const app = element("app");
const list = /** @type {import("./elements/message-list.js").MessageList} */ (document.querySelector("message-list"));
const rooms = /** @type {import("./elements/around.js").RoomList} */ (document.querySelector("room-list"));
const composer = /** @type {import("./elements/message-composer.js").MessageComposer} */ (
  document.querySelector("message-composer")
);

const state = createState(boot);
const first = /** @type {Room} */ (state.rooms.get(boot.room.id));
bootHistory(first, boot.history);

/** What this browser's user prefers. */
const preferences = {
  enterSends: !matchMedia("(pointer: coarse)").matches,
  speak: true,
  ...stored("hubbub:preferences"),
};

const socketAddress = new URL(`${boot.base}/ws`, location.href);
socketAddress.protocol = location.protocol === "https:" ? "wss:" : "ws:";
const connection = new Connection({
  url: socketAddress.href,
  hello: () => ({ type: "hello", version: 1, epoch: state.epoch, cursors: cursors(state) }),
  room: () => reader.room.id,
  onFrame: take,
  onStatus: statusChanged,
});
/** @param {string} type @param {object} [fields] @returns {Promise<any>} */
const ask = (type, fields) => connection.ask(type, fields);
const outgoing = new Outgoing({ person: boot.me.id, ask, isOpen: () => connection.status === "open", onChange: draw });
const reader = new Reader({ ask, list, room: first, draw, drawNow, told });
const status = new StatusLine(element("room-bar"), () => connection.hurry(), () => location.assign(`${boot.base}/sign-in`));
const announcer = new Announcer(element("announcer"));
const toast = new Toast();

// Frames -------------------------------------------------------------------------------------------------------

/** @param {any} frame */
function take(frame) {
  if (frame.type === "message.posted" && frame.by.id === state.me.id && frame.key) outgoing.remove(frame.key);
  const { room, gap, fresh } = receive(state, frame, Date.now());
  if (gap) {
    connection.resume();
    return;
  }
  if (fresh && room === reader.room && frame.type === "message.posted" && frame.by.id !== state.me.id) {
    reader.cameIn(frame);
    if (preferences.speak && wordsOf(frame)) announcer.message(frame.by.name, wordsOf(frame), Date.now());
  }
  if (fresh && room?.loaded && frame.reply_to && !room.quotes.has(frame.reply_to)) reader.fetchQuote(room, frame.reply_to);
  if (room === reader.room && !room.loaded && connection.status === "open") reader.load();
  if (frame.type === "typing") setTimeout(draw, TYPING_MAX_MS);
  if (frame.type === "muted" && frame.until && frame.reason) toast.show(`A moderator has silenced you: ${frame.reason}`);
  if (frame.type === "left" && frame.why) toast.show(leftWords(room?.name ?? frame.room, frame));
  draw();
}

function statusChanged() {
  app.dataset.connection = connection.status;
  if (connection.status === "open") {
    outgoing.sendAll();
    reader.load();
    reader.markSoon();
  }
  draw();
}

// Drawing ------------------------------------------------------------------------------------------------------

let planned = false;
/** @type {{look: () => void} | undefined} */
let previews;

/** Draws before the next frame is painted; in a hidden tab, where nothing is painted, soon. */
function draw() {
  if (planned) return;
  planned = true;
  if (document.hidden) setTimeout(drawNow, 50);
  else requestAnimationFrame(drawNow);
}

function drawNow() {
  planned = false;
  const { room } = reader;
  list.update(room, { me: state.me, base: boot.base, href: messageHref, items: outgoing.of(room.id) });
  composer.update(room);
  composer.showTyping(connection.status === "open" ? typingWords(typingNow(room, Date.now())) : "");
  rooms.update(shownRooms(), room.id, roomHref, state.me.role !== "guest");
  status.update(connection, outgoing.waiting);
  drawBar(room);
  panel?.update(room);
  previews?.look();
}

/** @param {Room} room */
function drawBar(room) {
  const [heading, nameOfMe] = [element("room-name").firstElementChild, app.querySelector(".me bdi")];
  if (heading && heading.textContent !== room.name) heading.textContent = room.name;
  if (nameOfMe && nameOfMe.textContent !== state.me.name) nameOfMe.textContent = state.me.name;
  nameButton.classList.toggle("called", state.waiting > 0);
  nameButton.title = state.waiting ? `${plural(state.waiting, "account waits", "accounts wait")} to be let in` : "";
  const place = app.querySelector(".place");
  if (place && place.textContent !== state.place?.name) place.textContent = state.place?.name ?? "";
  drawTitle(element("room-bar"), room);
  hereCount.textContent = String(room.hereCount || 1);
  sideButton.setAttribute("aria-label", `About this room, ${plural(room.hereCount || 1, "person", "people")} here`);
  const unread = joinedRooms().reduce((sum, one) => sum + one.unread, 0);
  const title = `${unread ? `(${countOf(unread)}) ` : ""}${room.name} – ${state.place?.name}`;
  if (document.title === title) return;
  document.title = title;
  const link = /** @type {HTMLLinkElement} */ (document.querySelector("link[rel=icon]"));
  link.href = `${files}icon${unread ? "-unread" : ""}.svg`;
}

const joinedRooms = () => [...state.rooms.values()].filter((room) => room.joined);

/** The rooms in the list: one's own and the one that is open, the most recently active first. */
const shownRooms = () =>
  [...state.rooms.values()]
    .filter((room) => (room.joined && !isHidden(room)) || room === reader.room)
    .sort((a, b) => b.lastAt - a.lastAt || (a.id < b.id ? -1 : 1));

/** @param {string} room */
const roomHref = (room) => `${boot.base}/r/${room}`;
/** @param {number} seq */
const messageHref = (seq) => `${roomHref(reader.room.id)}/${seq}`;

// Rooms --------------------------------------------------------------------------------------------------------

/** @param {string} id @param {{push?: boolean, seq?: number}} [options] */
async function openRoom(id, { push = true, seq } = {}) {
  const room = state.rooms.get(id) ?? (await findRoom(id));
  if (!room) return;
  if (push && location.pathname + location.hash !== roomHref(id)) history.pushState(null, "", roomHref(id));
  showPane();
  if (room !== reader.room) await reader.open(room);
  if (seq) await reader.jump(seq);
  else if (push && !matchMedia("(pointer: coarse)").matches) composer.focusText();
}

/** A room that one is not in. @param {string} id */
async function findRoom(id) {
  try {
    for (const summary of (await (await load("room-finder"))?.everyRoom(ask)) ?? []) {
      if (!state.rooms.has(summary.id)) state.rooms.set(summary.id, new Room(summary));
    }
    if (!state.rooms.has(id)) toast.show("There is no such room.");
  } catch (error) {
    told(error);
  }
  return state.rooms.get(id);
}

/** On a phone, rooms and messages are two screens with an address each. */
function showPane() {
  app.dataset.pane = location.hash === "#rooms" ? "rooms" : "room";
}

addEventListener("popstate", () => {
  showPane();
  const [, room, seq] = /\/r\/([^/]+)(?:\/(\d+))?$/.exec(location.pathname) ?? [];
  openRoom(room ? decodeURIComponent(room) : "lobby", { push: false, seq: Number(seq) || undefined });
});

// What people do -----------------------------------------------------------------------------------------------

/** @param {string} type @param {object} fields */
const tell = (type, fields) => ask(type, fields).catch(told);

/** Says what went wrong. @param {unknown} error */
function told(error) {
  const { code, message } = /** @type {import("./connection.js").Refused} */ (error);
  if (code !== "disconnected" || connection.status === "open") toast.show(message);
}

/** @param {string} name @returns {Promise<any>} a part of the page that is loaded when it is used */
async function load(name) {
  try {
    return await import(`./panels/${name}.js`);
  } catch {
    notLoaded();
    return undefined;
  }
}
const notLoaded = () => toast.show("This part of the page could not be loaded. Try again when you are connected.");

/** What panels may use of the page. */
const page = { state, boot, ask, told, preferences, openRoom, load, toast, reader, composer, draw, messageHref, openSide: (/** @type {string} */ name) => openSide(name, sideButton) };

// Panels -------------------------------------------------------------------------------------------------------

/** What stands at the side. @type {{name: string, label?: string, opener: HTMLElement, update: (room: Room) => void, focus?: () => void} | undefined} */
let panel;
const side = element("side");
const hereCount = h("span", {}, "1");
const folded = { "aria-expanded": "false", "aria-controls": "side" };
const sideButton = iconButton("people", "About this room", () => toggleSide("side-panel", sideButton), folded);
const searchButton = iconButton("search", "Search messages", () => toggleSide("search-panel", searchButton), folded);
sideButton.append(hereCount);

/** @param {string} name of its module @param {HTMLElement} opener */
async function toggleSide(name, opener) {
  if (panel?.name === name) closeSide();
  else await openSide(name, opener);
}

/** @param {string} name @param {HTMLElement} opener */
async function openSide(name, opener) {
  const module = await load(name);
  if (!module) return;
  if (panel?.name !== name) {
    panel?.opener.setAttribute("aria-expanded", "false");
    panel = { name, opener, ...module.openSide(side, page, closeSide) };
    side.hidden = false;
    side.setAttribute("aria-label", panel?.label ?? opener.title);
    opener.setAttribute("aria-expanded", "true");
    panel?.update(reader.room);
  }
  if (panel?.focus) panel.focus();
  else side.querySelector("button")?.focus();
}

function closeSide() {
  side.hidden = true;
  panel?.opener.setAttribute("aria-expanded", "false");
  panel?.opener.focus();
  panel = undefined;
}

const openSearch = () => openSide("search-panel", searchButton);
const openFinder = async () => (await load("room-finder"))?.find(page, shownRooms());
const openHelp = async () => (await load("help"))?.showKeys(KEYS);
const openYou = async () => (state.me.kind === "account" ? (await load("account"))?.menu(page) : (await load("dialogs"))?.you(page));
const moves = (/** @type {(moves: any) => unknown} */ move) => load("moves").then((module) => module && move(module));
const walk = (/** @type {number} */ step, /** @type {boolean} */ unreadOnly) => moves(({ walk: go }) => go(page, shownRooms(), step, unreadOnly));
const createRoom = async () => (await load("new-room"))?.createRoom(page);
const newMessage = async () => (await load("people-picker"))?.newMessage(page);

// Keys ---------------------------------------------------------------------------------------------------------

/** @typedef {{keys: string[], words: string, run?: () => unknown}} Key */
/** Every key of the page; the help is made from this table. Those without `run` are handled where they belong. @type {Key[]} */
const KEYS = [
  { keys: ["Ctrl+K"], words: "Go to a room", run: openFinder },
  { keys: ["/", "Ctrl+Shift+F"], words: "Search messages", run: openSearch },
  { keys: ["Alt+ArrowUp"], words: "Previous room", run: () => walk(-1, false) },
  { keys: ["Alt+ArrowDown"], words: "Next room", run: () => walk(1, false) },
  { keys: ["Alt+Shift+ArrowUp"], words: "Previous room with unread messages", run: () => walk(-1, true) },
  { keys: ["Alt+Shift+ArrowDown"], words: "Next room with unread messages", run: () => walk(1, true) },
  { keys: ["Shift+PageUp"], words: "First unread message", run: () => reader.firstUnread() },
  { keys: ["Shift+Escape"], words: "Everything is read", run: () => moves(({ readAll }) => readAll(page, joinedRooms())) },
  { keys: ["Ctrl+/", "?"], words: "This help", run: openHelp },
  { keys: ["Ctrl+F6"], words: "Next part of the page", run: () => moves(({ nextLandmark }) => nextLandmark(list, landmarks())) },
  { keys: ["Enter"], words: "In the message box: send (Shift+Enter: new line)" },
  { keys: ["ArrowUp"], words: "In an empty message box: edit your last message" },
  { keys: ["Escape"], words: "Close what is open; end a reply or an edit; then: read, and to the newest message" },
  { keys: ["ArrowUp", "ArrowDown"], words: "Among the messages: from one to the next (Enter: its buttons; End: the newest)" },
  { keys: ["R", "E", "+", "U", "C"], words: "On a message: reply, edit, react, unread from here, copy the link" },
  { keys: ["P"], words: "On a message: who wrote it" },
];

addEventListener("keydown", (event) => {
  const writing = /** @type {HTMLElement} */ (event.target).closest?.("input, textarea");
  if (event.isComposing || document.querySelector("dialog[open]")) return;
  if (writing && SIGNS.includes(keyOf(event))) return;
  const key = KEYS.find(({ keys, run }) => run && keys.includes(keyOf(event)));
  if (!key) return;
  event.preventDefault();
  key.run?.();
});

const landmarks = () => [element("rooms"), list.log, composer.querySelector("form"), side];

// Wiring -------------------------------------------------------------------------------------------------------

/** @param {HTMLElement} source @param {Record<string, (detail: any) => unknown>} handlers */
function listen(source, handlers) {
  for (const [name, handler] of Object.entries(handlers)) {
    source.addEventListener(name, (event) => handler(/** @type {CustomEvent} */ (event).detail));
  }
}

listen(rooms, { open: (id) => openRoom(id), create: createRoom, write: newMessage, browse: openFinder });
listen(list, {
  older: () => reader.older(),
  newer: () => reader.newer(),
  latest: () => reader.latest(),
  moved: () => reader.isActive(),
  jump: (seq) => reader.jump(seq),
  "first-unread": () => reader.firstUnread(),
  leave: () => composer.focusText(),
  who: (id) => load("profile").then((module) => module?.showProfile(page, id)),
  picture: async (id) => (await load("lightbox"))?.show(page, id),
  react: ({ seq, emoji }) => {
    const message = reader.room.messages.get(seq);
    if (message && reader.room.joined && !reader.room.archived) loadActions().then(({ react }) => react(message, emoji), notLoaded);
  },
  pending: ({ act, key }) => {
    const item = outgoing.items.get(key);
    if (act === "retry") outgoing.retry(key);
    else outgoing.remove(key);
    if (act === "rewrite" && item) composer.putBack(item.text, item.files);
  },
});
listen(composer, {
  send: ({ text, replyTo, uploads }) => {
    const { room } = reader;
    reader.held.delete(room.id);
    room.newAfter = null;
    outgoing.add(room.id, text, replyTo, uploads);
    reader.latest();
  },
  edit: ({ seq, text }) =>
    ask("edit", { room: reader.room.id, message: seq, text }).catch((error) => {
      composer.edit(seq, text);
      composer.sayProblem(error.message);
    }),
  "edit-last": () => {
    const mine = [...reader.room.messages.values()].filter((message) => message.author.id === state.me.id && !message.deleted);
    const last = mine[mine.length - 1];
    if (last && !reader.room.moreAfter) composer.edit(last.seq, last.text);
  },
  typing: () => reader.typing(),
  join: () => tell("join", { room: reader.room.id }),
  escape: () => {
    reader.room.newAfter = null;
    reader.held.delete(reader.room.id);
    reader.latest();
    draw();
  },
});

/** @type {Promise<import("./actions.js").Actions> | undefined} */
let actions;

/** What can be done to a message: loaded when somebody first points at one. */
function loadActions() {
  actions ??= import("./actions.js").then(({ actionsOn }) => actionsOn(/** @type {HTMLElement} */ (list.log), page));
  actions.catch(() => (actions = undefined));
  return actions;
}
let acting = false;
for (const kind of ["pointerover", "focusin", "keydown"]) {
  list.log?.addEventListener(kind, (event) => {
    if (acting) return; // from then on the buttons listen themselves
    const act = (/** @type {import("./actions.js").Actions} */ { buttons }) => {
      acting = true;
      if (event instanceof KeyboardEvent) buttons.keyed(event);
      else buttons.at(event.target);
    };
    loadActions().then(act, () => {}); // without a connection: again at the next event
  });
}

element("room-bar").append(searchButton, sideButton);
const nameButton = h("button", { type: "button", class: "icon you", onclick: openYou, "aria-label": "Your name and settings" }, h("bdi", {}, state.me.name));
app.querySelector(".me")?.replaceChildren(nameButton, iconButton("help", "Keys", openHelp));
nameButton.append(icon("edit"));

composer.start({
  base: boot.base,
  limits: boot.limits,
  enterSends: () => preferences.enterSends,
  onlyReads: () => state.me.role === "guest" && state.place?.guests === "read_only",
  find: (seq) => {
    const message = reader.room.messages.get(seq) ?? reader.room.quotes.get(seq);
    return message && { seq, name: message.author.name, text: excerpt(wordsOf(message)) };
  },
});
showPane();
reader.beginUnread();
app.classList.add("ready");
performance.mark("ready");
drawNow();
if (boot.around !== null) list.show(boot.around);
else list.showNewLine();
connection.connect();
if (boot.limits.previews) load("previews").then((module) => (previews = module?.previewsIn(list, page)));
