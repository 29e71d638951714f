import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { Connection, Refused } from "../../src/hubbub/client/connection.js";
import { Socket } from "./socket.js";

const ADDRESS = "wss://chat.example/ws";
const LONGEST_WAIT_MS = 30_000;
const SILENCE_MS = 25_000;
const LOOK_EVERY_MS = 5000;
const ANSWER_MS = 10_000;

/** A page with one connection, and what it was told. */
class Page {
  frames = [];
  statuses = [];

  constructor() {
    this.connection = new Connection({
      url: ADDRESS,
      hello: () => ({ type: "hello", version: 1, cursors: { lobby: this.frames.length } }),
      room: () => "lobby",
      onFrame: (frame) => this.frames.push({ ...frame, status: this.connection.status }),
      onStatus: () => this.statuses.push(this.connection.status),
    });
  }

  static connected() {
    const page = new Page();
    page.connection.connect();
    page.welcomed();
    return page;
  }

  welcomed() {
    Socket.last.opens();
    Socket.last.hears({ type: "welcome", epoch: "e1", rooms: [] });
  }
}

const listeners = { window: {}, document: {} };
const happens = (what, target = "window") => listeners[target][what]();

beforeEach(() => {
  Socket.made = [];
  globalThis.WebSocket = Socket;
  globalThis.addEventListener = (kind, listener) => (listeners.window[kind] = listener);
  globalThis.document = {
    visibilityState: "visible",
    addEventListener: (kind, listener) => (listeners.document[kind] = listener),
  };
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"], now: 1_700_000_000_000 });
});
afterEach(() => {
  mock.restoreAll();
  mock.timers.reset();
});

/** Fails unless the next connection begins exactly when this time has passed. */
function comesBackAfter(milliseconds) {
  const before = Socket.made.length;
  if (milliseconds > 0) {
    mock.timers.tick(milliseconds - 1);
    assert.equal(Socket.made.length, before, `it came back before ${milliseconds} ms`);
  }
  mock.timers.tick(1);
  assert.equal(Socket.made.length, before + 1, `it did not come back after ${milliseconds} ms`);
}

const refusal = async (/** @type {Promise<unknown>} */ promise) => {
  const error = await promise.then(() => assert.fail("it was not refused"), (reason) => reason);
  assert.ok(error instanceof Refused, error);
  return error;
};

// Opening ------------------------------------------------------------------------------------------------------

test("The first frame of a connection is hello, made at that moment", () => {
  const page = new Page();
  page.connection.connect();
  assert.equal(Socket.last.url, ADDRESS);
  assert.deepEqual(Socket.last.sent, []);
  page.frames.push("something");
  Socket.last.opens();
  assert.deepEqual(Socket.last.sent, [{ type: "hello", version: 1, cursors: { lobby: 1 } }]);
});

test("It is open only after the welcome, which the page takes first", () => {
  const page = new Page();
  assert.equal(page.connection.status, "waiting");
  page.connection.connect();
  assert.equal(page.connection.status, "connecting");
  Socket.last.opens();
  assert.equal(page.connection.status, "connecting");
  Socket.last.hears({ type: "welcome" });
  assert.equal(page.connection.status, "open");
  assert.deepEqual(page.frames, [{ type: "welcome", status: "connecting" }]);
  assert.deepEqual(page.statuses, ["connecting", "open"]);
});

test("Frames go to the page in their order; answers do not", () => {
  const page = Page.connected();
  for (const seq of [1, 2, 3]) Socket.last.hears({ type: "message.posted", seq });
  Socket.last.hears({ type: "result", id: 1, value: {} });
  Socket.last.hears({ type: "error", id: null, code: "invalid", words: "No.", retry: false });
  assert.deepEqual(page.frames.slice(1).map(({ seq }) => seq), [1, 2, 3]);
});

// Asking -------------------------------------------------------------------------------------------------------

