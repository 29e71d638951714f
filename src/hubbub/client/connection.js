// @ts-check
/**
 * The connection: one WebSocket that comes back by itself, and commands that are answered.
 *
 * Its `status` is the truth that the page shows: "open" only between a welcome and a close.
 */

const FIRST_WAIT_MAX_MS = 1000;
const LONGEST_WAIT_MS = 30_000;
const SILENCE_MS = 25_000;
const ANSWER_MS = 10_000;
const GIVE_UP_FROM = 4400;
const SIGN_IN_NEEDED = 4401;

/** Why a command has no result. */
export class Refused extends Error {
  /** @param {{code: string, words: string, retry: boolean, retry_after_s?: number}} problem */
  constructor(problem) {
    super(problem.words);
    this.code = problem.code;
    this.retry = problem.retry;
    this.retryAfterMs = (problem.retry_after_s ?? 1) * 1000;
  }
}

const lost = () => new Refused({ code: "disconnected", words: "The connection was lost.", retry: true });

export class Connection {
  /**
   * @param {{url: string, hello: () => object, onFrame: (frame: any) => void, onStatus: () => void,
   *   room: () => string}} options `room`: any room, for asking whether the server still answers
   */
  constructor(options) {
    this.options = options;
    /** @type {"waiting" | "connecting" | "open" | "ended"} */
    this.status = "waiting";
    /** Why it ended for good. */
    this.reason = "";
    this.signedOut = false;
    this.lostAt = Date.now();
    this.attempt = 0;
    this.nextId = 1;
    /** @type {Map<number, {resolve: (value: any) => void, reject: (error: Refused) => void}>} */
    this.answers = new Map();
    /** @type {WebSocket | null} */
    this.socket = null;
    /** @type {number | undefined} */
    this.timer = undefined;
    this.heardAt = 0;
    this.resumedAt = -Infinity;
    this.askedAt = 0;
    /** @type {number | null} */
    this.toldWait = null;
    addEventListener("online", () => this.networkIsBack());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.hurry());
    setInterval(() => this.listenForSilence(), 5000);
  }

  connect() {
    clearTimeout(this.timer);
    this.socket?.close(); // one that began on a network that is gone
    this.heardAt = Date.now();
    this.become("connecting");
    const socket = (this.socket = new WebSocket(this.options.url));
    socket.onopen = () => socket.send(JSON.stringify(this.options.hello()));
    socket.onmessage = ({ data }) => this.take(JSON.parse(data));
    socket.onclose = ({ code, reason }) => socket === this.socket && this.closed(code, reason);
  }

  /**
   * Sends a command. Resolves with the result's value, rejects with Refused.
   * @param {string} type @param {object} [fields] @returns {Promise<any>}
   */
  ask(type, fields = {}) {
    const { status, socket } = this;
    if (status !== "open" || socket?.readyState !== WebSocket.OPEN) return Promise.reject(lost()); // it may be closing
    const id = this.nextId++;
    socket.send(JSON.stringify({ type, id, ...fields }));
    return new Promise((resolve, reject) => this.answers.set(id, { resolve, reject }));
  }

  /** Drops the connection and comes back at once: the cursors bring what is missing. */
  resume() {
    const often = Date.now() - this.resumedAt < SILENCE_MS; // a server that goes on leaving gaps must not be stormed
    this.resumedAt = Date.now();
    if (!often) {
      this.attempt = 0;
      this.toldWait = 0;
    }
    this.socket?.close();
  }

  /** Does not wait any longer, if it was waiting. */
  hurry() {
    if (this.status === "waiting") this.connect();
    else if (this.status === "open" && !this.askedAt && Date.now() - this.heardAt > SILENCE_MS) this.probe();
  }

  /** What was begun, or opened, on the network before may be dead. */
  networkIsBack() {
    this.attempt = 0;
    if (this.status === "connecting") this.connect();
    else if (this.status === "open" && !this.askedAt) this.probe();
    else this.hurry();
  }

  /** @param {any} frame */
  take(frame) {
    this.heardAt = Date.now();
    this.askedAt = 0;
    if (frame.type === "result" || frame.type === "error") {
      const answer = this.answers.get(frame.id);
      this.answers.delete(frame.id);
      if (frame.type === "result") answer?.resolve(frame.value);
      else answer?.reject(new Refused(frame));
      return;
    }
    if (frame.type === "restarting") this.toldWait = frame.retry_in_ms;
    this.options.onFrame(frame);
    if (frame.type === "welcome") {
      this.attempt = 0;
      this.become("open");
    }
  }

  /** @param {number} code @param {string} reason */
  closed(code, reason) {
    this.socket = null;
    for (const answer of this.answers.values()) answer.reject(lost());
    this.answers.clear();
    if (this.status === "open") this.lostAt = Date.now();
    if (code >= GIVE_UP_FROM && code < 5000) {
      this.reason = reason;
      this.signedOut = code === SIGN_IN_NEEDED;
      this.become("ended");
      return;
    }
    // Full jitter: everybody comes back at another time, also when a server refuses with a Retry-After, which a
    // browser does not show to a script.
    const bound = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MAX_MS * 2 ** this.attempt);
    const wait = this.toldWait ?? Math.random() * bound;
    this.toldWait = null;
    this.attempt += 1;
    this.become("waiting");
    this.timer = setTimeout(() => this.connect(), wait);
  }

  listenForSilence() {
    const now = Date.now();
    if (this.status === "connecting" && now - this.heardAt > SILENCE_MS) this.drop(); // nobody says welcome
    if (this.status !== "open") return;
    if (this.askedAt && now - this.askedAt > ANSWER_MS) this.drop();
    else if (!this.askedAt && now - this.heardAt > SILENCE_MS) this.probe();
  }

  /** Asks something cheap: a dead connection gives no answer. */
  probe() {
    this.askedAt = Date.now();
    this.ask("here", { room: this.options.room(), limit: 0 }).catch(() => {});
  }

  /** Closes without waiting for the other side, which is not there. */
  drop() {
    const socket = this.socket;
    this.askedAt = 0;
    this.closed(1006, "");
    socket?.close();
  }

  /** @param {Connection["status"]} status */
  become(status) {
    if (status === this.status) return;
    this.status = status;
    this.options.onStatus();
  }
}
