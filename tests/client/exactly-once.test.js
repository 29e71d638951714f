/**
 * Exactly once on the screen: whatever the network and the server's timing do, a page ends with the server's messages,
 * in order, each once, and shows nothing that is not in the log.
 *
 * Each run is a world made from one seed: a log that grows by events of every kind, a server that writes, repeats,
 * resets and answers when it likes, and a page (the real state and the real Reader) that pages through it.
 * To look at one world: SEED=17 node --test tests/client/exactly-once.test.js. To look at more of them: RUNS=10000.
 */
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Refused } from "../../src/hubbub/client/connection.js";
import { Reader } from "../../src/hubbub/client/reader.js";
import { bootHistory, createState, cursors, excerpt, receive } from "../../src/hubbub/client/state.js";

const { SEED, RUNS = 300 } = process.env;
const STEPS = 120;
const LARGE_EVERY = 25; // so that the page drops rows at its ends
const ROOM = "lobby";
const ME = "guest-1";
const EMOJI = ["👍", "🌊", "✅"];

globalThis.addEventListener = () => {};
globalThis.document = { visibilityState: "hidden", addEventListener() {}, hasFocus: () => false };
mock.timers.enable({ apis: ["setTimeout"] }); // marking as read is not part of this

/** Chance that can be repeated (mulberry32). */
class Dice {
  constructor(seed) {
    this.state = seed;
  }

  roll() {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  /** 0, 1 … n - 1 */
  below(n) {
    return Math.floor(this.roll() * n);
  }

  chance(p) {
    return this.roll() < p;
  }

  pick(list) {
    return list[this.below(list.length)];
  }

  /** A name of `weights`, each as often as its weight says. */
  among(weights) {
    let at = this.roll() * Object.values(weights).reduce((sum, weight) => sum + weight, 0);
    return Object.keys(weights).find((name) => (at -= weights[name]) < 0) ?? Object.keys(weights)[0];
  }
}

// The server's truth -------------------------------------------------------------------------------------------

const EVENTS = {
  post: 10,
  edit: 3,
  delete: 1.5,
  react: 3,
  unreact: 1.5,
  pin: 1,
  unpin: 0.7,
  "rename the room": 0.5,
  join: 0.7,
  leave: 0.7,
  rename: 1,
};

/** One room's log, and the messages that it makes: told apart by epoch, so that no text of another log fits. */
class Log {
  constructor(epoch, dice, pageSize) {
    Object.assign(this, { epoch, dice, pageSize, events: [], name: "Lobby" });
    this.people = new Map([ME, "guest-2", "guest-3", "guest-4"].map((id) => [id, `${id}, ${epoch}`]));
    this.members = new Set(this.people.keys());
    /** Names that no event has told: their people were out of the room. */
    this.untold = new Set();
    /** @type {Map<number, any>} */
    this.messages = new Map();
    /** Every text that a message ever had. @type {Map<number, Set<string>>} */
    this.texts = new Map();
    this.append("room.created", "guest-2", { name: this.name });
  }

  get head() {
    return this.events.length;
  }

  author(id) {
    return { id, name: this.people.get(id) };
  }

  append(type, by, fields = {}) {
    const seq = this.head + 1;
    this.events.push({ type, room: ROOM, seq, at: 1000 * seq, by: this.author(by), ...fields });
    return seq;
  }

