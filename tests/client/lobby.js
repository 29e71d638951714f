/** What Ann's page knows: the lobby, of which messages 8 to 10 are loaded. And the frames that she may hear. */
import { bootHistory } from "../../src/hubbub/client/reader.js";
import { createState, receive } from "../../src/hubbub/client/state.js";

export const ANN = { id: "guest-1", name: "Ann" };
export const BOB = { id: "guest-2", name: "Bob" };
export const CLEO = { id: "guest-3", name: "Cleo" };
export const NOW = 1_700_000_000_000;
export const EPOCH = "e1";

export const summary = (fields = {}) => ({
  id: "lobby",
  name: "Lobby",
  archived: false,
  role: "guest",
  head: 10,
  last_at: NOW,
  joined: true,
  read: 10,
  unread: 0,
  ...fields,
});
export const message = (seq, text = `message ${seq}`, author = BOB) => ({
  room: "lobby",
  seq,
  at: NOW + seq,
  author,
  text,
});
export const posted = (seq, text = `message ${seq}`, by = BOB, more = {}) => ({
  type: "message.posted",
  room: "lobby",
  seq,
  at: NOW + seq,
  by,
  text,
  ...more,
});
export const event = (type, seq, fields = {}) => ({ type, room: "lobby", seq, at: NOW + seq, by: BOB, ...fields });
export const reset = (seq, fields = {}) => ({
  type: "reset",
  room: "lobby",
  seq,
  summary: summary({ head: seq, ...fields }),
});
export const page = (head, messages, more = {}) => ({
  room: "lobby",
  head,
  messages,
  quotes: [],
  more_before: false,
  more_after: false,
  ...more,
});

export let state;
/** @type {import("../../src/hubbub/client/state.js").Room} */
export let room;

/** Begins anew. */
export function annOpensTheLobby() {
  state = createState({ me: ANN, epoch: EPOCH, rooms: [summary(), summary({ id: "plans", name: "Plans", head: 4 })] });
  room = state.rooms.get("lobby");
  bootHistory(room, page(10, [message(8), message(9), message(10)]));
}

export const hear = (...frames) => frames.map((frame) => receive(state, frame, NOW));
export const seqs = () => [...room.messages.keys()];
export const textOf = (seq) => room.messages.get(seq)?.text;
