import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { beginRequest, forgetRequest, ROWS_MAX, takeHistory, trim } from "../../src/hubbub/client/reader.js";
import { cursors, Room } from "../../src/hubbub/client/state.js";
import {
  ANN,
  annOpensTheLobby,
  BOB,
  CLEO,
  EPOCH,
  event,
  hear,
  message,
  page,
  posted, reset,
  room,
  seqs,
  state,
  summary,
  textOf,
} from "./lobby.js";

beforeEach(annOpensTheLobby);

// Coming back --------------------------------------------------------------------------------------------------

const welcome = (rooms, fields = {}) => ({ type: "welcome", me: ANN, epoch: EPOCH, rooms, ...fields });

test("A welcome keeps what is loaded, and the events that were missed follow the cursor", () => {
  hear(welcome([summary({ head: 12, name: "Hall" }), summary({ id: "plans", head: 4 })]));
  assert.deepEqual([room.name, room.cursor, room.loaded, seqs()], ["Hall", 10, true, [8, 9, 10]]);
  assert.equal(hear(posted(11))[0].fresh, true);
});

test("A welcome knows of rooms that were joined and left elsewhere", () => {
  hear(welcome([summary(), summary({ id: "new", head: 3 })]));
  assert.deepEqual(cursors(state), { lobby: 10, new: 3 });
  assert.equal(state.rooms.get("plans").joined, false);
});

test("A room that was joined again meanwhile goes on live, and is read anew", () => {
  hear({ type: "left", room: "lobby" });
  hear(welcome([summary({ head: 20 })]));
  assert.deepEqual([room.joined, room.cursor, room.loaded], [true, 20, false]);
});

test("Nothing of another log stays, in rooms that one is in and in those that one only reads", () => {
  const open = new Room(summary({ id: "open", joined: false }));
  state.rooms.set("open", open);
  takeHistory(open, page(3, [message(3)]), "all", beginRequest(open));
  hear(welcome([summary({ head: 2 })], { epoch: "e2" }));
  assert.deepEqual([room.messages.size, room.loaded, room.cursor], [0, false, 2]);
  assert.deepEqual([open.messages.size, open.loaded], [0, false]);
  assert.equal(state.epoch, "e2");
  assert.equal(hear(posted(3))[0].fresh, true);
});

test("A joined room goes on after its head, and what was loaded of it is read anew", () => {
  hear({ type: "left", room: "lobby" });
  assert.equal(room.joined, false);
  const [{ room: same }] = hear({ type: "joined", room: summary({ head: 15 }) });
  assert.equal(same, room);
  assert.deepEqual([room.joined, room.cursor, room.loaded], [true, 15, false]);
  assert.equal(hear(posted(16))[0].fresh, true);
});

test("A room that is joined for the first time is there", () => {
  const [{ room: fresh }] = hear({ type: "joined", room: summary({ id: "new", head: 2 }) });
  assert.equal(state.rooms.get("new"), fresh);
  assert.deepEqual([fresh.cursor, fresh.loaded, fresh.joined], [2, false, true]);
});

test("A late word that one has joined neither moves the cursor nor the count", () => {
  hear(posted(11));
  for (const head of [10, 15]) hear({ type: "joined", room: summary({ head }) });
  assert.deepEqual([room.cursor, room.unread, room.loaded], [11, 1, true]);
});

test("A reset forgets the messages and goes on after its seq", () => {
  hear(posted(11, "yes", ANN, { reply_to: 9 }), reset(5000));
  assert.deepEqual([room.messages.size, room.quotes.size, room.loaded, room.cursor], [0, 0, false, 5000]);
  assert.equal(hear(posted(5001))[0].fresh, true);
  assert.deepEqual(seqs(), []);
});

// History ------------------------------------------------------------------------------------------------------

test("History in place of what is loaded", () => {
  const history = page(10, [message(3), message(4)], { more_before: true, more_after: true });
  assert.equal(takeHistory(room, history, "all", []), true);
  assert.deepEqual([seqs(), room.moreBefore, room.moreAfter], [[3, 4], true, true]);
});