  /** Something happens, if the people and messages that there are allow it. */
  happens(what = this.dice.among(EVENTS)) {
    const { dice } = this;
    const others = [...this.members].filter((id) => id !== ME);
    const by = dice.pick([...this.members]);
    const standing = [...this.messages.values()].filter((message) => !message.deleted);
    const message = standing.length ? standing[Math.max(0, standing.length - 1 - dice.below(12))] : undefined;
    const emoji = dice.pick(EMOJI);
    const chosen = message?.reactions.get(emoji);
    switch (what) {
      case "post":
        if (by) this.post(by, message && dice.chance(0.4) ? message.seq : undefined);
        return;
      case "edit":
        if (message) this.edit(message);
        return;
      case "delete":
        if (message) this.delete(message);
        return;
      case "react":
        if (!message || !by || chosen?.includes(by)) return;
        message.reactions.set(emoji, [...(chosen ?? []), by]);
        this.append("reaction.added", by, { message: message.seq, emoji });
        return;
      case "unreact": {
        const who = chosen?.length ? dice.pick(chosen) : undefined;
        if (!who) return;
        message.reactions.set(emoji, chosen.filter((id) => id !== who));
        this.append("reaction.removed", who, { message: message.seq, emoji });
        return;
      }
      case "pin":
      case "unpin":
        if (!message || !by || message.pinned === (what === "pin")) return;
        message.pinned = what === "pin";
        this.append(`message.${what}ned`, by, { message: message.seq });
        return;
      case "rename the room":
        this.name = `Room ${this.head}`;
        this.append("room.renamed", "guest-2", { name: this.name });
        return;
      case "join": {
        const out = [...this.people.keys()].filter((id) => id !== ME && !this.members.has(id));
        if (out.length) this.join(dice.pick(out));
        return;
      }
      case "leave":
        if (others.length > 1) this.leave(dice.pick(others));
        return;
      case "rename":
        this.rename(dice.pick([...this.people.keys()]));
        return;
      default:
        throw new Error(what);
    }
  }

  post(by, replyTo) {
    const text = `${this.epoch} ${this.head + 1} first`;
    const html = this.dice.chance(0.3) ? `<b>${text}</b>` : undefined;
    const seq = this.append("message.posted", by, { text, html, reply_to: replyTo, key: `k${this.head}` });
    const at = 1000 * seq;
    this.messages.set(seq, { seq, at, author: by, text, html, reply_to: replyTo, pinned: false, reactions: new Map() });
    this.texts.set(seq, new Set(["", text]));
  }

  edit(message) {
    const text = `${this.epoch} ${message.seq} edited ${this.head + 1}`;
    const html = this.dice.chance(0.3) ? `<i>${text}</i>` : undefined;
    const seq = this.append("message.edited", message.author, { message: message.seq, text, html });
    Object.assign(message, { text, html, edited_at: 1000 * seq });
    this.texts.get(message.seq).add(text);
  }

  delete(message) {
    this.append("message.deleted", message.author, { message: message.seq });
    Object.assign(message, { text: "", html: undefined, deleted: true, pinned: false, reactions: new Map() });
    // Its text leaves the log: whoever is sent these events from now on does not see it.
    for (const [at, event] of this.events.entries()) {
      const holds = event.seq === message.seq || (event.type === "message.edited" && event.message === message.seq);
      if (holds) this.events[at] = { ...event, text: "", html: undefined };
    }
  }

  join(id) {
    this.members.add(id);
    this.untold.delete(id);
    this.append("member.joined", id, { person: this.author(id) });
  }

  leave(id) {
    this.members.delete(id);
    this.append("member.left", id, { person: this.author(id) });
  }

  rename(id) {
    this.people.set(id, `${id}, ${this.epoch}, ${this.head}`);
    if (this.members.has(id)) this.append("member.renamed", id, { person: this.author(id) });
    else this.untold.add(id);
  }

  // What the server says of it

  /** As the store reads it, in one snapshot. */
  history({ before, after, around }) {
    const all = [...this.messages.values()];
    const size = this.pageSize;
    let from = Math.max(0, all.length - size);
    if (after !== undefined) from = all.findIndex(({ seq }) => seq > after);
    else if (around !== undefined) from = Math.max(0, all.findIndex(({ seq }) => seq >= around) - (size >> 1));
    else if (before !== undefined) from = all.filter(({ seq }) => seq < before).length - size;
    let end = from + size;
    if (from < 0) [from, end] = after === undefined ? [0, end] : [all.length, all.length];
    const stretch = all.slice(from, end).map((message) => this.message(message));
    const quoted = new Set(stretch.map((message) => message.reply_to).filter(Boolean));
    return {
      room: ROOM,
      head: this.head,
      messages: stretch,
      quotes: [...quoted].map((seq) => this.quote(seq)),
      more_before: from > 0,
      more_after: end < all.length,
    };
  }

  message(message) {
    const reactions = [...message.reactions].map(([emoji, people]) => ({ emoji, people: [...people] }));
    const chosen = reactions.filter(({ people }) => people.length).sort((a, b) => (a.emoji < b.emoji ? -1 : 1));
    return { room: ROOM, deleted: false, ...message, author: this.author(message.author), reactions: chosen };
  }

