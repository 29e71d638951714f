import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { Refused } from "../../src/hubbub/client/connection.js";
import { draftOf, keepDraft, Outgoing } from "../../src/hubbub/client/outgoing.js";

const ME = "guest-1";
const RETRY_AFTER_MS = 3000;

/** What a browser keeps: its own keys are the names of what is stored, in an order that says nothing. */
function storage() {
  const methods = {
    getItem(/** @type {string} */ name) {
      return Object.hasOwn(this, name) ? this[name] : null;
    },
    setItem(name, value) {
      this[name] = String(value);
    },
    removeItem(name) {
      delete this[name];
    },
  };
  return new Proxy(Object.create(methods), { ownKeys: (stored) => Reflect.ownKeys(stored).reverse() });
}

/** Runs what promises have made ready. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A server that answers when the test says so. */
class Server {
  open = true;
  asked = [];
  changed = [];

  page(person = ME) {
    return new Outgoing({
      person,
      isOpen: () => this.open,
      onChange: (room) => this.changed.push(room),
      ask: (type, fields) =>
        this.open
          ? new Promise((resolve, reject) => this.asked.push({ type, ...fields, resolve, reject }))
          : Promise.reject(lost()),
    });
  }

  get texts() {
    return this.asked.map(({ text }) => text);
  }

  async acknowledges(text) {
    this.#take(text).resolve({ room: "lobby", seq: 1 });
    await settled();
  }

  async refuses(text, problem) {
    this.#take(text).reject(new Refused({ words: "No.", retry: false, code: "invalid", ...problem }));
    await settled();
  }

  async disconnects() {
    this.open = false;
    for (const { reject } of this.asked.splice(0)) reject(lost());
    await settled();
  }

  #take(text) {
    const at = this.asked.findIndex((command) => command.text === text);
    assert.notEqual(at, -1, `"${text}" was not asked; asked were ${this.texts}`);
    return this.asked.splice(at, 1)[0];
  }
}

const lost = () => new Refused({ code: "disconnected", words: "The connection was lost.", retry: true });
const textsOf = (page, room) => page.of(room).map(({ text }) => text);

/** @type {Server} */
let server;
beforeEach(() => {
  globalThis.localStorage = storage();
  mock.timers.enable({ apis: ["setTimeout"] });
  server = new Server();
});
afterEach(() => mock.timers.reset());

test("A message is shown and kept until the server has acknowledged it", async () => {
  const page = server.page();
  page.add("lobby", "hello");
  assert.deepEqual(textsOf(page, "lobby"), ["hello"]);
  assert.equal(page.waiting, 1);
  assert.equal(Object.keys(localStorage).length, 1);
  await server.acknowledges("hello");
  assert.deepEqual(textsOf(page, "lobby"), []);
  assert.equal(page.waiting, 0);
  assert.deepEqual(Object.keys(localStorage), []);
  assert.deepEqual(server.changed, ["lobby", "lobby"]);
});

test("A post says its room, text, key, and what it replies to, if anything", async () => {
  const page = server.page();
  page.add("lobby", "hello");
  const [{ key, resolve, reject, ...first }] = server.asked;
  assert.match(key, /^[A-Za-z0-9_.:-]{1,64}$/);
  assert.deepEqual(first, { type: "post", room: "lobby", text: "hello" });
  await server.acknowledges("hello");
  page.add("lobby", "yes", 7);
  assert.equal(server.asked[0].reply_to, 7);
  assert.notEqual(server.asked[0].key, key);
});

test("Where randomUUID is missing, keys are still good and differ", () => {
  crypto.randomUUID = undefined;
  try {
    const page = server.page();
    for (const text of ["one", "two"]) page.add("lobby", text);
    const keys = page.of("lobby").map(({ key }) => key);
    for (const key of keys) assert.match(key, /^[0-9a-f]{32}$/);
    assert.equal(new Set(keys).size, 2);
  } finally {
    delete crypto.randomUUID;
  }
});

test("Messages of one room are sent one after the other, in the order of writing", async () => {
  const page = server.page();
  for (const text of ["one", "two", "three"]) page.add("lobby", text);
  assert.deepEqual(server.texts, ["one"]);
  await server.acknowledges("one");
  assert.deepEqual(server.texts, ["two"]);
  page.sendAll();
  assert.deepEqual(server.texts, ["two"]);
  await server.acknowledges("two");
  assert.deepEqual(server.texts, ["three"]);
});