test("History before what is loaded says only whether there is more before", () => {
  takeHistory(room, page(10, [message(6), message(7)], { more_before: true, more_after: true }), "before", []);
  assert.deepEqual([seqs(), room.moreBefore, room.moreAfter], [[6, 7, 8, 9, 10], true, false]);
});

test("History after what is loaded says only whether there is more after", () => {
  takeHistory(room, page(10, [message(3)], { more_before: true, more_after: true }), "all", []);
  takeHistory(room, page(10, [message(4), message(5)], { more_before: false, more_after: true }), "after", []);
  assert.deepEqual([seqs(), room.moreBefore, room.moreAfter], [[3, 4, 5], true, true]);
});

test("What happens while any history is on its way is applied to it", () => {
  const bill = { id: BOB.id, name: "Bill" };
  for (const where of ["all", "before", "after"]) {
    annOpensTheLobby();
    takeHistory(room, page(10, [message(5)], { more_before: true, more_after: true }), "all", []);
    const events = beginRequest(room);
    hear(
      event("message.edited", 11, { message: 4, text: "edited" }),
      event("message.edited", 12, { message: 6, text: "edited" }),
      event("member.renamed", 13, { person: bill, by: bill }),
      posted(14, "during", ANN),
      event("reaction.added", 15, { message: 14, emoji: "👍" }),
    );
    const arrived = where === "before" ? [message(4)] : where === "after" ? [message(6)] : [message(4), message(6)];
    takeHistory(room, page(10, arrived), where, events);
    for (const { seq, text, author } of room.messages.values()) {
      if ([4, 6].includes(seq)) assert.deepEqual([text, author], ["edited", bill], `${seq}, ${where}`);
    }
    assert.equal(room.messages.has(14), where !== "before", `added to what ends earlier, or not added (${where})`);
    if (where !== "before") assert.deepEqual(room.messages.get(14).reactions, [{ emoji: "👍", people: [BOB.id] }]);
    assert.equal(room.waiting.size, 0);
  }
});

test("What an answer contains already is not applied to it again", () => {
  const events = beginRequest(room);
  hear(
    posted(11),
    event("message.edited", 12, { message: 11, text: "once" }),
    event("message.edited", 13, { message: 11, text: "twice" }),
  );
  const edited = { ...message(11), text: "twice" };
  takeHistory(room, page(13, [message(10), edited]), "all", events);
  assert.deepEqual(seqs(), [10, 11]);
  assert.equal(room.messages.get(11), edited);
});

test("A name that is told by a join while history is on its way is corrected in it", () => {
  const bill = { id: BOB.id, name: "Bill" };
  const events = beginRequest(room);
  hear(event("member.joined", 11, { person: bill, by: bill }));
  takeHistory(room, page(10, [message(6), message(7)]), "before", events);
  assert.deepEqual([...room.messages.values()].map(({ author }) => author.name), Array(5).fill("Bill"));
});

test("An event that was applied to the loaded ones while others were on their way is not applied twice", () => {
  takeHistory(room, page(10, [message(8), message(9), message(10)], { more_before: true }), "all", []);
  const events = beginRequest(room);
  hear(posted(11), event("reaction.added", 12, { message: 11, emoji: "👍" }));
  takeHistory(room, page(10, [message(7)]), "before", events);
  assert.deepEqual(seqs(), [7, 8, 9, 10, 11]);
  assert.deepEqual(room.messages.get(11).reactions, [{ emoji: "👍", people: [BOB.id] }]);
});

test("An answer may be newer than the cursor: no event that follows is added to it out of place", () => {
  const edited = { ...message(14), text: "edited" };
  takeHistory(room, page(15, [message(13), edited], { more_before: true }), "all", beginRequest(room));
  assert.equal(room.cursor, 10);
  hear(posted(11), posted(12), posted(13), posted(14));
  assert.deepEqual([seqs(), textOf(14)], [[13, 14], "edited"]);
  hear(event("message.edited", 15, { message: 14, text: "edited" }), posted(16));
  assert.deepEqual(seqs(), [13, 14, 16]);
});