test("A command is resolved with the value of its own answer, in whatever order answers come", async () => {
  const { connection } = Page.connected();
  const answers = [connection.ask("here", { room: "lobby" }), connection.ask("rooms")];
  const [, first, second] = Socket.last.sent;
  assert.deepEqual({ ...first, id: 0 }, { type: "here", room: "lobby", id: 0 });
  assert.deepEqual({ ...second, id: 0 }, { type: "rooms", id: 0 });
  Socket.last.hears({ type: "result", id: second.id, value: { rooms: [] } });
  Socket.last.hears({ type: "result", id: first.id, value: { count: 3 } });
  assert.deepEqual(await Promise.all(answers), [{ count: 3 }, { rooms: [] }]);
  assert.equal(connection.answers.size, 0);
});

test("A refused command is rejected with the code, the words, and when to try again", async () => {
  const { connection } = Page.connected();
  const asked = connection.ask("post", { room: "lobby", text: "hi" });
  const { id } = Socket.last.sent[1];
  Socket.last.hears({ type: "error", id, code: "rate_limited", words: "Slower.", retry: true, retry_after_s: 2.5 });
  const { code, message, retry, retryAfterMs } = await refusal(asked);
  assert.deepEqual({ code, message, retry, retryAfterMs }, {
    code: "rate_limited",
    message: "Slower.",
    retry: true,
    retryAfterMs: 2500,
  });
});

test("Without a connection, and before its welcome, a command is refused as disconnected and not sent", async () => {
  const { connection } = new Page();
  assert.equal((await refusal(connection.ask("rooms"))).code, "disconnected");
  connection.connect();
  Socket.last.opens();
  assert.equal((await refusal(connection.ask("rooms"))).code, "disconnected");
  assert.deepEqual(Socket.last.sent.map(({ type }) => type), ["hello"]);
});

test("A command is not given to a socket that is closing: it would be swallowed", async () => {
  const { connection } = Page.connected();
  const socket = Socket.last;
  const sent = socket.sent.length;
  socket.close();
  await assert.rejects(connection.ask("here", { room: "lobby" }), { code: "disconnected" });
  assert.equal(socket.sent.length, sent);
});

test("A lost connection refuses every command that waits, and tells no other one", async () => {
  const { connection } = Page.connected();
  const answered = connection.ask("rooms");
  const waiting = [connection.ask("rooms"), connection.ask("rooms")];
  Socket.last.hears({ type: "result", id: Socket.last.sent[1].id, value: { rooms: [] } });
  Socket.last.ends();
  assert.deepEqual(await answered, { rooms: [] });
  for (const asked of waiting) {
    const { code, retry } = await refusal(asked);
    assert.deepEqual([code, retry], ["disconnected", true]);
  }
});

test("An answer that comes on a new connection does not answer a command of the old one", async () => {
  const page = Page.connected();
  const old = page.connection.ask("rooms");
  const { id } = Socket.last.sent[1];
  Socket.last.ends();
  page.connection.hurry();
  page.welcomed();
  const asked = page.connection.ask("here");
  assert.notEqual(Socket.last.sent[1].id, id);
  Socket.last.hears({ type: "result", id, value: "of the old one" });
  Socket.last.hears({ type: "result", id: Socket.last.sent[1].id, value: "of the new one" });
  assert.equal((await refusal(old)).code, "disconnected");
  assert.equal(await asked, "of the new one");
});

// Coming back --------------------------------------------------------------------------------------------------

test("A lost connection comes back by itself", () => {
  const page = Page.connected();
  Socket.last.ends();
  assert.equal(page.connection.status, "waiting");
  mock.timers.tick(LONGEST_WAIT_MS);
  page.welcomed();
  assert.deepEqual(page.statuses, ["connecting", "open", "waiting", "connecting", "open"]);
});

test("It was lost when it was last open, however often it fails to come back", () => {
  const { connection } = Page.connected();
  mock.timers.tick(5000);
  Socket.last.ends();
  const lostAt = Date.now();
  for (let n = 0; n < 3; n++) {
    mock.timers.tick(LONGEST_WAIT_MS);
    Socket.last.ends();
  }
  assert.equal(connection.lostAt, lostAt);
});

