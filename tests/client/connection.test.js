import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import {
  ADDRESS,
  ANSWER_MS,
  begins,
  comesBackAfter,
  ends,
  happens,
  LONGEST_WAIT_MS,
  LOOK_EVERY_MS,
  Page,
  probes,
  refusal,
} from "./connected.js";
import { Socket } from "./socket.js";

beforeEach(begins);
afterEach(ends);

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
    assert.equal(page.connection.signedOut, code === 4401);
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