  quote(seq) {
    const { text, author, deleted = false } = this.messages.get(seq);
    return { seq, author: this.author(author), text: excerpt(text), deleted };
  }

  summary() {
    const { name, head } = this;
    return { id: ROOM, name, archived: false, head, last_at: 0, joined: this.members.has(ME), read: 0, unread: 0 };
  }

  person() {
    return { ...this.author(ME), kind: "guest" };
  }
}

// The server's side of one connection --------------------------------------------------------------------------

class Link {
  /** Frames that are on their way to the page, in order. @type {string[]} */
  wire = [];
  commands = [];
  /** An answer that has been made and not been written yet. */
  made = undefined;
  /** The last seq that was written; undefined while the person is not in the room. */
  written = undefined;
  /** Whether the page was told of everything since the welcome: a later reset takes a new name of the room with it. */
  complete = true;

  constructor(log, hello, dice) {
    this.log = log;
    const joined = log.members.has(ME);
    this.write({ type: "welcome", epoch: log.epoch, me: log.person(), rooms: joined ? [log.summary()] : [] });
    if (!joined) return;
    const cursor = hello.cursors[ROOM] ?? log.head;
    const known = hello.epoch === log.epoch || hello.cursors[ROOM] === undefined;
    if (!known || cursor > log.head || (log.head > cursor + 5 && dice.chance(0.15))) this.reset();
    else this.written = dice.chance(0.3) ? Math.max(0, cursor - dice.below(8)) : cursor;
  }

  write(frame) {
    this.wire.push(JSON.stringify(frame));
  }

  writeEvents(count) {
    while (this.written < this.log.head && count-- > 0) this.write(this.log.events[this.written++]);
  }

  loseEvent() {
    if (this.written < this.log.head) this.written += 1;
  }

  repeatEvents(count) {
    if (this.written !== undefined) this.written = Math.max(0, this.written - count);
  }

  reset() {
    this.write({ type: "reset", room: ROOM, seq: this.log.head });
    this.written = this.log.head;
  }

  begin(refused) {
    if (this.made || !this.commands.length) return;
    const { id, type, ...fields } = this.commands.shift();
    const value = type === "history" ? this.log.history(fields) : { people: [], count: 0 };
    this.made = refused && fields.limit !== 1 // a quote that was refused stays away until it is read anew
      ? { type: "error", id, code: "rate_limited", words: "Slower.", retry: true }
      : { type: "result", id, value: structuredClone(value) };
  }

  answer() {
    if (this.made) this.write(this.made);
    this.made = undefined;
  }

  leaves() {
    this.log.leave(ME);
    this.written = undefined; // what was not written yet is not written any more
    this.write({ type: "left", room: ROOM });
  }

  joins() {
    this.log.join(ME);
    this.write({ type: "joined", room: this.log.summary() });
    this.written = this.log.head;
  }
}

// The page -----------------------------------------------------------------------------------------------------

/** What main.js and connection.js do with frames, without a screen. */
class Page {
  answers = new Map();
  nextId = 1;
  open = false;
  /** @type {Link | undefined} */
  link = undefined;
  /** What the Reader was told that is not a refusal. @type {unknown[]} */
  faults = [];

  /** @param {typeof receive} receives */
  constructor(log, receives) {
    this.receives = receives;
    const nothing = () => {};
    /** Stands where the test says; shows nothing. */
    this.list = new Proxy({ stuck: true }, { get: (facts, name) => (name in facts ? facts[name] : nothing) });
    this.state = createState({ me: log.person(), epoch: log.epoch, rooms: [log.summary()] });
    this.room = this.state.rooms.get(ROOM);
    bootHistory(this.room, structuredClone(log.history({})));
    this.reader = new Reader({
      state: this.state,
      ask: (type, fields) => this.ask(type, fields),
      list: this.list,
      room: this.room,
      draw: nothing,
      drawNow: nothing,
      told: (error) => error instanceof Refused || this.faults.push(error),
    });
  }

  ask(type, fields) {
    if (!this.open) return Promise.reject(lost());
    const id = this.nextId++;
    this.link.commands.push({ id, type, ...fields });
    return new Promise((resolve, reject) => this.answers.set(id, { resolve, reject }));
  }

  connect(log, dice) {
    this.link = new Link(log, { epoch: this.state.epoch, cursors: cursors(this.state) }, dice);
  }

