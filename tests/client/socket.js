/** A WebSocket whose other side is the test. As in a browser, a socket that is closing hears nothing any more. */
export class Socket {
  static OPEN = 1;
  static made = [];
  sent = [];
  closing = false;

  constructor(url) {
    this.url = url;
    Socket.made.push(this);
  }

  static get last() {
    return Socket.made.at(-1);
  }

  get readyState() {
    return this.closing ? 2 : Socket.OPEN;
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close() {
    this.closing = true;
  }

  opens() {
    this.onopen();
  }

  hears(frame) {
    if (!this.closing) this.onmessage({ data: JSON.stringify(frame) });
  }

  ends(code = 1006, reason = "") {
    this.closing = true;
    this.onclose({ code, reason });
  }
}
