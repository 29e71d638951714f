/** A page with one connection, whose sockets, clock and browser are the test's. */
import assert from "node:assert/strict";
import { mock } from "node:test";
import { Connection, Refused } from "../../src/hubbub/client/connection.js";
import { Socket } from "./socket.js";

export const ADDRESS = "wss://chat.example/ws";
export const LONGEST_WAIT_MS = 30_000;
export const SILENCE_MS = 25_000;
export const LOOK_EVERY_MS = 5000;
export const ANSWER_MS = 10_000;

/** A page with one connection, and what it was told. */
export class Page {
  frames = [];
  statuses = [];

  constructor() {
    this.connection = new Connection({
      url: ADDRESS,
      hello: () => ({ type: "hello", version: 1, cursors: { lobby: this.frames.length } }),
      room: () => "lobby",
      onFrame: (frame) => this.frames.push({ ...frame, status: this.connection.status }),
      onStatus: () => this.statuses.push(this.connection.status),
    });
  }

  static connected() {
    const page = new Page();
    page.connection.connect();
    page.welcomed();
    return page;
  }

  welcomed() {
    Socket.last.opens();
    Socket.last.hears({ type: "welcome", epoch: "e1", rooms: [] });
  }
}

const listeners = { window: {}, document: {} };
export const happens = (what, target = "window") => listeners[target][what]();

/** Begins anew. */
export function begins() {
  Socket.made = [];
  globalThis.WebSocket = Socket;
  globalThis.addEventListener = (kind, listener) => (listeners.window[kind] = listener);
  globalThis.document = {
    visibilityState: "visible",
    addEventListener: (kind, listener) => (listeners.document[kind] = listener),
  };
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"], now: 1_700_000_000_000 });
}

export function ends() {
  mock.restoreAll();
  mock.timers.reset();
}

/** Fails unless the next connection begins exactly when this time has passed. */
export function comesBackAfter(milliseconds) {
  const before = Socket.made.length;
  if (milliseconds > 0) {
    mock.timers.tick(milliseconds - 1);
    assert.equal(Socket.made.length, before, `it came back before ${milliseconds} ms`);
  }
  mock.timers.tick(1);
  assert.equal(Socket.made.length, before + 1, `it did not come back after ${milliseconds} ms`);
}

export const refusal = async (/** @type {Promise<unknown>} */ promise) => {
  const error = await promise.then(() => assert.fail("it was not refused"), (reason) => reason);
  assert.ok(error instanceof Refused, error);
  return error;
};

export const probes = (socket = Socket.last) => socket.sent.filter(({ type }) => type === "here");
