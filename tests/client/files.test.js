import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { addressOf, isPicture, sizeOf, wordsOf } from "../../src/hubbub/client/lib/words.js";
import { Outgoing } from "../../src/hubbub/client/outgoing.js";
import { changedBy, quoteOf } from "../../src/hubbub/client/messages.js";
import { Upload } from "../../src/hubbub/client/uploads.js";
import { annOpensTheLobby, BOB, event, hear, message, posted, room } from "./lobby.js";

const INFO = { id: "a".repeat(32), name: "plan.pdf", type: "application/octet-stream", size: 9 };
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** What the browser sends a file with: the test answers. */
class Request {
  static all = [];
  upload = {};
  open(method, address) {
    Object.assign(this, { method, address });
    Request.all.push(this);
  }
  send(file) {
    this.file = file;
  }
  abort() {
    this.aborted = true;
  }
  answers(status, body) {
    Object.assign(this, { status, responseText: typeof body === "string" ? body : JSON.stringify(body) });
    this.onload();
  }
}

/** @type {Map<string, string>} */
let kept;
let asked;
const page = () =>
  new Outgoing({
    person: "guest-1",
    isOpen: () => true,
    onChange: () => {},
    ask: async (type, fields) => {
      asked.push({ type, ...fields });
      await new Promise(() => {});
    },
  });

beforeEach(() => {
  kept = new Map();
  asked = [];
  Request.all = [];
  const methods = { getItem: (name) => kept.get(name) ?? null, setItem: (name, value) => kept.set(name, value), removeItem: (name) => kept.delete(name) };
  globalThis.localStorage = new Proxy(methods, { ownKeys: () => [...kept.keys()], getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }) });
  globalThis.XMLHttpRequest = Request;
  mock.timers.enable({ apis: ["setTimeout"] });
});
afterEach(() => mock.timers.reset());

const file = (name = "a b.txt", size = 9) => /** @type {File} */ ({ name, size });

test("A file is sent under its name, and tells how far it is", async () => {
  const upload = new Upload("/base", file());
  const changes = mock.fn();
  upload.onChange = changes;
  const [request] = Request.all;
  assert.deepEqual([request.method, request.address], ["POST", "/base/api/files?name=a%20b.txt"]);
  request.upload.onprogress({ loaded: 4 });
  assert.deepEqual(upload.shown, { name: "a b.txt", size: 9, loaded: 4 });
  request.answers(201, INFO);
  await upload.settled;
  assert.deepEqual(upload.shown, INFO);
  assert.equal(changes.mock.callCount(), 2);
});

test("A refusal has the server's words; one that passes is tried again, and so is a server that is not there", async () => {
  const upload = new Upload("", file());
  Request.all[0].onerror();
  mock.timers.tick(3000);
  Request.all[1].answers(503, { retry: true, retry_after_s: 5, words: "Later." });
  mock.timers.tick(5000);
  assert.equal(upload.problem, "");
  Request.all[2].answers(429, { retry: true, retry_after_s: 3600, words: "Tomorrow." });
  await upload.settled;
  assert.equal(upload.problem, "Tomorrow.");
  upload.start();
  Request.all[3].answers(502, "<html>");
  await upload.settled;
  assert.equal(upload.problem, "The server answered with 502.");
});

test("A message with files waits for them, and others do not wait for it", async () => {
  const outgoing = page();
  const upload = new Upload("", file());
  outgoing.add("lobby", "with", undefined, [upload]);
  outgoing.add("lobby", "without");
  await settled();
  assert.deepEqual(asked.map(({ text }) => text), ["without"]);
  outgoing.remove(outgoing.of("lobby")[1].key);
  outgoing.sending.clear();
  Request.all[0].answers(201, INFO);
  await settled();
  assert.deepEqual(asked[1].files, [INFO.id]);
});

test("When one file is refused the message says why, and trying again sends only that one anew", async () => {
  const outgoing = page();
  outgoing.add("lobby", "both", undefined, [new Upload("", file("one")), new Upload("", file("two"))]);
  Request.all[0].answers(201, INFO);
  Request.all[1].answers(422, { retry: false, words: "Damaged." });
  await settled();
  const [item] = outgoing.of("lobby");
  assert.equal(item.problem, "Damaged.");
  assert.deepEqual(asked, []);
  outgoing.retry(item.key);
  assert.equal(Request.all.length, 3);
  Request.all[2].answers(201, { ...INFO, id: "b".repeat(32) });
  await settled();
  assert.deepEqual(asked[0].files, [INFO.id, "b".repeat(32)]);
});

test("Discarding a message ends its uploads", async () => {
  const outgoing = page();
  outgoing.add("lobby", "no", undefined, [new Upload("", file())]);
  outgoing.remove(outgoing.of("lobby")[0].key);
  await settled();
  assert.ok(Request.all[0].aborted);
  assert.deepEqual([asked, outgoing.of("lobby"), kept.size], [[], [], 0]);
});

test("After a reload a message whose files were not there says which are lost", async () => {
  page().add("lobby", "half", undefined, [new Upload("", undefined, INFO), new Upload("", file("film.mp4"))]);
  const [item] = page().of("lobby");
  assert.ok(item.lost);
  assert.match(item.problem, /^“film\.mp4” was not uploaded/);
  await settled();
  assert.deepEqual(asked, []);
});

test("A message may be files alone: it is unread, and not deleted", () => {
  annOpensTheLobby();
  const before = room.unread;
  hear(posted(11, "", BOB, { files: [INFO] }));
  assert.equal(room.unread, before + 1);
  const { deleted, files } = room.last;
  assert.deepEqual([deleted, files], [undefined, [INFO]]);
  hear(posted(12, ""));
  assert.equal(room.last.deleted, true);
});

test("Deleting takes the files away, editing does not", () => {
  const with_ = { ...message(4), files: [INFO] };
  assert.equal(changedBy(with_, event("message.deleted", 9, { message: 4 })).files, undefined);
  assert.deepEqual(changedBy(with_, event("message.edited", 9, { message: 4, text: "x" })).files, [INFO]);
});

test("Where there are no words, the names of the files are said", () => {
  assert.equal(wordsOf({ text: "", files: [INFO, { ...INFO, name: "b" }] }), "plan.pdf, b");
  assert.equal(wordsOf({ text: "hi", files: [INFO] }), "hi");
  assert.equal(quoteOf({ ...message(4), text: "", files: [INFO] }).text, "plan.pdf");
});

test("Sizes and addresses are as the server makes them", () => {
  const sizes = [1, 13, 999_999, 2_000_000, 2_590_000, 25_000_000];
  assert.deepEqual(sizes.map(sizeOf), ["1 byte", "13 bytes", "999 kB", "2 MB", "2.5 MB", "25 MB"]);
  assert.equal(addressOf("/chat", { ...INFO, name: "a b&c.pdf" }), `/chat/api/files/${INFO.id}/a%20b%26c.pdf`);
  assert.ok(isPicture({ ...INFO, type: "image/png", width: 4, height: 3 }));
  assert.ok(!isPicture({ ...INFO, type: "image/png" }));
});