test("A request that got no answer is forgotten, and others go on", () => {
  const [lost, kept] = [beginRequest(room), beginRequest(room)];
  forgetRequest(room, lost);
  hear(posted(11));
  assert.deepEqual([lost.length, kept.length, room.waiting.size], [0, 1, 1]);
});

test("An answer from before a reset misses events, so it is not taken and must be asked for again", () => {
  const events = beginRequest(room);
  hear(posted(11), reset(20), posted(21));
  assert.equal(takeHistory(room, page(11, [message(11)]), "all", events), false);
  assert.deepEqual([room.loaded, seqs()], [false, []]);
  assert.equal(takeHistory(room, page(20, [message(20)]), "all", events), true);
  assert.deepEqual([room.loaded, seqs()], [true, [20, 21]]);
});

test("An answer from before one joined misses events too", () => {
  hear({ type: "left", room: "lobby" });
  const events = beginRequest(room);
  hear({ type: "joined", room: summary({ head: 15 }) });
  assert.equal(takeHistory(room, page(14, [message(14)]), "all", events), false);
  assert.equal(takeHistory(room, page(15, [message(14), message(15)]), "all", events), true);
});

test("Older messages alone do not make a room loaded whose newer ones must be read anew", () => {
  hear({ type: "left", room: "lobby" }, { type: "joined", room: summary({ head: 15 }) });
  takeHistory(room, page(15, [message(7)]), "before", beginRequest(room));
  assert.equal(room.loaded, false);
});

test("What is read anew has no old quotes", () => {
  hear(posted(11, "yes", ANN, { reply_to: 9 }), { type: "left", room: "lobby" });
  hear({ type: "joined", room: summary({ head: 15 }) });
  takeHistory(room, page(15, [message(14)]), "all", beginRequest(room));
  assert.equal(room.quotes.size, 0);
});

test("In a room that one only reads, the history is the cursor", () => {
  hear({ type: "left", room: "lobby" });
  takeHistory(room, page(14, [message(14)]), "all", beginRequest(room));
  assert.equal(room.cursor, 14);
});

test("Authors of history have names in the room", () => {
  takeHistory(room, page(10, [message(10, "hi", CLEO)]), "all", []);
  assert.equal(room.names.get(CLEO.id), "Cleo");
});

// Keeping it short ---------------------------------------------------------------------------------------------

const many = (from, to) => Array.from({ length: to - from + 1 }, (_, n) => message(from + n));

test("What is too much is dropped at the start, and is more before", () => {
  takeHistory(room, page(ROWS_MAX + 3, many(1, ROWS_MAX + 3)), "all", []);
  trim(room, "start");
  assert.deepEqual([room.messages.size, seqs()[0], room.last.seq], [ROWS_MAX, 4, ROWS_MAX + 3]);
  assert.deepEqual([room.moreBefore, room.moreAfter], [true, false]);
});

test("What is too much is dropped at the end, and is more after: then nothing is added there", () => {
  takeHistory(room, page(10, many(1, ROWS_MAX + 3)), "all", []);
  trim(room, "end");
  assert.deepEqual([room.messages.size, seqs()[0], room.last.seq], [ROWS_MAX, 1, ROWS_MAX]);
  assert.deepEqual([room.moreBefore, room.moreAfter], [false, true]);
  hear(posted(11));
  assert.equal(room.messages.size, ROWS_MAX);
});

test("What is not too much stays", () => {
  takeHistory(room, page(ROWS_MAX, many(1, ROWS_MAX)), "all", []);
  for (const from of ["start", "end"]) trim(room, from);
  assert.deepEqual([room.messages.size, room.moreBefore, room.moreAfter], [ROWS_MAX, false, false]);
});