test("Two rooms do not wait for each other", async () => {
  const page = server.page();
  page.add("lobby", "one");
  page.add("plans", "two");
  assert.deepEqual(server.texts, ["one", "two"]);
  await server.refuses("one", { code: "not_found" });
  await server.acknowledges("two");
  assert.deepEqual(textsOf(page, "lobby"), ["one"]);
  assert.deepEqual(textsOf(page, "plans"), []);
});

test("Written without a connection, a message waits for one", async () => {
  server.open = false;
  const page = server.page();
  page.add("lobby", "one");
  page.add("lobby", "two");
  await settled();
  assert.deepEqual(server.texts, []);
  assert.equal(page.waiting, 2);
  server.open = true;
  page.sendAll();
  await server.acknowledges("one");
  await server.acknowledges("two");
  assert.equal(page.waiting, 0);
});

test("After a lost connection the same message goes out with the same key", async () => {
  const page = server.page();
  page.add("lobby", "one");
  page.add("lobby", "two");
  const [{ key }] = server.asked;
  await server.disconnects();
  assert.deepEqual(textsOf(page, "lobby"), ["one", "two"]);
  server.open = true;
  page.sendAll();
  assert.deepEqual(server.texts, ["one"]);
  assert.equal(server.asked[0].key, key);
  await server.acknowledges("one");
  await server.acknowledges("two");
  assert.equal(page.waiting, 0);
});

test("A refusal that may succeed later is tried again when the server says, before what comes after it", async () => {
  const page = server.page();
  page.add("lobby", "one");
  page.add("lobby", "two");
  const [{ key }] = server.asked;
  await server.refuses("one", { code: "rate_limited", retry: true, retry_after_s: RETRY_AFTER_MS / 1000 });
  mock.timers.tick(RETRY_AFTER_MS - 1);
  await settled();
  assert.deepEqual(server.texts, []);
  assert.equal(page.waiting, 2);
  mock.timers.tick(1);
  await settled();
  assert.deepEqual(server.texts, ["one"]);
  assert.equal(server.asked[0].key, key);
  await server.acknowledges("one");
  assert.deepEqual(server.texts, ["two"]);
});

test("A message that is taken back while it waits to be tried again is not sent", async () => {
  const page = server.page();
  page.add("lobby", "one");
  page.add("lobby", "two");
  await server.refuses("one", { code: "rate_limited", retry: true, retry_after_s: RETRY_AFTER_MS / 1000 });
  page.remove(page.of("lobby")[0].key);
  mock.timers.tick(RETRY_AFTER_MS);
  await settled();
  assert.deepEqual(server.texts, ["two"]);
});

test("A new connection while a refused message waits does not send it twice", async () => {
  const page = server.page();
  page.add("lobby", "one");
  await server.refuses("one", { code: "restarting", retry: true, retry_after_s: RETRY_AFTER_MS / 1000 });
  page.sendAll();
  await settled();
  assert.deepEqual(server.texts, []);
  mock.timers.tick(RETRY_AFTER_MS);
  await settled();
  assert.deepEqual(server.texts, ["one"]);
});

test("A final refusal marks the message, and the next ones still go out", async () => {
  const page = server.page();
  page.add("lobby", "too long");
  page.add("lobby", "fine");
  await server.refuses("too long", { code: "text_too_long", words: "A message has at most 8,000 characters." });
  const [marked] = page.of("lobby");
  assert.equal(marked.problem, "A message has at most 8,000 characters.");
  assert.equal(page.waiting, 1);
  assert.deepEqual(server.texts, ["fine"]);
  await server.acknowledges("fine");
  page.sendAll();
  assert.deepEqual(server.texts, []);
  assert.deepEqual(textsOf(page, "lobby"), ["too long"]);
});

test("Retrying a refused message sends it with the same key, in its old place", async () => {
  const page = server.page();
  page.add("lobby", "one");
  const [{ key }] = server.asked;
  await server.refuses("one", {});
  page.add("lobby", "two");
  page.retry(key);
  assert.deepEqual(textsOf(page, "lobby"), ["one", "two"]);
  assert.equal(page.of("lobby")[0].problem, undefined);
  await server.acknowledges("two");
  assert.deepEqual(server.asked.map((command) => command.key), [key]);
});

test("Retrying what is not there any more does nothing", () => {
  const page = server.page();
  page.retry("gone");
  assert.deepEqual(server.changed, []);
});

test("The echo may come before the answer: the message is removed once, and the next one goes out", async () => {
  const page = server.page();
  page.add("lobby", "one");
  page.add("lobby", "two");
  page.remove(server.asked[0].key);
  assert.deepEqual(textsOf(page, "lobby"), ["two"]);
  await server.acknowledges("one");
  assert.deepEqual(server.texts, ["two"]);
  assert.deepEqual(server.changed, ["lobby", "lobby", "lobby"]);
});