for (const [chance, waits] of [
  [0, [0, 0, 0, 0, 0, 0, 0, 0]],
  [0.5, [500, 1000, 2000, 4000, 8000, 15000, 15000, 15000]],
  [1, [1000, 2000, 4000, 8000, 16000, LONGEST_WAIT_MS, LONGEST_WAIT_MS, LONGEST_WAIT_MS]],
]) {
  test(`The wait is drawn between nothing and a bound that doubles up to 30 s (chance ${chance})`, () => {
    mock.method(Math, "random", () => chance);
    const { connection } = new Page();
    connection.connect();
    for (const wait of waits) {
      Socket.last.ends(); // also what a refused handshake looks like to a script
      comesBackAfter(wait);
    }
  });
}

test("After a welcome the waits begin small again", () => {
  mock.method(Math, "random", () => 1);
  const page = new Page();
  page.connection.connect();
  for (const wait of [1000, 2000, 4000]) {
    Socket.last.ends();
    comesBackAfter(wait);
  }
  page.welcomed();
  Socket.last.ends();
  comesBackAfter(1000);
});

test("An opened connection that is closed before its welcome does not make the waits small", () => {
  mock.method(Math, "random", () => 1);
  const page = new Page();
  page.connection.connect();
  for (const wait of [1000, 2000, 4000]) {
    Socket.last.opens();
    Socket.last.ends(1013);
    comesBackAfter(wait);
  }
});

test("A server that restarts says how long to wait, once", () => {
  mock.method(Math, "random", () => 1);
  const page = Page.connected();
  Socket.last.hears({ type: "restarting", retry_in_ms: 7777 });
  assert.equal(page.connection.status, "open");
  Socket.last.ends(1012);
  comesBackAfter(7777);
  Socket.last.ends();
  comesBackAfter(2000);
});

test("resume drops the connection and comes back at once", () => {
  const page = Page.connected();
  const first = Socket.last;
  page.connection.resume();
  assert.equal(first.closing, true);
  first.ends(1005);
  comesBackAfter(0);
  assert.deepEqual(page.statuses, ["connecting", "open", "waiting", "connecting"]);
});

for (const code of [4400, 4401, 4999]) {
  test(`Code ${code} ends it for good, with the reason`, () => {
    const page = Page.connected();
    Socket.last.ends(code, "Nobody is signed in.");
    assert.equal(page.connection.status, "ended");
    assert.equal(page.connection.reason, "Nobody is signed in.");
    mock.timers.tick(10 * LONGEST_WAIT_MS);
    happens("online");
    happens("visibilitychange", "document");
    assert.equal(Socket.made.length, 1);
  });
}

for (const code of [1000, 1001, 1006, 1011, 1012, 1013, 4008, 4399]) {
  test(`Code ${code} does not end it`, () => {
    const page = Page.connected();
    Socket.last.ends(code);
    assert.equal(page.connection.status, "waiting");
    mock.timers.tick(LONGEST_WAIT_MS);
    assert.equal(Socket.made.length, 2);
  });
}

test("A network that is back, or a page that is looked at, ends the wait", () => {
  const { connection } = Page.connected();
  Socket.last.ends();
  happens("online");
  assert.equal(connection.status, "connecting");
  Socket.last.ends();
  happens("visibilitychange", "document");
  assert.equal(connection.status, "connecting");
  assert.equal(Socket.made.length, 3);
  mock.timers.tick(LONGEST_WAIT_MS / 2);
  assert.equal(Socket.made.length, 3, "the wait that was ended began another connection");
});

test("A network that is back ends also a try that began before, and makes the waits small again", () => {
  mock.method(Math, "random", () => 1);
  const { connection } = new Page();
  connection.connect();
  for (const wait of [1000, 2000, 4000]) {
    Socket.last.ends();
    comesBackAfter(wait);
  }
  const stuck = Socket.last;
  happens("online");
  assert.equal(stuck.closing, true);
  assert.notEqual(Socket.last, stuck);
  stuck.ends();
  assert.equal(connection.status, "connecting");
  Socket.last.ends();
  comesBackAfter(1000);
});

