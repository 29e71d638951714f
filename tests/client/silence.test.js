import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import {
  ANSWER_MS,
  begins,
  ends,
  happens,
  LONGEST_WAIT_MS,
  LOOK_EVERY_MS,
  Page,
  probes,
  refusal,
  SILENCE_MS,
} from "./connected.js";
import { Socket } from "./socket.js";

beforeEach(begins);
afterEach(ends);

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
