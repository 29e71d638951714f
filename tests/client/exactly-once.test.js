/**
 * Exactly once on the screen: whatever the network and the server's timing do, a page ends with the server's messages,
 * in order, each once, and shows nothing that is not in the log.
 *
 * Each run is a world made from one seed: a log that grows by events of every kind, a server that writes, repeats,
 * resets and answers when it likes, and a page (the real state and the real Reader) that pages through it.
 * To look at one world: SEED=17 node --test tests/client/exactly-once.test.js. To look at more of them: RUNS=10000.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { receive } from "../../src/hubbub/client/state.js";
import { ROOM } from "./log.js";
import { assertIsTheLog, LARGE_EVERY, World } from "./world.js";

const { SEED, RUNS = 300 } = process.env;

/** Lives through a world. Returns what is wrong with it. @returns {Promise<Error | undefined>} */
async function faultOf(seed, receives) {
  const world = new World(seed, receives);
  try {
    await world.live();
    assertIsTheLog(world.page, world.log);
    return undefined;
  } catch (error) {
    const story = world.story.slice(-25).join("\n");
    error.message = `seed ${seed}: ${error.message}\n\nThe last that happened:\n${story}`;
    return error;
  }
}

const seeds = Array.from({ length: Number(RUNS) }, (_, seed) => seed);
const wanted = SEED === undefined ? seeds : [Number(SEED)];

test(`Whatever happens, every message is on the screen exactly once (${wanted.length} worlds)`, async () => {
  for (const seed of wanted) {
    const fault = await faultOf(seed);
    if (fault) throw fault;
  }
});

test("A reply that comes while its room is read anew gets its quote, though that is not loaded", async () => {
  const world = await calmWorld();
  const { log, page } = world;
  page.link.reset();
  await world.hears(1);
  page.link.begin();
  log.post("guest-2", [...log.messages.keys()][0]);
  page.link.writeEvents(1);
  await world.rest();
  assert.equal(page.room.last.seq, log.head);
  assertIsTheLog(page, log);
});

// The checks can fail ------------------------------------------------------------------------------------------

/** A page at rest, at the end of a log of which it has several messages. */
async function calmWorld(receives) {
  const world = new World(LARGE_EVERY - 1, receives);
  await world.rest();
  assertIsTheLog(world.page, world.log);
  return world;
}

/** Whether a page that misses this event shows something else than one that does not. */
const shows = ({ type, message, person }, room) =>
  type === "message.posted" ||
  room.messages.has(message) ||
  (type === "member.renamed" && [...room.messages.values()].some(({ author }) => author.id === person.id));

for (const [what, prepared] of Object.entries({
  post: [],
  edit: [],
  delete: [],
  react: [],
  unreact: ["react", "react", "react"],
  pin: [],
  unpin: ["pin", "pin", "pin"],
  rename: [],
})) {
  test(`The check notices a page that passes over a single event (${what})`, async () => {
    let missed = 0;
    const world = await calmWorld((state, frame, now) => {
      if (frame.seq !== missed) return receive(state, frame, now);
      state.rooms.get(ROOM).cursor = missed;
      return {};
    });
    const { log, page } = world;
    while (!missed) {
      for (const before of prepared) log.happens(before);
      await world.rest();
      assertIsTheLog(page, log);
      const { head } = log;
      log.happens(what);
      if (log.head > head && shows(log.events[head], page.room)) missed = log.head;
    }
    await world.rest();
    assert.equal(page.room.cursor, missed);
    assert.throws(() => assertIsTheLog(page, log), assert.AssertionError);
  });
}

for (const [name, spoil] of Object.entries({
  "is missing in the middle": (rows) => rows.toSpliced(1, 1),
  "is missing at the end": (rows) => rows.slice(0, -1),
  "stands in the wrong place": ([first, ...rows]) => [...rows, first],
  "is not in the log": (rows) => [...rows, { ...rows.at(-1), seq: rows.at(-1).seq + 1000 }],
  "has a text that it never had": (rows) => rows.with(1, { ...rows[1], text: "another" }),
  "has another author": (rows) => rows.with(1, { ...rows[1], author: { id: "guest-9", name: "Eve" } }),
})) {
  test(`The check notices a row that ${name}`, async () => {
    const { log, page } = await calmWorld();
    const rows = spoil([...page.room.messages.values()]);
    page.room.messages = new Map(rows.map((row) => [row.seq, row]));
    assert.throws(() => assertIsTheLog(page, log), assert.AssertionError);
  });
}

const roomOf = (state) => state.rooms.get(ROOM);

for (const [name, receives] of Object.entries({
  "passes over every tenth event": (state, frame, now) => {
    if (frame.seq !== roomOf(state).cursor + 1 || frame.seq % 10) return receive(state, frame, now);
    roomOf(state).cursor = frame.seq;
    return {};
  },
  "does not see gaps": (state, frame, now) => {
    if (frame.seq > roomOf(state).cursor && frame.type !== "reset") roomOf(state).cursor = frame.seq - 1;
    return receive(state, frame, now);
  },
  "does not remember what happens while history is on its way": (state, frame, now) => {
    roomOf(state).waiting.clear();
    return receive(state, frame, now);
  },
  "keeps its rows at a reset": (state, frame, now) => {
    if (frame.type !== "reset") return receive(state, frame, now);
    roomOf(state).cursor = frame.seq;
    return {};
  },
  "does not read a room anew that it has joined again": (state, frame, now) => {
    const { loaded } = roomOf(state);
    const news = receive(state, frame, now);
    if (frame.type === "joined") roomOf(state).loaded = loaded;
    return news;
  },
  "takes history from before it joined": (state, frame, now) => {
    const news = receive(state, frame, now);
    roomOf(state).since = 0;
    return news;
  },
  "does not notice that the log is another one": (state, frame, now) => {
    if (frame.type === "welcome") state.epoch = frame.epoch;
    return receive(state, frame, now);
  },
})) {
  test(`The worlds are rough enough to notice a page that ${name}`, async () => {
    for (const seed of seeds) {
      const fault = await faultOf(seed, receives);
      if (fault instanceof assert.AssertionError) return;
      if (fault) throw fault;
    }
    assert.fail("no world noticed it");
  });
}