test("A message that was removed while it was being sent does not come back when it is refused", async () => {
  const page = server.page();
  page.add("lobby", "one");
  page.remove(server.asked[0].key);
  await server.refuses("one", {});
  assert.deepEqual(textsOf(page, "lobby"), []);
  assert.deepEqual(Object.keys(localStorage), []);
});

test("A reload keeps what waits: in order, with keys, replies and problems", async () => {
  const before = server.page();
  for (const [text, replyTo] of [["bad"], ["one", 7], ["two"]]) before.add("lobby", text, replyTo);
  before.add("plans", "three");
  await server.refuses("bad", { words: "No." });
  const kept = [...before.items.values()];
  await server.disconnects();

  server.open = true;
  const after = server.page();
  assert.deepEqual([...after.items.values()], JSON.parse(JSON.stringify(kept)));
  after.sendAll();
  assert.deepEqual(server.texts, ["one", "three"]);
  assert.equal(server.asked[0].reply_to, 7);
  await server.acknowledges("one");
  await server.acknowledges("two");
  await server.acknowledges("three");
  assert.deepEqual([...after.items.values()].map(({ text, problem }) => [text, problem]), [["bad", "No."]]);
});

test("Messages of one person are not sent for another one on the same browser", async () => {
  server.open = false;
  server.page("guest-1").add("lobby", "mine");
  assert.equal(server.page("guest-2").waiting, 0);
  assert.equal(server.page("guest-11").waiting, 0);
  assert.equal(server.page("guest-1").waiting, 1);
});

test("Messages that are written in the same millisecond stay in order over a reload", () => {
  mock.method(Date, "now", () => 1000);
  try {
    server.open = false;
    const texts = Array.from({ length: 12 }, (_, n) => `message ${n}`);
    const page = server.page();
    for (const text of texts) page.add("lobby", text);
    assert.deepEqual(textsOf(server.page(), "lobby"), texts);
  } finally {
    mock.restoreAll();
  }
});

const throwing = () => {
  throw new Error("QuotaExceededError");
};

test("A full storage does not lose the message: it is sent from memory", async () => {
  const page = server.page();
  localStorage.setItem = throwing;
  page.add("lobby", "one");
  assert.deepEqual(textsOf(page, "lobby"), ["one"]);
  await server.acknowledges("one");
  assert.deepEqual(textsOf(page, "lobby"), []);
});

test("A forbidden storage does not lose the message either", async () => {
  globalThis.localStorage = new Proxy({}, { get: throwing, ownKeys: throwing, set: throwing });
  const page = server.page();
  page.add("lobby", "one");
  await server.acknowledges("one");
  assert.deepEqual(page.of("lobby"), []);
  page.add("lobby", "two");
  await server.refuses("two", { words: "No." });
  assert.deepEqual(page.of("lobby").map(({ problem }) => problem), ["No."]);
  keepDraft("lobby", { text: "a thought" });
  assert.deepEqual(draftOf("lobby"), { text: "" });
});

test("One damaged item in the storage does not keep the others from being sent", () => {
  server.open = false;
  server.page().add("lobby", "fine");
  localStorage.setItem(`hubbub:out:${ME}:damaged`, '{"key": "dam');
  assert.deepEqual(textsOf(server.page(), "lobby"), ["fine"]);
});

test("A draft is kept for each room, with what it replies to or edits", () => {
  keepDraft("lobby", { text: "a thought", replyTo: 7 });
  keepDraft("plans", { text: "corrected", edit: 3 });
  assert.deepEqual(draftOf("lobby"), { text: "a thought", replyTo: 7 });
  assert.deepEqual(draftOf("plans"), { text: "corrected", edit: 3 });
  assert.deepEqual(draftOf("other"), { text: "" });
});

test("A reply without words yet is a draft; nothing at all is none", () => {
  keepDraft("lobby", { text: "", replyTo: 7 });
  assert.deepEqual(draftOf("lobby"), { text: "", replyTo: 7 });
  keepDraft("lobby", { text: "" });
  assert.deepEqual(draftOf("lobby"), { text: "" });
  assert.deepEqual(Object.keys(localStorage), []);
});

test("A damaged draft is no draft", () => {
  for (const damaged of ['{"text": "a th', "null"]) {
    localStorage.setItem("hubbub:draft:lobby", damaged);
    assert.deepEqual(draftOf("lobby"), { text: "" });
  }
});
