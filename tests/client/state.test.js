import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { beginRequest, bootHistory, takeHistory, takeQuote } from "../../src/hubbub/client/reader.js";
import { changedBy, quoteOf } from "../../src/hubbub/client/messages.js";
import { createState, cursors, Room } from "../../src/hubbub/client/state.js";
import {
  ANN,
  annOpensTheLobby,
  BOB,
  CLEO,
  EPOCH,
  event,
  hear,
  message,
  NOW,
  page,
  posted,
  reset,
  room,
  seqs,
  state,
  summary,
  textOf,
} from "./lobby.js";

beforeEach(annOpensTheLobby);

// The beginning ------------------------------------------------------------------------------------------------

test("A new state has the rooms of the page, and the open one even when one is not in it", () => {
  const rooms = [summary({ id: "plans" })];
  const open = summary({ id: "lobby", joined: false });
  assert.deepEqual([...createState({ me: ANN, epoch: EPOCH, rooms, room: open }).rooms.keys()], ["plans", "lobby"]);
  const both = createState({ me: ANN, epoch: EPOCH, rooms, room: summary({ id: "plans", name: "Other" }) });
  assert.deepEqual([...both.rooms.values()].map(({ name }) => name), ["Lobby"]);
});

test("A room begins as its summary says, with nothing loaded", () => {
  const plans = new Room(summary({ id: "plans", head: 4, read: 2, unread: 1, role: "owner" }));
  const { id, name, cursor, loaded, read, unread, role, joined, archived, newAfter } = plans;
  assert.deepEqual(
    { id, name, cursor, loaded, read, unread, role, joined, archived, newAfter },
    {
      id: "plans",
      name: "Lobby",
      cursor: 4,
      loaded: false,
      read: 2,
      unread: 1,
      role: "owner",
      joined: true,
      archived: false,
      newAfter: null,
    },
  );
  assert.equal(plans.last, undefined);
});

test("The page's history sets the cursor: events that it holds are not applied again", () => {
  bootHistory(room, page(12, [message(11), message(12)]));
  assert.equal(room.cursor, 12);
  hear(posted(11, "again"), posted(12, "again"));
  assert.deepEqual([textOf(11), textOf(12)], ["message 11", "message 12"]);
});

test("The cursors for hello are those of the rooms that one is in", () => {
  state.rooms.set("other", new Room(summary({ id: "other", joined: false })));
  hear(posted(11));
  assert.deepEqual(cursors(state), { lobby: 11, plans: 4 });
});

// Events -------------------------------------------------------------------------------------------------------

test("A posted message comes to the end of the loaded ones, once", () => {
  const [first, second] = hear(posted(11), posted(12));
  assert.deepEqual([first.room, first.fresh, second.fresh], [room, true, true]);
  assert.deepEqual(seqs(), [8, 9, 10, 11, 12]);
  assert.deepEqual(room.last, { room: "lobby", seq: 12, at: NOW + 12, author: BOB, text: "message 12" });
});

test("A room was last active when its newest message came; other events do not move it", () => {
  hear(posted(11), event("message.edited", 12, { message: 11, text: "x" }));
  assert.equal(room.lastAt, NOW + 11);
});

test("A duplicate is ignored, even with another text", () => {
  hear(posted(11));
  const before = room.messages;
  assert.deepEqual(hear(posted(11, "other"), posted(9, "other")), [{}, {}]);
  assert.equal(room.messages, before);
  assert.deepEqual([textOf(11), room.cursor], ["message 11", 11]);
});

test("A gap is reported and changes nothing", () => {
  assert.deepEqual(hear(posted(12)), [{ room, gap: true }]);
  assert.deepEqual([room.cursor, seqs()], [10, [8, 9, 10]]);
  assert.deepEqual(hear(posted(11)), [{ room, fresh: true }]);
});

test("Rooms have a sequence each", () => {
  assert.equal(hear({ ...posted(5), room: "plans" })[0].fresh, true);
  assert.equal(hear(posted(11))[0].fresh, true);
  assert.deepEqual(cursors(state), { lobby: 11, plans: 5 });
});

test("Frames of unknown rooms and of unknown types do no harm, and an unknown event moves the cursor", () => {
  assert.deepEqual(hear({ ...posted(1), room: "elsewhere" }, { type: "new-signal" }), [{}, {}]);
  hear({ type: "new-signal", room: "lobby" }, event("message.sung", 11, { message: 9 }));
  assert.equal(room.cursor, 11);
  assert.deepEqual(room.messages.get(9), message(9));
});

test("A message that was deleted before it arrived is a deleted one", () => {
  hear(posted(11, ""));
  assert.equal(room.last.deleted, true);
});

test("A posted message is not added to a stretch that ends earlier", () => {
  takeHistory(room, page(10, [message(3), message(4)], { more_after: true }), "all", beginRequest(room));
  hear(posted(11));
  assert.deepEqual(seqs(), [3, 4]);
  assert.equal(room.cursor, 11);
});

test("A posted message is not added to a room of which nothing is loaded", () => {
  hear({ ...posted(5), room: "plans" });
  assert.equal(state.rooms.get("plans").messages.size, 0);
});

