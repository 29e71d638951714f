import assert from "node:assert/strict";
import { test } from "node:test";
import { countOf, dayOf, excerpt, hue, listOf, plural, typingWords } from "../../src/hubbub/client/lib/words.js";

// From Python: [hubbub.web.page.hue(person) for person in …]
const HUES_OF_THE_SERVER = {
  "guest-1763999999999": 4,
  "guest-1700000000000": 8,
  "client-1": 10,
  "client-42": 2,
  "server-hubbub": 6,
  "": 0,
  "ünï": 10,
  "👍": 0,
};

for (const [person, expected] of Object.entries(HUES_OF_THE_SERVER)) {
  test(`The page gives "${person}" the hue that the server gives`, () => assert.equal(hue(person), expected));
}

test("Names are listed as people say them", () => {
  assert.equal(listOf([]), "");
  assert.equal(listOf(["Ann"]), "Ann");
  assert.equal(listOf(["Ann", "Bob"]), "Ann and Bob");
  assert.equal(listOf(["Ann", "Bob", "Cleo"]), "Ann, Bob and Cleo");
  assert.equal(listOf(["Ann", "Bob", "Cleo", "Dan"]), "Ann, Bob and 2 others");
});

test("Exactly one is not plural", () => {
  assert.equal(plural(0, "person", "people"), "0 people");
  assert.equal(plural(1, "person", "people"), "1 person");
  assert.equal(plural(2, "person", "people"), "2 people");
  assert.equal(plural(2, "message"), "2 messages");
});

const typists = (/** @type {string[]} */ ...names) => names.map((name) => ({ id: `guest-${name}`, name }));

test("Who is typing is said in one line, however many they are", () => {
  const words = (/** @type {string[]} */ names, others = 0) => typingWords({ people: typists(...names), others });
  assert.equal(words([]), "");
  assert.equal(words(["Ann"]), "Ann is typing …");
  assert.equal(words(["Ann", "Bob"]), "Ann and Bob are typing …");
  assert.equal(words(["Ann", "Bob", "Cleo"]), "Ann, Bob and Cleo are typing …");
  assert.equal(words(["Ann", "Bob", "Cleo", "Dan"]), "Ann, Bob and 2 others are typing …");
  assert.equal(words(["Ann", "Bob", "Cleo", "Dan"], 40), "Ann, Bob and 42 others are typing …");
  assert.equal(words(["Ann", "Bob"], 1), "Ann, Bob and 1 other are typing …");
  assert.equal(words(["Ann"], 1), "Ann and 1 other are typing …");
});

test("Where nobody is named, those who are typing are counted", () => {
  assert.equal(typingWords({ people: [], others: 1 }), "1 person is typing …");
  assert.equal(typingWords({ people: [], others: 12 }), "12 people are typing …");
});

test("What the server stops counting at is shown as 99+", () => {
  assert.equal(countOf(0), "0");
  assert.equal(countOf(99), "99");
  assert.equal(countOf(100), "99+");
});

const at = (/** @type {[number, number, number, number?, number?]} */ ...parts) => new Date(...parts).getTime();

test("Two times of one local day are today, even at its ends", () => {
  assert.equal(dayOf(at(2025, 4, 7, 0, 0), at(2025, 4, 7, 23, 59)), "Today");
});

test("A minute before midnight is yesterday, also across a month and a year", () => {
  assert.equal(dayOf(at(2025, 4, 6, 23, 59), at(2025, 4, 7, 0, 1)), "Yesterday");
  assert.equal(dayOf(at(2025, 1, 28, 12), at(2025, 2, 1, 12)), "Yesterday");
  assert.equal(dayOf(at(2024, 11, 31, 12), at(2025, 0, 1, 12)), "Yesterday");
});

test("Older days, and days to come, are written out with their year", () => {
  const now = at(2025, 4, 7, 12);
  for (const other of [at(2025, 4, 5, 12), at(2024, 4, 7, 12), at(2025, 4, 8, 12)]) {
    const words = dayOf(other, now);
    assert.ok(!["Today", "Yesterday"].includes(words), words);
    assert.match(words, new RegExp(String(new Date(other).getFullYear())));
  }
});

test("An excerpt is one line of at most 200 characters, whole ones", () => {
  assert.equal(excerpt("  one\n\n two\t three "), "one two three");
  assert.equal(excerpt("x".repeat(200)), "x".repeat(200));
  assert.equal(excerpt("x".repeat(201)), `${"x".repeat(199)}…`);
  assert.equal(excerpt("👍".repeat(201)), `${"👍".repeat(199)}…`);
  assert.equal(excerpt(`${"x".repeat(198)} yy`), `${"x".repeat(198)}…`);
  assert.equal(excerpt(""), "");
});