  cut() {
    for (const { reject } of this.answers.values()) reject(lost());
    this.answers.clear();
    this.open = false;
    this.link = undefined;
  }

  take(frame) {
    if (frame.type === "result" || frame.type === "error") {
      const { resolve, reject } = this.answers.get(frame.id);
      this.answers.delete(frame.id);
      if (frame.type === "result") resolve(frame.value);
      else reject(new Refused(frame));
      return;
    }
    const { room, gap, fresh } = this.receives(this.state, frame, 0);
    if (gap) {
      this.cut();
      return;
    }
    if (fresh && frame.type === "message.posted" && frame.by.id !== ME) this.reader.cameIn(frame);
    const { reply_to: quoted } = frame;
    if (fresh && room.loaded && quoted && !room.quotes.has(quoted)) this.reader.fetchQuote(room, quoted);
    if (frame.type === "welcome") this.open = true;
    if (this.open && (frame.type === "welcome" || !this.room.loaded)) this.reader.load();
  }
}

const lost = () => new Refused({ code: "disconnected", words: "The connection was lost.", retry: true });

// One world ----------------------------------------------------------------------------------------------------

const STEPS_OF = {
  happens: 30,
  "the server writes": 14,
  "the page hears": 40,
  "the server begins an answer": 12,
  "the server answers": 12,
  "events are repeated": 1,
  "an event is lost": 0.3,
  reset: 0.8,
  leave: 0.6,
  join: 3,
  cut: 1.2,
  connect: 6,
  older: 4,
  newer: 6,
  latest: 2,
  jump: 3,
  load: 1,
  scroll: 1,
  "another log": 0.3,
};

class World {
  story = [];

  /** @param {number} seed @param {typeof receive} [receives] */
  constructor(seed, receives = receive) {
    this.dice = new Dice(seed);
    this.large = seed % LARGE_EVERY === LARGE_EVERY - 1;
    this.log = this.newLog("e1");
    this.page = new Page(this.log, receives);
  }

  newLog(epoch) {
    const log = new Log(epoch, this.dice, this.large ? 100 : 2 + this.dice.below(6));
    for (let n = this.large ? 800 : this.dice.below(40); n > 0; n--) log.happens(this.large ? "post" : undefined);
    return log;
  }

  async live() {
    for (let n = 0; n < STEPS; n++) await this.step(this.dice.among(STEPS_OF));
    await this.end();
  }

  async step(what) {
    const { dice, log, page } = this;
    const { link, reader } = page;
    this.story.push(what);
    switch (what) {
      case "happens":
        log.happens();
        break;
      case "the server writes":
        link?.writeEvents(1 + dice.below(8));
        break;
      case "the page hears":
        await this.hears(1 + dice.below(6));
        break;
      case "the server begins an answer":
        link?.begin(dice.chance(0.05));
        break;
      case "the server answers":
        link?.answer();
        break;
      case "events are repeated":
        link?.repeatEvents(dice.below(10));
        break;
      case "an event is lost":
        link?.loseEvent();
        break;
      case "reset":
        if (link?.written === undefined) break;
        link.reset();
        link.complete = false;
        break;
      case "leave":
        if (link && log.members.has(ME)) link.leaves();
        else if (log.members.has(ME)) log.leave(ME);
        break;
      case "join":
        if (link && !log.members.has(ME)) link.joins();
        else if (!log.members.has(ME)) log.join(ME);
        break;
      case "cut":
        page.cut();
        break;
      case "connect":
        if (!link) page.connect(log, dice);
        break;
      case "older":
      case "newer":
      case "latest":
      case "load":
        reader[what]();
        break;
      case "jump":
        reader.jump(1 + dice.below(log.head));
        break;
      case "scroll":
        page.list.stuck = !page.list.stuck;
        break;
      case "another log":
        page.cut();
        this.log = this.newLog(`${log.epoch}'`);
        break;
      default:
        throw new Error(what);
    }
    await promises();
    this.check();
  }

  async hears(count) {
    const { page } = this;
    for (let n = 0; n < count && page.link?.wire.length; n++) {
      const text = page.link.wire.shift();
      this.story.push(`  ${text.slice(0, 150)}`);
      page.take(JSON.parse(text));
      await promises();
      this.check();
    }
  }

