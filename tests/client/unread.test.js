import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { UNREAD_CAP } from "../../src/hubbub/client/lib/words.js";
import { takeRead } from "../../src/hubbub/client/state.js";
import { ANN, annOpensTheLobby, EPOCH, event, hear, posted, reset, room, seqs, summary } from "./lobby.js";

beforeEach(annOpensTheLobby);

test("Messages of others count as unread, one's own do not", () => {
  hear(posted(11), posted(12, "mine", ANN), posted(13));
  assert.equal(room.unread, 2);
});

test("Events that are replayed up to what the summary counted do not count again", () => {
  hear({ type: "welcome", me: ANN, epoch: EPOCH, rooms: [summary({ head: 12, unread: 2 }), summary({ id: "plans" })] });
  hear(posted(11), posted(12));
  assert.deepEqual([room.unread, seqs()], [2, [8, 9, 10, 11, 12]]);
  hear(posted(13));
  assert.equal(room.unread, 3);
});

test("A message that was deleted before it arrived does not count", () => {
  hear(posted(11, ""));
  assert.equal(room.unread, 0);
});

test("Unread messages are counted up to the cap", () => {
  for (let seq = 11; seq <= 10 + UNREAD_CAP + 5; seq++) hear(posted(seq));
  assert.equal(room.unread, UNREAD_CAP);
});

test("A deleted message that was unread counts no more; one that was read, or is one's own, did not count", () => {
  hear(posted(11), posted(12), posted(13, "mine", ANN));
  hear(event("message.deleted", 14, { message: 12 }));
  assert.equal(room.unread, 1);
  hear(event("message.deleted", 15, { message: 9 }), event("message.deleted", 16, { message: 13, by: ANN }));
  assert.equal(room.unread, 1);
});

test("A deletion that is replayed, and that the summary knew of, is not taken off again", () => {
  hear(posted(11), posted(12));
  hear({ type: "welcome", me: ANN, epoch: EPOCH, rooms: [summary({ head: 13, unread: 1 }), summary({ id: "plans" })] });
  hear(event("message.deleted", 13, { message: 12 }));
  assert.equal(room.unread, 1);
});

test("The deletion of a message that arrived deleted, and did not count, is not taken off", () => {
  hear(posted(11), posted(12, ""), event("message.deleted", 13, { message: 12 }));
  assert.equal(room.unread, 1);
});

test("What is deleted of a hundred or more changes nothing: there may be more", () => {
  for (let seq = 11; seq <= 10 + UNREAD_CAP; seq++) hear(posted(seq));
  hear(event("message.deleted", 11 + UNREAD_CAP, { message: 11 }));
  assert.equal(room.unread, UNREAD_CAP);
});

test("What the same person reads elsewhere is read here too, and only what follows counts", () => {
  hear(posted(11), posted(12));
  hear({ type: "read", room: "lobby", read: 13, unread: 0, head: 13 });
  assert.deepEqual([room.read, room.unread], [13, 0]);
  hear(posted(13));
  assert.equal(room.unread, 0);
  hear(posted(14));
  assert.equal(room.unread, 1);
});

test("A read state that is ahead of the events has counted them", () => {
  takeRead(room, { read: 10, unread: 2, head: 12 });
  hear(posted(11), posted(12));
  assert.equal(room.unread, 2);
  hear(posted(13));
  assert.equal(room.unread, 3);
});

test("A late read state does not put back an old count: what came after it counts on top", () => {
  hear(posted(11), posted(12), posted(13), posted(14, "mine", ANN), event("message.deleted", 15, { message: 13 }));
  takeRead(room, { read: 11, unread: 0, head: 11 });
  assert.deepEqual([room.read, room.unread], [11, 1]);
  takeRead(room, { read: 12, unread: 0, head: 15 });
  assert.deepEqual([room.read, room.unread], [12, 0]);
});

test("A read state that is older than one that is known changes nothing", () => {
  hear(posted(11), posted(12));
  takeRead(room, { read: 12, unread: 0, head: 12 });
  hear({ type: "read", room: "lobby", read: 10, unread: 1, head: 11 });
  assert.deepEqual([room.read, room.unread], [12, 0]);
  takeRead(room, { read: 10, unread: 2, head: 12 }); // un-read meanwhile
  assert.deepEqual([room.read, room.unread], [10, 2]);
});

test("However many came since a read state, they are counted up to the cap, and not kept for ever", () => {
  for (let seq = 11; seq <= 10 + 3 * UNREAD_CAP; seq++) hear(posted(seq));
  assert.equal(room.fresh.length, UNREAD_CAP);
  takeRead(room, { read: 10, unread: 1, head: 11 });
  assert.equal(room.unread, UNREAD_CAP);
});

test("A reset brings the room as it is now", () => {
  hear(posted(11));
  hear(reset(20, { name: "Other", archived: true, read: 15, unread: 4, head: 22 }), posted(21), posted(22));
  const { name, archived, read, unread, loaded, cursor } = room;
  assert.deepEqual([name, archived, read, unread, loaded, cursor], ["Other", true, 15, 4, false, 22]);
  hear(posted(23));
  assert.equal(room.unread, 5);
});
