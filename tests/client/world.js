/** One world, made from a seed: a server with a log, a page (the real state and the real Reader), and bad luck. */
import assert from "node:assert/strict";
import { mock } from "node:test";
import { Refused } from "../../src/hubbub/client/connection.js";
import { bootHistory, Reader } from "../../src/hubbub/client/reader.js";
import { createState, cursors, receive } from "../../src/hubbub/client/state.js";
import { Dice, Log, ME, ROOM } from "./log.js";

export const LARGE_EVERY = 25; // so that the page drops rows at its ends
const STEPS = 120;
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

globalThis.addEventListener = () => {};
globalThis.document = { visibilityState: "hidden", addEventListener() {}, hasFocus: () => false };
mock.timers.enable({ apis: ["setTimeout"] }); // marking as read is not part of this

/** The server's side of one connection. */
class Link {
  /** Frames that are on their way to the page, in order. @type {string[]} */
  wire = [];
  commands = [];
  /** An answer that has been made and not been written yet. */
  made = undefined;
  /** The last seq that was written; undefined while the person is not in the room. */
  written = undefined;

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
    this.write({ type: "reset", room: ROOM, seq: this.log.head, summary: this.log.summary() });
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

export class World {
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
        if (link?.written !== undefined) link.reset();
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
export function assertIsTheLog({ room }, log) {
  assertIsOfTheLog(room, log);
  const all = [...log.messages.values()];
  const shown = [...room.messages.values()];
  assert.ok(room.loaded && shown.length, "nothing is loaded");
  assert.equal(room.cursor, log.head);
  assert.equal(room.name, log.name);
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
  const isSaid = ([, value]) => value !== undefined && value !== false && value.length !== 0;
  const said = Object.entries(rest).filter(isSaid);
  return { ...Object.fromEntries(said), author: log.untold.has(author?.id) ? author.id : author };
}