test("A message that changes is another object; the others stay the same", () => {
  const before = [...room.messages.values()];
  hear(event("message.edited", 11, { message: 9, text: "better" }));
  const after = [...room.messages.values()];
  assert.deepEqual(before.map((one, n) => one === after[n]), [true, false, true]);
  assert.equal(before[1].text, "message 9");
});

test("Changes of messages that are not loaded are passed over", () => {
  hear(
    event("message.edited", 11, { message: 2, text: "x" }),
    event("reaction.added", 12, { message: 2, emoji: "👍" }),
  );
  assert.deepEqual([seqs(), room.cursor], [[8, 9, 10], 12]);
});

test("Rooms are renamed and archived by events", () => {
  hear(event("room.renamed", 11, { name: "Hall" }), event("room.archived", 12));
  assert.deepEqual([room.name, room.archived], ["Hall", true]);
});

test("Every event about members says that their list has changed", () => {
  hear(
    event("member.joined", 11, { person: CLEO }),
    event("member.renamed", 12, { person: CLEO }),
    event("member.left", 13, { person: CLEO }),
    posted(14),
  );
  assert.equal(room.memberChanges, 3);
});

// What an event does to a message ------------------------------------------------------------------------------

const full = {
  ...message(9),
  html: "<b>9</b>",
  pinned: true,
  reply_to: 8,
  reactions: [{ emoji: "👍", people: ["guest-1", "guest-2"] }],
};
const { html: _, ...bare } = full;
const CHANGES = {
  "message.edited": [
    { text: "new", at: NOW, html: "<i>new</i>" },
    { ...full, text: "new", html: "<i>new</i>", edited_at: NOW },
  ],
  "message.deleted": [{}, { ...bare, text: "", deleted: true, pinned: false, reactions: [] }],
  "message.pinned": [{}, full],
  "message.unpinned": [{}, { ...full, pinned: false }],
  "reaction.added": [
    { emoji: "🌊", by: CLEO },
    { ...full, reactions: [{ emoji: "🌊", people: ["guest-3"] }, { emoji: "👍", people: ["guest-1", "guest-2"] }] },
  ],
  "reaction.removed": [{ emoji: "👍", by: ANN }, { ...full, reactions: [{ emoji: "👍", people: ["guest-2"] }] }],
  "message.sung": [{}, full],
};

for (const [type, [fields, expected]] of Object.entries(CHANGES)) {
  test(`${type} changes a message as it should, and not the object that it is given`, () => {
    const given = structuredClone(full);
    assert.deepEqual(changedBy(given, { type, ...fields }), expected);
    assert.deepEqual(given, full);
  });
}

test("An edit to plain text takes the old HTML away", () => {
  const edited = changedBy(full, { type: "message.edited", text: "plain", at: NOW });
  assert.deepEqual([edited.text, "html" in edited], ["plain", false]);
});

test("A message without marks can be pinned and reacted to", () => {
  assert.equal(changedBy(message(9), { type: "message.pinned" }).pinned, true);
  const { reactions } = changedBy(message(9), { type: "reaction.added", emoji: "👍", by: BOB });
  assert.deepEqual(reactions, [{ emoji: "👍", people: ["guest-2"] }]);
});

test("Those who chose an emoji stand in the order in which they did, each once; the last one takes it away", () => {
  const after = (one, ...steps) =>
    steps.reduce((now, [what, by]) => changedBy(now, { type: `reaction.${what}`, emoji: "👍", by }), one).reactions;
  const both = [{ emoji: "👍", people: ["guest-2", "guest-1"] }];
  assert.deepEqual(after(message(9), ["added", BOB], ["added", ANN]), both);
  assert.deepEqual(after(message(9), ["added", BOB], ["added", BOB]), [{ emoji: "👍", people: ["guest-2"] }]);
  assert.deepEqual(after(message(9), ["added", BOB], ["removed", BOB]), []);
  assert.deepEqual(after(message(9), ["removed", BOB]), []);
});

// Names and quotes ---------------------------------------------------------------------------------------------

test("A new name stands on old messages, in quotes, and among those who are here", () => {
  hear({ type: "presence", room: "lobby", here: [BOB], gone: [], count: 2 }, posted(11, "yes", ANN, { reply_to: 9 }));
  const bill = { id: BOB.id, name: "Bill" };
  hear(event("member.renamed", 12, { person: bill, by: bill }));
  assert.deepEqual(room.messages.get(9).author, bill);
  assert.deepEqual(room.messages.get(11).author, ANN);
  assert.deepEqual(room.quotes.get(9).author, bill);
  assert.equal(room.here.get(BOB.id), "Bill");
  assert.equal(room.names.get(BOB.id), "Bill");
});

test("A name that changed while its person was out of the room is corrected when they join", () => {
  const bill = { id: BOB.id, name: "Bill" };
  hear(event("member.joined", 11, { person: bill, by: bill }));
  assert.deepEqual(room.messages.get(8).author, bill);
});

