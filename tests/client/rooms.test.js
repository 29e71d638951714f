import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { atLeast, createState, receive } from "../../src/hubbub/client/state.js";
import { ANN, annOpensTheLobby, BOB, CLEO, EPOCH, event, hear, NOW, room, state, summary } from "./lobby.js";

beforeEach(annOpensTheLobby);

test("A room is as its last change says, and what is left out is not there any more", () => {
  hear(event("room.changed", 11, { kind: "private", topic: "Tea", announcement: true, slow_s: 9 }));
  assert.deepEqual([room.kind, room.topic, room.announcement, room.slowS], ["private", "Tea", true, 9]);
  hear(event("room.changed", 12, { kind: "public", announcement: false, slow_s: 0 }));
  assert.deepEqual([room.kind, room.topic, room.announcement, room.slowS], ["public", "", false, 0]);
});

test("In an announcement room only moderators write", () => {
  assert.equal(room.isOpen, true);
  hear(event("room.changed", 11, { kind: "public", announcement: true, slow_s: 0 }));
  assert.equal(room.isOpen, false);
  hear(event("member.role", 12, { person: BOB, role: "owner" }));
  assert.equal(room.isOpen, false);
  hear(event("member.role", 13, { person: ANN, role: "moderator" }));
  assert.equal(room.isOpen, true);
  hear(event("room.archived", 14));
  assert.equal(room.isOpen, false);
});

for (const [place, given, role] of [
  ["guest", "member", "guest"],
  ["guest", "owner", "owner"],
  ["member", "member", "member"],
  ["moderator", "member", "moderator"],
  ["moderator", "owner", "owner"],
  ["owner", "moderator", "owner"],
]) {
  test(`A ${place} of the place who is made ${given} of a room is its ${role}, as on the server`, () => {
    state.me = { ...ANN, role: place };
    hear(event("member.role", 11, { person: ANN, role: given }));
    assert.equal(room.role, role);
  });
}

test("Roles have an order", () => {
  assert.deepEqual([atLeast("owner", "member"), atLeast("member", "moderator"), atLeast(undefined, "guest")], [true, false, true]);
});

test("A conversation is called as the others in it, also when one of them has another name", () => {
  const talk = summary({ id: "talk", name: "Bob, Cleo", kind: "direct", people: [BOB, CLEO] });
  const mine = createState({ me: ANN, epoch: EPOCH, rooms: [talk] });
  receive(mine, { ...event("member.renamed", 11, { person: { ...CLEO, name: "Cleopatra" } }), room: "talk" }, NOW);
  assert.equal(mine.rooms.get("talk").name, "Bob, Cleopatra");
});

test("Of a private room that one is not in any more nothing stays", () => {
  hear({ type: "left", room: "lobby" });
  assert.equal(room.messages.size, 3); // of a public one it does
  hear({ type: "joined", room: summary({ kind: "private" }) });
  hear({ type: "left", room: "lobby" });
  assert.deepEqual([room.joined, room.messages.size], [false, 0]);
});