  /** One last message, by which whatever was lost must show. */
  async end() {
    const { log, page, dice } = this;
    if (dice.chance(0.5)) page.cut();
    await promises();
    if (!log.members.has(ME)) page.link ? page.link.joins() : log.join(ME);
    log.post("guest-2");
    await this.rest();
  }

  /** Everything that is under way arrives. */
  async rest() {
    const { log, page, dice } = this;
    for (let n = 0; n < 1000; n++) {
      if (!page.link) page.connect(log, dice);
      const { link } = page;
      link.writeEvents(Infinity);
      link.begin();
      link.answer();
      if (!link.wire.length) {
        if (page.room.loaded) return;
        page.reader.load(); // it was refused
        await promises();
      }
      await this.hears(Infinity);
    }
    assert.fail("it does not come to rest");
  }

  /** What holds at every moment. */
  check() {
    const { log, page } = this;
    assert.deepEqual(page.faults, []);
    if (page.state.epoch === log.epoch) assertIsOfTheLog(page.room, log);
  }
}

/** Runs what promises have made ready. */
const promises = () => new Promise((resolve) => setImmediate(resolve));

// The checks ---------------------------------------------------------------------------------------------------

/** At every moment: a stretch of the log's messages without a hole, in order, with texts that they have or had. */
function assertIsOfTheLog(room, log) {
  const shown = [...room.messages.keys()];
  const [first, last] = [shown[0], shown.at(-1)];
  const expected = [...log.messages.keys()].filter((seq) => seq >= first && seq <= last);
  assert.deepEqual(shown, expected, "the stretch has a hole, is out of order, or shows what is not in the log");
  for (const { seq, text } of room.messages.values()) {
    assert.ok(log.texts.get(seq).has(text), `${seq} never was "${text}"`);
  }
}

/** At rest: the messages of that stretch are what the server says that they are, and it ends where it says. */
function assertIsTheLog({ room, link }, log) {
  assertIsOfTheLog(room, log);
  const all = [...log.messages.values()];
  const shown = [...room.messages.values()];
  assert.ok(room.loaded && shown.length, "nothing is loaded");
  assert.equal(room.cursor, log.head);
  if (link.complete) assert.equal(room.name, log.name);
  assert.equal(room.moreBefore, all[0].seq < shown[0].seq, "more before");
  assert.equal(room.moreAfter, all.at(-1).seq > shown.at(-1).seq, "more after");
  assert.equal(room.waiting.size, 0, "a request is remembered that is not under way");
  const of = ({ seq }) => log.message(log.messages.get(seq));
  assert.deepEqual(shown.map((message) => plain(message, log)), shown.map((message) => plain(of(message), log)));
  for (const { reply_to: seq } of shown) {
    if (seq) assert.deepEqual(plain(room.quotes.get(seq) ?? {}, log), plain(log.quote(seq), log));
  }
}

/** Without the difference between "no" and "not said", and without names that no event has told. */
function plain({ author, ...rest }, log) {
  const said = Object.entries(rest).filter(([, value]) => value !== undefined && value !== false && value?.length !== 0);
  return { ...Object.fromEntries(said), author: log.untold.has(author?.id) ? author.id : author };
}

/** Lives through a world. Returns what is wrong with it. @returns {Promise<Error | undefined>} */
async function faultOf(seed, receives) {
  const world = new World(seed, receives);
  try {
    await world.live();
    assertIsTheLog(world.page, world.log);
    return undefined;
  } catch (error) {
    const story = world.story.slice(-25).join("\n");
    error.message = `seed ${seed}: ${error.message}\n\nThe last that happened:\n${story}`;
    return error;
  }
}

const seeds = Array.from({ length: Number(RUNS) }, (_, seed) => seed);
const wanted = SEED === undefined ? seeds : [Number(SEED)];

test(`Whatever happens, every message is on the screen exactly once (${wanted.length} worlds)`, async () => {
  for (const seed of wanted) {
    const fault = await faultOf(seed);
    if (fault) throw fault;
  }
});

test("A reply that comes while its room is read anew gets its quote, though that is not loaded", async () => {
  const world = await calmWorld();
  const { log, page } = world;
  page.link.reset();
  await world.hears(1);
  page.link.begin();
  log.post("guest-2", [...log.messages.keys()][0]);
  page.link.writeEvents(1);
  await world.rest();
  assert.equal(page.room.last.seq, log.head);
  assertIsTheLog(page, log);
});

// The checks can fail ------------------------------------------------------------------------------------------

/** A page at rest, at the end of a log of which it has several messages. */
async function calmWorld(receives) {
  const world = new World(LARGE_EVERY - 1, receives);
  await world.rest();
  assertIsTheLog(world.page, world.log);
  return world;
}

/** Whether a page that misses this event shows something else than one that does not. */
const shows = ({ type, message, person }, room) =>
  type === "message.posted" ||
  room.messages.has(message) ||
  (type === "member.renamed" && [...room.messages.values()].some(({ author }) => author.id === person.id));

for (const [what, prepared] of Object.entries({
  post: [],
  edit: [],
  delete: [],
  react: [],
  unreact: ["react", "react", "react"],
  pin: [],
  unpin: ["pin", "pin", "pin"],
  rename: [],
})) {
  test(`The check notices a page that passes over a single event (${what})`, async () => {
    let missed = 0;
    const world = await calmWorld((state, frame, now) => {
      if (frame.seq !== missed) return receive(state, frame, now);
      state.rooms.get(ROOM).cursor = missed;
      return {};
    });
    const { log, page } = world;
    while (!missed) {
      for (const before of prepared) log.happens(before);
      await world.rest();
      assertIsTheLog(page, log);
      const { head } = log;
      log.happens(what);
      if (log.head > head && shows(log.events[head], page.room)) missed = log.head;
    }
    await world.rest();
    assert.equal(page.room.cursor, missed);
    assert.throws(() => assertIsTheLog(page, log), assert.AssertionError);
  });
}

for (const [name, spoil] of Object.entries({
  "is missing in the middle": (rows) => rows.toSpliced(1, 1),
  "is missing at the end": (rows) => rows.slice(0, -1),
  "stands in the wrong place": ([first, ...rows]) => [...rows, first],
  "is not in the log": (rows) => [...rows, { ...rows.at(-1), seq: rows.at(-1).seq + 1000 }],
  "has a text that it never had": (rows) => rows.with(1, { ...rows[1], text: "another" }),
  "has another author": (rows) => rows.with(1, { ...rows[1], author: { id: "guest-9", name: "Eve" } }),
})) {
  test(`The check notices a row that ${name}`, async () => {
    const { log, page } = await calmWorld();
    const rows = spoil([...page.room.messages.values()]);
    page.room.messages = new Map(rows.map((row) => [row.seq, row]));
    assert.throws(() => assertIsTheLog(page, log), assert.AssertionError);
  });
}

const roomOf = (state) => state.rooms.get(ROOM);

for (const [name, receives] of Object.entries({
  "passes over every tenth event": (state, frame, now) => {
    if (frame.seq !== roomOf(state).cursor + 1 || frame.seq % 10) return receive(state, frame, now);
    roomOf(state).cursor = frame.seq;
    return {};
  },
  "does not see gaps": (state, frame, now) => {
    if (frame.seq > roomOf(state).cursor && frame.type !== "reset") roomOf(state).cursor = frame.seq - 1;
    return receive(state, frame, now);
  },
  "does not remember what happens while history is on its way": (state, frame, now) => {
    roomOf(state).waiting.clear();
    return receive(state, frame, now);
  },
  "keeps its rows at a reset": (state, frame, now) => {
    if (frame.type !== "reset") return receive(state, frame, now);
    roomOf(state).cursor = frame.seq;
    return {};
  },
  "does not read a room anew that it has joined again": (state, frame, now) => {
    const { loaded } = roomOf(state);
    const news = receive(state, frame, now);
    if (frame.type === "joined") roomOf(state).loaded = loaded;
    return news;
  },
  "takes history from before it joined": (state, frame, now) => {
    const news = receive(state, frame, now);
    roomOf(state).since = 0;
    return news;
  },
  "does not notice that the log is another one": (state, frame, now) => {
    if (frame.type === "welcome") state.epoch = frame.epoch;
    return receive(state, frame, now);
  },
})) {
  test(`The worlds are rough enough to notice a page that ${name}`, async () => {
    for (const seed of seeds) {
      const fault = await faultOf(seed, receives);
      if (fault instanceof assert.AssertionError) return;
      if (fault) throw fault;
    }
    assert.fail("no world noticed it");
  });
}