test("Whoever posts or reacts has a name in the room", () => {
  hear(posted(11, "hi", CLEO));
  assert.equal(room.names.get(CLEO.id), "Cleo");
  hear(event("reaction.added", 12, { message: 9, emoji: "👍", by: ANN }));
  assert.equal(room.names.get(ANN.id), "Ann");
});

test("A reply to a loaded message quotes it", () => {
  hear(posted(11, "yes", ANN, { reply_to: 9 }));
  assert.equal(room.messages.get(11).reply_to, 9);
  assert.deepEqual(room.quotes.get(9), { seq: 9, author: BOB, text: "message 9", deleted: undefined });
});

test("A quote changes with its message, and is emptied when that is deleted", () => {
  hear(posted(11, "yes", ANN, { reply_to: 9 }));
  hear(event("message.edited", 12, { message: 9, text: "a\n\nb" }));
  assert.equal(room.quotes.get(9).text, "a b");
  hear(event("message.deleted", 13, { message: 9 }));
  assert.deepEqual([room.quotes.get(9).text, room.quotes.get(9).deleted], ["", true]);
  assert.deepEqual([textOf(9), room.messages.get(9).deleted], ["", true]);
});

test("A quote is the beginning of its message, in one line", () => {
  assert.deepEqual(quoteOf(message(1, "a\nb")), { seq: 1, author: BOB, text: "a b", deleted: undefined });
  assert.equal(quoteOf(message(1, "x".repeat(201))).text.length, 200);
});

test("A quote changes even when its message is not loaded", () => {
  const quotes = [{ seq: 2, author: BOB, text: "message 2" }];
  const reply = { ...message(10), reply_to: 2 };
  takeHistory(room, page(10, [reply], { quotes, more_before: true }), "all", beginRequest(room));
  hear(event("message.deleted", 11, { message: 2 }));
  assert.deepEqual([room.quotes.get(2).text, room.quotes.get(2).deleted], ["", true]);
});

test("A quote that was asked for is what its message is by now", () => {
  const events = beginRequest(room);
  hear(event("message.deleted", 11, { message: 2 }));
  takeQuote(room, page(10, [message(2)]), 2, events);
  assert.deepEqual([room.quotes.get(2).text, room.quotes.get(2).deleted], ["", true]);
  assert.equal(room.waiting.size, 0);
});

test("A quote from before a reset is not taken", () => {
  const events = beginRequest(room);
  hear(reset(20));
  takeQuote(room, page(10, [message(2)]), 2, events);
  assert.equal(room.quotes.size, 0);
});

test("What is not the message that was asked for is not its quote", () => {
  takeQuote(room, page(10, [message(3)]), 2, beginRequest(room));
  assert.equal(room.quotes.size, 0);
});

// Order --------------------------------------------------------------------------------------------------------

test("A message that a moderator has removed says why; one that its author deleted does not", () => {
  bootHistory(room, page(12, [message(11), message(12)]));
  hear(event("message.deleted", 13, { message: 11, reason: "spam" }), event("message.deleted", 14, { message: 12 }));
  const [removed, deleted] = [...room.messages.values()];
  assert.deepEqual([removed.deleted, removed.reason, removed.text], [true, "spam", ""]);
  assert.deepEqual([deleted.deleted, deleted.reason], [true, undefined]);
});

test("Messages that the room does not keep are forgotten, and there is nothing before the others", () => {
  bootHistory(room, { ...page(13, [message(11), message(12), message(13)]), more_before: true });
  room.quotes.set(11, quoteOf(message(11)));
  room.unread = 3;
  hear(event("messages.erased", 14, { up_to: 12 }));
  assert.deepEqual(seqs(), [13]);
  assert.equal(room.quotes.size, 0);
  assert.equal(room.moreBefore, false);
  assert.ok(room.unread <= 2);
  assert.equal(room.loaded, true);
});

test("When nothing of what is loaded is kept, the newest are read anew", () => {
  bootHistory(room, { ...page(13, [message(11), message(12)]), more_after: true });
  hear(event("messages.erased", 14, { up_to: 12 }));
  assert.equal(room.loaded, false);
});

test("History that is older than an erasure loses what is not kept", () => {
  room.loaded = false;
  room.cursor = 12;
  const events = beginRequest(room);
  hear(event("messages.erased", 13, { up_to: 11 }));
  takeHistory(room, page(12, [message(11), message(12)]), "all", events);
  assert.deepEqual(seqs(), [12]);
});

test("One is silenced in one room, or everywhere, until it is over", () => {
  state.rooms.set("plans", new Room(summary({ id: "plans", muted_until: 7 })));
  assert.equal(state.rooms.get("plans").mutedUntil, 7);
  hear({ type: "muted", room: "lobby", until: NOW + 5, reason: "" });
  assert.deepEqual([...state.rooms.values()].map((one) => one.mutedUntil), [NOW + 5, 7]);
  hear({ type: "muted", until: NOW + 9, reason: "" });
  assert.deepEqual([...state.rooms.values()].map((one) => one.mutedUntil), [NOW + 9, NOW + 9]);
});
