import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { typingNow } from "../../src/hubbub/client/state.js";
import { ANN, annOpensTheLobby, BOB, CLEO, EPOCH, hear, NOW, posted, room, state, summary } from "./lobby.js";

beforeEach(annOpensTheLobby);

test("Presence says who came, who went and how many are here", () => {
  hear({ type: "presence", room: "lobby", here: [BOB, CLEO], gone: [], count: 3 });
  hear({ type: "presence", room: "lobby", here: [], gone: [BOB.id], count: 2 });
  assert.deepEqual([[...room.here], room.hereCount], [[[CLEO.id, "Cleo"]], 2]);
});

test("When too many came or went to be named, the names that are known are not all", () => {
  room.hereKnown = true;
  hear({ type: "presence", room: "lobby", here: [BOB], gone: [], count: 2 });
  assert.equal(room.hereKnown, true);
  hear({ type: "presence", room: "lobby", here: [], gone: [], count: 301 });
  assert.deepEqual([room.hereKnown, room.hereCount], [false, 301]);
});

test("The place is as the last signal says, and so is the number of accounts that wait", () => {
  const place = { name: "Tea house", joining: "approval", guests: "no" };
  hear({ type: "place", place }, { type: "waiting", count: 2 });
  assert.deepEqual([state.place, state.waiting], [place, 2]);
});

const typing = (people, others = 0) => ({ type: "typing", room: "lobby", people, others });
const typists = (now = NOW) => {
  const { people, others } = typingNow(room, now);
  return [people.map(({ name }) => name), others];
};

test("Who is typing is what the last signal says", () => {
  assert.deepEqual(typists(), [[], 0]);
  hear(typing([BOB]), typing([BOB, CLEO], 3));
  assert.deepEqual(typists(), [["Bob", "Cleo"], 3]);
  hear(typing([]));
  assert.deepEqual(typists(), [[], 0]);
});

test("Whose message has come is not typing any more, before a signal says so", () => {
  hear(typing([BOB, CLEO]), posted(11, "hi", BOB));
  assert.deepEqual(typists(), [["Cleo"], 0]);
});

test("A signal that was lost does not leave somebody typing for ever, nor after a new connection", () => {
  hear(typing([BOB]));
  assert.deepEqual(typists(NOW + 119_999), [["Bob"], 0]);
  assert.deepEqual(typists(NOW + 120_000), [[], 0]);
  hear({ type: "welcome", me: ANN, epoch: EPOCH, rooms: [summary()] });
  assert.deepEqual(typists(), [[], 0]);
});

test("One's own typing is not shown: neither named, from another tab, nor counted", () => {
  hear(typing([ANN, BOB], 2));
  assert.deepEqual(typists(), [["Bob"], 2]);
  room.typedAt = NOW - 5999;
  hear(typing([ANN, BOB], 2));
  assert.deepEqual(typists(), [["Bob"], 2]);
  hear(typing([BOB, CLEO], 2));
  assert.deepEqual(typists(), [["Bob", "Cleo"], 1]);
  hear(typing([], 1));
  assert.deepEqual(typists(), [[], 0]);
  hear(typing([]));
  assert.deepEqual(typists(), [[], 0]);
});

test("One who has posted, or has paused, is not among those who are counted", () => {
  room.typedAt = NOW;
  hear(posted(11, "mine", ANN), typing([], 1));
  assert.deepEqual(typists(), [[], 1]);
  room.typedAt = NOW - 6000;
  hear(typing([], 1));
  assert.deepEqual(typists(), [[], 1]);
});

test("One's own new name is known at once", () => {
  hear({ type: "me", person: { ...ANN, name: "Anna", kind: "guest" } });
  assert.equal(state.me.name, "Anna");
});