test("A network that is back makes an open connection prove that it still is, once", () => {
  Page.connected();
  happens("online");
  happens("online");
  assert.equal(probes().length, 1);
  mock.timers.tick(ANSWER_MS + LOOK_EVERY_MS);
  assert.equal(Socket.last.closing, true);
});

test("A page that is hidden does not end the wait", () => {
  const { connection } = Page.connected();
  Socket.last.ends();
  document.visibilityState = "hidden";
  happens("visibilitychange", "document");
  assert.equal(connection.status, "waiting");
});

test("The end of a socket that is not used any more changes nothing", () => {
  const page = Page.connected();
  const old = Socket.last;
  page.connection.drop();
  page.connection.hurry();
  page.welcomed();
  old.ends();
  assert.equal(page.connection.status, "open");
});

// Silence ------------------------------------------------------------------------------------------------------

const probes = (socket = Socket.last) => socket.sent.filter(({ type }) => type === "here");

test("A silent connection is asked whether it still answers, once", () => {
  Page.connected();
  mock.timers.tick(SILENCE_MS);
  assert.deepEqual(probes(), []);
  mock.timers.tick(LOOK_EVERY_MS);
  assert.deepEqual(probes().map(({ room }) => room), ["lobby"]);
  mock.timers.tick(LOOK_EVERY_MS);
  assert.equal(probes().length, 1);
});

test("A connection that is heard is not asked", () => {
  Page.connected();
  for (let n = 0; n < 20; n++) {
    mock.timers.tick(SILENCE_MS / 2);
    Socket.last.hears({ type: "typing", room: "lobby", people: [{ id: "guest-2", name: "Bob" }], others: 0 });
  }
  assert.deepEqual(probes(), []);
});

test("An answer, even a refusal, keeps the connection, and silence is measured from it", () => {
  const { connection } = Page.connected();
  for (let n = 1; n <= 3; n++) {
    mock.timers.tick(SILENCE_MS + LOOK_EVERY_MS);
    assert.equal(probes().length, n);
    const { id } = probes().at(-1);
    Socket.last.hears({ type: "error", id, code: "not_found", words: "No such room.", retry: false });
  }
  assert.equal(connection.status, "open");
  assert.equal(Socket.made.length, 1);
});

test("A dead connection is dropped without waiting for its other side, and comes back", async () => {
  const page = Page.connected();
  const dead = Socket.last;
  const waiting = page.connection.ask("rooms");
  mock.timers.tick(SILENCE_MS + LOOK_EVERY_MS);
  assert.equal(probes(dead).length, 1);
  mock.timers.tick(ANSWER_MS);
  assert.equal(page.connection.status, "open");
  mock.timers.tick(LOOK_EVERY_MS);
  assert.equal(dead.closing, true);
  assert.equal((await refusal(waiting)).code, "disconnected");
  assert.deepEqual(page.statuses.slice(0, 3), ["connecting", "open", "waiting"]);
  mock.timers.tick(LONGEST_WAIT_MS);
  page.welcomed();
  assert.equal(page.connection.status, "open");
});

test("After a sleep, a page that is looked at asks at once", () => {
  Page.connected();
  mock.timers.setTime(Date.now() + 3_600_000);
  happens("visibilitychange", "document");
  assert.equal(probes().length, 1);
});

test("Looking at the page again and again does not keep a dead connection", () => {
  const { connection } = Page.connected();
  mock.timers.tick(SILENCE_MS + LOOK_EVERY_MS);
  for (let n = 0; n <= ANSWER_MS / LOOK_EVERY_MS; n++) {
    happens("visibilitychange", "document");
    mock.timers.tick(LOOK_EVERY_MS);
  }
  assert.notEqual(connection.status, "open");
});

test("A connection that is opened and never welcomed is dropped, and comes back", () => {
  const { connection } = new Page();
  connection.connect();
  const silent = Socket.last;
  silent.opens();
  mock.timers.tick(SILENCE_MS);
  assert.equal(connection.status, "connecting");
  mock.timers.tick(LOOK_EVERY_MS);
  assert.equal(silent.closing, true);
  mock.timers.tick(LONGEST_WAIT_MS);
  assert.equal(Socket.made.length, 2);
});
